//! Watches the bytes of a connection for heads of HTTP/1 requests, and refuses those that two servers in a row could
//! read as different requests (RFC 9112, 2.2, 3.2 and 6.3): a bare line feed, no or several `Host`, two lengths.
//!
//! hyper reads the requests; nothing is held back from it but what is refused. Watching has to follow where a body ends,
//! since the next head begins there.

mod chunks;
mod head;

use super::refusal::Refusal;
use chunks::Chunks;
use head::Framing;

/// What an HTTP/2 client sends first (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The longest head. The longest that a browser or a proxy sends without being told to is 16 KiB.
pub(super) const MAX_HEAD: usize = 32 * 1024;

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// In a request's head, or before the first.
    Head,
    /// Between two requests, or in a body.
    Elsewhere,
    /// HTTP/2 has frames, of which hyper takes care.
    Http2,
}

/// The watch on one connection.
pub(super) struct Heads {
    state: State,
    /// Of the head that is coming.
    head: Vec<u8>,
    /// How often a part of it was read.
    looks: usize,
}

/// hyper reads a head when its first bytes are there and when it is whole, and answers by itself what it finds wrong: so
/// its first parts are looked at here before.
const LOOKS: usize = 8;

enum State {
    /// Too few bytes to tell which version it is.
    Unknown,
    Http2,
    Head,
    Body(u64),
    Chunked(Chunks),
    /// hyper will find the same fault and close.
    Lost,
}

impl Heads {
    pub(super) fn new() -> Self {
        Self { state: State::Unknown, head: Vec::new(), looks: 0 }
    }

    /// Where the connection stands.
    pub(super) fn at(&self) -> At {
        match self.state {
            State::Http2 => At::Http2,
            State::Unknown => At::Head,
            State::Head if !self.head.is_empty() => At::Head,
            State::Head | State::Body(_) | State::Chunked(_) | State::Lost => At::Elsewhere,
        }
    }

    /// Takes the next bytes.
    pub(super) fn see(&mut self, mut bytes: &[u8]) -> Result<(), Refusal> {
        while !bytes.is_empty() {
            bytes = self.step(bytes)?;
        }
        Ok(())
    }

    /// Takes some of the bytes; what is left is the next step's.
    fn step<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], Refusal> {
        let rest = |taken: usize| bytes.get(taken..).unwrap_or_default();
        match &mut self.state {
            State::Http2 | State::Lost => Ok(&[]),
            State::Unknown => {
                let missing = PREFACE.len().saturating_sub(self.head.len());
                let taken = bytes.len().min(missing);
                let mut seen = self.head.clone();
                seen.extend_from_slice(bytes.get(..taken).unwrap_or_default());
                if !PREFACE.starts_with(&seen) {
                    // What was seen so far is the beginning of a head.
                    self.state = State::Head;
                    let before = std::mem::take(&mut self.head);
                    self.see(&before)?;
                    return Ok(bytes);
                }
                self.head = seen;
                if self.head.len() == PREFACE.len() {
                    (self.state, self.head) = (State::Http2, Vec::new());
                }
                Ok(rest(taken))
            }
            State::Head => {
                let end = self.extend(bytes)?;
                let Some(taken) = end else {
                    self.looks = self.looks.saturating_add(1);
                    return if self.looks <= LOOKS {
                        head::begin(&self.head).map(|()| &[][..])
                    } else {
                        Ok(&[])
                    };
                };
                self.looks = 0;
                self.state = match head::read(&self.head)? {
                    Framing::None => State::Head,
                    Framing::Length(length) => State::Body(length),
                    Framing::Chunked => State::Chunked(Chunks::default()),
                };
                self.head = Vec::new();
                Ok(rest(taken))
            }
            State::Body(left) => {
                let taken = bytes.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left = left.saturating_sub(taken.try_into().unwrap_or(u64::MAX));
                if *left == 0 {
                    self.state = State::Head;
                }
                Ok(rest(taken))
            }
            State::Chunked(chunks) => {
                let Ok(taken) = chunks.see(bytes) else {
                    self.state = State::Lost;
                    return Ok(&[]);
                };
                if chunks.have_ended() {
                    self.state = State::Head;
                }
                Ok(rest(taken))
            }
        }
    }

    /// Adds to the head, up to its end; tells how many bytes were the head's when it has ended.
    fn extend(&mut self, bytes: &[u8]) -> Result<Option<usize>, Refusal> {
        for (at, byte) in bytes.iter().enumerate() {
            // Empty lines before a request are to be ignored (RFC 9112, 2.2).
            if self.head.is_empty() && (*byte == b'\r' || *byte == b'\n') {
                continue;
            }
            if *byte == b'\n' && self.head.last() != Some(&b'\r') {
                return Err(Refusal::BareLineFeed);
            }
            self.head.push(*byte);
            if self.head.ends_with(b"\r\n\r\n") {
                return Ok(Some(at.saturating_add(1)));
            }
            if self.head.len() >= MAX_HEAD {
                let in_first_line = !self.head.contains(&b'\n');
                return Err(if in_first_line { Refusal::UriTooLong } else { Refusal::HeadTooLarge });
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";

    fn refusal(bytes: &str) -> Option<Refusal> {
        let mut whole = Heads::new();
        let seen = whole.see(bytes.as_bytes()).err();
        let mut bit_by_bit = Heads::new();
        let by_bytes = bytes.as_bytes().chunks(1).find_map(|byte| bit_by_bit.see(byte).err());
        assert_eq!(seen, by_bytes, "{bytes:?}");
        seen
    }

    #[test]
    fn heads_are_watched_wherever_they_begin() {
        let bad = "GET /b HTTP/1.1\nHost: a\r\n\r\n";
        for before in [
            String::new(),
            "\r\n".to_owned(),
            PLAIN.to_owned(),
            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab\ncd".to_owned(),
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\na\nb\r\n0\r\nT: x\r\n\r\n"
                .to_owned(),
        ] {
            assert_eq!(refusal(&format!("{before}{PLAIN}")), None, "{before:?}");
            assert_eq!(refusal(&format!("{before}{bad}")), Some(Refusal::BareLineFeed), "{before:?}");
        }
    }

    #[test]
    fn http_2_is_left_alone() {
        let mut heads = Heads::new();
        let (first, last) = PREFACE.split_at(10);
        heads.see(first).unwrap();
        assert_eq!(heads.at(), At::Head);
        heads.see(last).unwrap();
        heads.see(b"\n\n\n").unwrap();
        assert_eq!(heads.at(), At::Http2);
        assert_eq!(refusal("PRI * HTTP/1.1\r\n\r\n"), Some(Refusal::Host));
    }

    #[test]
    fn a_head_without_end_is_refused() {
        let long = "x".repeat(MAX_HEAD);
        assert_eq!(refusal(&format!("GET /{long}")), Some(Refusal::UriTooLong));
        assert_eq!(refusal(&format!("GET / HTTP/1.1\r\nHost: a\r\nX: {long}")), Some(Refusal::HeadTooLarge));
    }
}
