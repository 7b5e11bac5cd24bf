//! Who follows a link: a person's browser, or a program that only looks where it leads (SEMANTICS 5, ADR 24).
//!
//! By what a request says of itself; one that lies is counted. A wrong "program" costs an affiliate a
//! click and a wrong "person" only a number, as what is bought is bound by the click's id: so a browser
//! that looks like one is a person, whatever else it may be.

mod agent;

use axum::http::{HeaderMap, HeaderName, Method, header};

/// What browsers say that fetch ahead, or only for a picture of the page.
const PURPOSES: [HeaderName; 4] = [
    HeaderName::from_static("sec-purpose"),
    HeaderName::from_static("purpose"),
    HeaderName::from_static("x-purpose"),
    HeaderName::from_static("x-moz"),
];
const AHEAD: [&str; 3] = ["prefetch", "preview", "prerender"];

/// How a browser fetches: a person who follows a link navigates; pictures, scripts and `fetch` do not.
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// Whether a request is a visit that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visitor {
    /// A person, as far as one can tell.
    Person,
    /// A crawler, a preview, a scanner, an HTTP library, a browser that fetches ahead, or a `HEAD`: it is
    /// shown the way, uncounted.
    Program,
}

impl Visitor {
    /// Tells them apart.
    pub(super) fn of(method: &Method, headers: &HeaderMap) -> Self {
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let fetches_ahead = PURPOSES.iter().filter_map(text).any(|purpose| {
            let purpose = purpose.to_ascii_lowercase();
            AHEAD.iter().any(|word| purpose.contains(word))
        });
        let navigates = text(&FETCH_MODE).is_none_or(|mode| mode.eq_ignore_ascii_case("navigate"));
        // Crawlers give an address to complain to; browsers never do.
        let is_signed = headers.contains_key(header::FROM);
        let is_browser = agent::is_browser(text(&header::USER_AGENT).unwrap_or_default());
        if method == Method::GET && is_browser && navigates && !fetches_ahead && !is_signed {
            Self::Person
        } else {
            Self::Program
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitor(method: &Method, headers: &[(&'static str, &str)]) -> Visitor {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        Visitor::of(method, &headers)
    }

    const FIREFOX: (&str, &str) =
        ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0");

    #[test]
    fn a_browser_that_goes_there_is_a_person() {
        assert_eq!(visitor(&Method::GET, &[FIREFOX]), Visitor::Person);
        for (name, value) in
            [("sec-fetch-mode", "navigate"), ("sec-purpose", ""), ("referer", "https://blog.example/preview")]
        {
            assert_eq!(visitor(&Method::GET, &[FIREFOX, (name, value)]), Visitor::Person, "{name}: {value}");
        }
    }

    #[test]
    fn what_only_looks_is_a_program() {
        for method in [Method::HEAD, Method::OPTIONS, Method::POST] {
            assert_eq!(visitor(&method, &[FIREFOX]), Visitor::Program);
        }
        assert_eq!(visitor(&Method::GET, &[]), Visitor::Program);
        assert_eq!(visitor(&Method::GET, &[("user-agent", "okhttp/4.12.0")]), Visitor::Program);
        for (name, value) in [
            ("sec-purpose", "prefetch;prerender"),
            ("sec-purpose", "prefetch;anonymous-client-ip"),
            ("purpose", "prefetch"),
            ("x-purpose", "preview"),
            ("x-moz", "prefetch"),
            ("sec-fetch-mode", "no-cors"),
            ("sec-fetch-mode", "cors"),
            ("from", "crawler@search.example"),
        ] {
            assert_eq!(visitor(&Method::GET, &[FIREFOX, (name, value)]), Visitor::Program, "{name}: {value}");
        }
    }
}
