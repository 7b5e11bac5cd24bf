//! Who follows a link: a person, or a program that only looks where it leads.

use axum::http::{HeaderMap, HeaderName, Method, header};

const PURPOSES: [HeaderName; 3] = [
    HeaderName::from_static("sec-purpose"),
    HeaderName::from_static("purpose"),
    HeaderName::from_static("x-moz"),
];

/// What the names of crawlers, of link previews and of HTTP libraries have in common.
const PROGRAMS: [&str; 14] = [
    "bot",
    "crawl",
    "spider",
    "preview",
    "externalhit",
    "slurp",
    "whatsapp",
    "embedly",
    "scanner",
    "monitor",
    "curl/",
    "wget/",
    "python-",
    "headless",
];

/// Whether a request is a visit that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Visitor {
    /// A person, as far as one can tell.
    Person,
    /// A crawler, a preview, a browser that fetches ahead, or a `HEAD`: it is shown the way, uncounted.
    Program,
}

impl Visitor {
    /// Tells them apart by what they say of themselves; one that lies is counted.
    pub(super) fn of(method: &Method, headers: &HeaderMap) -> Self {
        let fetches_ahead =
            PURPOSES.iter().filter_map(|name| headers.get(name)?.to_str().ok()).any(|purpose| {
                let purpose = purpose.to_ascii_lowercase();
                purpose.contains("prefetch") || purpose.contains("preview") || purpose.contains("prerender")
            });
        let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
        let agent = agent.to_ascii_lowercase();
        let is_program = agent.is_empty() || PROGRAMS.iter().any(|name| agent.contains(name));
        if method != Method::GET || fetches_ahead || is_program { Self::Program } else { Self::Person }
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

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0";

    #[test]
    fn a_browser_is_a_person() {
        assert_eq!(visitor(&Method::GET, &[("user-agent", FIREFOX)]), Visitor::Person);
    }

    #[test]
    fn what_only_looks_is_a_program() {
        assert_eq!(visitor(&Method::HEAD, &[("user-agent", FIREFOX)]), Visitor::Program);
        assert_eq!(visitor(&Method::GET, &[]), Visitor::Program);
        for agent in [
            "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
            "facebookexternalhit/1.1",
            "Slackbot-LinkExpanding 1.0",
            "WhatsApp/2.23",
            "curl/8.5.0",
        ] {
            assert_eq!(visitor(&Method::GET, &[("user-agent", agent)]), Visitor::Program, "{agent}");
        }
        for ahead in [("sec-purpose", "prefetch;prerender"), ("purpose", "prefetch"), ("x-moz", "prefetch")] {
            assert_eq!(
                visitor(&Method::GET, &[("user-agent", FIREFOX), ahead]),
                Visitor::Program,
                "{ahead:?}"
            );
        }
    }
}
