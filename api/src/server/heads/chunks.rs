//! Following a chunked body to its end (RFC 9112, 7.1).

/// Where in a chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// In a line that begins with a chunk's size: what was read of it, and whether only an extension follows.
    Size {
        size: Option<u64>,
        in_extension: bool,
    },
    Data(u64),
    /// After a chunk's data, in the end of the line.
    DataEnd,
    /// In a line of the trailer, of so many bytes so far.
    Trailer(usize),
    End,
}

/// A chunked body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunks {
    at: At,
    last: u8,
}

impl Default for Chunks {
    fn default() -> Self {
        Self { at: At::Size { size: None, in_extension: false }, last: 0 }
    }
}

/// What is no chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl Chunks {
    pub(super) fn have_ended(&self) -> bool {
        self.at == At::End
    }

    /// Takes bytes up to the body's end; how many were its own.
    pub(super) fn see(&mut self, bytes: &[u8]) -> Result<usize, Malformed> {
        let mut taken = 0;
        while let (Some(byte), false) = (bytes.get(taken), self.have_ended()) {
            if let At::Data(left) = &mut self.at {
                let here =
                    bytes.len().saturating_sub(taken).min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left = left.saturating_sub(here.try_into().unwrap_or(u64::MAX));
                taken = taken.saturating_add(here);
                if *left == 0 {
                    self.at = At::DataEnd;
                }
                continue;
            }
            self.at = self.after(*byte)?;
            self.last = *byte;
            taken = taken.saturating_add(1);
        }
        Ok(taken)
    }

    fn after(&self, byte: u8) -> Result<At, Malformed> {
        let ends_line = byte == b'\n' && self.last == b'\r';
        if byte == b'\n' && !ends_line {
            return Err(Malformed);
        }
        Ok(match self.at {
            At::Size { size: Some(0), .. } if ends_line => At::Trailer(0),
            At::Size { size: Some(size), .. } if ends_line => At::Data(size),
            At::Size { size: None, .. } if ends_line => return Err(Malformed),
            At::Size { size, in_extension: true } => At::Size { size, in_extension: true },
            At::Size { size, in_extension: false } => match char::from(byte).to_digit(16) {
                Some(digit) => {
                    let size =
                        size.unwrap_or(0).checked_mul(16).and_then(|size| size.checked_add(digit.into()));
                    At::Size { size: Some(size.ok_or(Malformed)?), in_extension: false }
                }
                None => At::Size { size, in_extension: true },
            },
            At::DataEnd if ends_line => At::Size { size: None, in_extension: false },
            At::DataEnd if byte == b'\r' => At::DataEnd,
            At::DataEnd => return Err(Malformed),
            At::Trailer(0 | 1) if ends_line => At::End,
            At::Trailer(_) if ends_line => At::Trailer(0),
            At::Trailer(length) => At::Trailer(length.saturating_add(1)),
            At::Data(_) | At::End => self.at,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(bytes: &str) -> Result<Option<usize>, Malformed> {
        let mut chunks = Chunks::default();
        let taken = chunks.see(bytes.as_bytes())?;
        Ok(chunks.have_ended().then_some(taken))
    }

    #[test]
    fn a_body_ends_after_its_trailer() {
        assert_eq!(own("0\r\n\r\nGET"), Ok(Some(5)));
        assert_eq!(own("5;name=value\r\nab\r\nc\r\nA\r\n0123456789\r\n00\r\nX: y\r\n\r\nG"), Ok(Some(48)));
        assert_eq!(own("5\r\nabcde\r\n0\r\nX: y\r\n"), Ok(None));
    }

    #[test]
    fn what_is_no_chunk_is_malformed() {
        for bytes in ["\r\n", "5\nabcde", "5\r\nabcdef\r\n", "fffffffffffffffff\r\n"] {
            assert_eq!(own(bytes), Err(Malformed), "{bytes:?}");
        }
    }
}
