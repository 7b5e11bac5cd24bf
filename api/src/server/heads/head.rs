//! One complete head: whether it says one thing only.

use crate::server::refusal::Refusal;
use axum::http::Uri;

/// hyper takes as many.
const MAX_HEADERS: usize = 100;

/// How the body's end is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    None,
    Length(u64),
    Chunked,
}

/// Whether a head may begin like this.
pub(super) fn begin(part: &[u8]) -> Result<(), Refusal> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    match httparse::Request::new(&mut headers).parse(part) {
        Ok(_) => Ok(()),
        Err(httparse::Error::TooManyHeaders) => Err(Refusal::HeadTooLarge),
        Err(_) => Err(Refusal::Unreadable),
    }
}

/// Reads a head that has its end.
pub(super) fn read(head: &[u8]) -> Result<Framing, Refusal> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(head) {
        Ok(httparse::Status::Complete(_)) => {}
        Err(httparse::Error::TooManyHeaders) => return Err(Refusal::HeadTooLarge),
        Ok(httparse::Status::Partial) | Err(_) => return Err(Refusal::Unreadable),
    }
    if request.path.is_none_or(|target| target.parse::<Uri>().is_err()) {
        return Err(Refusal::Unreadable);
    }
    let is_1_0 = request.version == Some(0);
    let named = |name: &'static str| {
        let of_name = request.headers.iter().filter(move |header| header.name.eq_ignore_ascii_case(name));
        of_name.map(|header| header.value.trim_ascii())
    };
    match named("host").count() {
        1 => {}
        0 if is_1_0 => {}
        _ => return Err(Refusal::Host),
    }
    let mut codings = named("transfer-encoding");
    let mut lengths = named("content-length");
    match (codings.next(), lengths.next()) {
        (None, None) => Ok(Framing::None),
        (Some(coding), None)
            if !is_1_0 && coding.eq_ignore_ascii_case(b"chunked") && codings.next().is_none() =>
        {
            Ok(Framing::Chunked)
        }
        (None, Some(length)) if lengths.all(|other| other == length) => {
            length_of(length).map(Framing::Length).ok_or(Refusal::Length)
        }
        _ => Err(Refusal::Length),
    }
}

fn length_of(value: &[u8]) -> Option<u64> {
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    digits.then(|| std::str::from_utf8(value).ok()?.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &str) -> Result<Framing, Refusal> {
        read(format!("POST /x HTTP/1.1\r\n{lines}\r\n").as_bytes())
    }

    #[test]
    fn a_request_names_its_host_once() {
        assert_eq!(of("Host: a\r\n"), Ok(Framing::None));
        assert_eq!(of("host:\r\n"), Ok(Framing::None));
        assert_eq!(of(""), Err(Refusal::Host));
        assert_eq!(of("Host: a\r\nHost: a\r\n"), Err(Refusal::Host));
        assert_eq!(read(b"GET / HTTP/1.0\r\n\r\n"), Ok(Framing::None));
        assert_eq!(read(b"GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"), Err(Refusal::Host));
    }

    #[test]
    fn a_body_has_one_end() {
        assert_eq!(of("Host: a\r\nContent-Length: 12\r\n"), Ok(Framing::Length(12)));
        assert_eq!(of("Host: a\r\nContent-Length: 12\r\nContent-Length: 12\r\n"), Ok(Framing::Length(12)));
        assert_eq!(of("Host: a\r\nTransfer-Encoding: Chunked\r\n"), Ok(Framing::Chunked));
        for two_ends in [
            "Content-Length: 12\r\nContent-Length: 13\r\n",
            "Content-Length: 12\r\nTransfer-Encoding: chunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length: +12\r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Content-Length:\r\n",
        ] {
            assert_eq!(of(&format!("Host: a\r\n{two_ends}")), Err(Refusal::Length), "{two_ends}");
        }
        let old = b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(read(old), Err(Refusal::Length));
    }

    #[test]
    fn what_is_no_request_is_unreadable() {
        for unreadable in [
            "GET\r\n\r\n",
            "GET / HTTP/9\r\n\r\n",
            "\u{1}\r\n\r\n",
            "GET /a\u{7f}b{} HTTP/1.1\r\nHost: a\r\n\r\n",
        ] {
            assert_eq!(read(unreadable.as_bytes()), Err(Refusal::Unreadable), "{unreadable:?}");
        }
    }

    #[test]
    fn headers_are_bounded() {
        let many = "X: 1\r\n".repeat(MAX_HEADERS);
        assert_eq!(of(&format!("Host: a\r\n{many}")), Err(Refusal::HeadTooLarge));
    }
}
