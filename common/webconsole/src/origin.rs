//! Whether a form was sent from a page of ours.

use axum::http::{HeaderMap, HeaderName, Uri, header};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The host by which the client reaches us.
pub(crate) fn host<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    // HTTP/2 has it in the URI, HTTP/1 in a header.
    let authority = uri.authority().map(axum::http::uri::Authority::as_str);
    authority.or_else(|| headers.get(header::HOST).and_then(|host| host.to_str().ok()))
}

/// Whether the browser says that the request comes from a page of this host, over the same scheme. One that says nothing of it
/// is no browser of this decade, and not let in.
pub(crate) fn is_ours(headers: &HeaderMap, host: Option<&str>, secure: bool) -> bool {
    let Some(host) = host else { return false };
    match headers.get(header::ORIGIN) {
        Some(origin) => {
            let scheme = if secure { "https://" } else { "http://" };
            let of = origin.to_str().ok().and_then(|origin| origin.strip_prefix(scheme));
            of.is_some_and(|of| of.eq_ignore_ascii_case(host))
        }
        None => headers.get(FETCH_SITE).is_some_and(|site| site == "same-origin"),
    }
}

/// Whether the browser followed a link of another site, with which it does not send our cookie.
pub(crate) fn is_from_another_site(headers: &HeaderMap) -> bool {
    headers.get(FETCH_SITE).is_some_and(|site| site == "cross-site" || site == "same-site")
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn with(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn only_our_own_origin_is_ours() {
        let ours =
            |origin, secure| is_ours(&with(header::ORIGIN, origin), Some("console.example.com"), secure);
        assert!(ours("https://console.example.com", true));
        assert!(ours("https://CONSOLE.example.com", true));
        assert!(!ours("http://console.example.com", true));
        assert!(!ours("https://console.example.com.evil.test", true));
        assert!(!ours("https://evil.test", true));
        assert!(!ours("https://console.example.com:8443", true));
        assert!(!ours("null", true));
        assert!(!ours("", true));
        let host = Some("localhost:8080");
        assert!(is_ours(&with(header::ORIGIN, "http://localhost:8080"), host, false));
        assert!(is_ours(&with(FETCH_SITE, "same-origin"), host, false));
        assert!(!is_ours(&with(FETCH_SITE, "same-site"), host, false));
        assert!(!is_ours(&HeaderMap::new(), host, false));
        assert!(!is_ours(&with(FETCH_SITE, "same-origin"), None, false));
    }
}
