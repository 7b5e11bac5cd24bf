//! Where affiliates' links lead to.

use std::{fmt, str::FromStr};
use url::Url;

/// The longest landing URL: links stay far below what browsers and proxies take.
const MAX_LENGTH: usize = 1024;
/// The longest path below it.
const MAX_PATH: usize = 512;

/// The query parameter that carries the referral code.
const CODE: &str = "ref";
/// The query parameter that names the click.
const CLICK: &str = "click_id";

/// A project's own page, which its affiliates' links lead to: `http` or `https`, with a host, without
/// a password in it.
///
/// Whatever a visitor appends, a link made from it stays on its origin and below its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LandingUrl(Url);

/// Why a text is no landing URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLandingUrl {
    /// Not an absolute URL.
    #[error("a landing URL is written in full, such as https://www.example.com/")]
    NotAbsolute,
    /// Another scheme.
    #[error("a landing URL begins with https:// or http://")]
    NotWeb,
    /// A name or a password before the host.
    #[error("a landing URL holds no user name and no password")]
    HasCredentials,
    /// Longer than links should be.
    #[error("a landing URL has at most {MAX_LENGTH} characters")]
    TooLong,
}

impl FromStr for LandingUrl {
    type Err = InvalidLandingUrl;

    fn from_str(text: &str) -> Result<Self, InvalidLandingUrl> {
        let text = text.trim();
        if text.len() > MAX_LENGTH {
            return Err(InvalidLandingUrl::TooLong);
        }
        let url = Url::parse(text).map_err(|_| InvalidLandingUrl::NotAbsolute)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(InvalidLandingUrl::NotWeb);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidLandingUrl::HasCredentials);
        }
        Ok(Self(url))
    }
}

impl LandingUrl {
    /// The URL, normalised.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// A page below it. `None` when the path is anything but plain names: letters, digits, `-`, `_`,
    /// `.` and `~`, between single slashes. Names of dots, escapes, backslashes and second slashes are
    /// how a path leaves its site, so none is let through.
    #[must_use]
    pub fn below(&self, path: &str) -> Option<Self> {
        let plain = |name: &str| {
            !name.is_empty()
                && !name.chars().all(|c| c == '.')
                && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.~".contains(c))
        };
        let path = path.strip_prefix('/').unwrap_or(path);
        let (names, slash) = path.strip_suffix('/').map_or((path, false), |names| (names, true));
        if path.len() > MAX_PATH || !names.split('/').all(plain) {
            return None;
        }
        let mut url = self.0.clone();
        {
            let mut segments = url.path_segments_mut().ok()?;
            segments.pop_if_empty().extend(names.split('/'));
            if slash {
                segments.push("");
            }
        }
        Some(Self(url))
    }

    /// The link with a referral code and, when the visit was counted, its click: `?ref=…&click_id=…`,
    /// behind the parameters that are there already.
    #[must_use]
    pub fn with_code(&self, code: &str, click: Option<&str>) -> String {
        let mut url = self.0.clone();
        let kept: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(name, _)| name != CODE && name != CLICK)
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        // What is there is left as it was written, unless a parameter of ours has to go.
        if url.query_pairs().count() != kept.len() {
            url.query_pairs_mut().clear().extend_pairs(&kept);
        }
        url.query_pairs_mut().append_pair(CODE, code);
        if let Some(click) = click {
            url.query_pairs_mut().append_pair(CLICK, click);
        }
        url.into()
    }
}

impl fmt::Display for LandingUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn landing(text: &str) -> LandingUrl {
        text.parse().unwrap()
    }

    #[test]
    fn a_landing_url_is_a_page_of_the_web() {
        assert_eq!(landing(" HTTPS://Shop.example ").as_str(), "https://shop.example/");
        assert_eq!(landing("http://localhost:3000/a").as_str(), "http://localhost:3000/a");
        for (text, why) in [
            ("shop.example", InvalidLandingUrl::NotAbsolute),
            ("//shop.example", InvalidLandingUrl::NotAbsolute),
            ("https://", InvalidLandingUrl::NotAbsolute),
            ("javascript:alert(1)", InvalidLandingUrl::NotWeb),
            ("ftp://shop.example", InvalidLandingUrl::NotWeb),
            ("https://shop.example@evil.example/", InvalidLandingUrl::HasCredentials),
        ] {
            assert_eq!(text.parse::<LandingUrl>(), Err(why), "{text}");
        }
        assert!(format!("https://shop.example/{}", "a".repeat(MAX_LENGTH)).parse::<LandingUrl>().is_err());
    }

    #[test]
    fn the_code_follows_what_is_there() {
        let link = |url: &str| landing(url).with_code("ANN", Some("clk_1"));
        assert_eq!(link("https://shop.example"), "https://shop.example/?ref=ANN&click_id=clk_1");
        assert_eq!(
            link("https://shop.example/a?x=%20#b"),
            "https://shop.example/a?x=%20&ref=ANN&click_id=clk_1#b"
        );
        assert_eq!(
            link("https://shop.example/?ref=site&y=1"),
            "https://shop.example/?y=1&ref=ANN&click_id=clk_1"
        );
        assert_eq!(landing("https://shop.example").with_code("ANN", None), "https://shop.example/?ref=ANN");
    }

    #[test]
    fn a_path_of_plain_names_lies_below() {
        let below = |url: &str, path: &str| landing(url).below(path).map(|url| url.to_string());
        assert_eq!(below("https://shop.example", "pricing").unwrap(), "https://shop.example/pricing");
        assert_eq!(
            below("https://shop.example/en/", "/a/b.html").unwrap(),
            "https://shop.example/en/a/b.html"
        );
        assert_eq!(below("https://shop.example/en?x=1", "a/").unwrap(), "https://shop.example/en/a/?x=1");
        for path in [
            "",
            "/",
            "//evil.example",
            "..",
            "a/../..",
            "a/..",
            ".",
            "a//b",
            "\\evil.example",
            "/\\evil.example",
            "%2e%2e",
            "@evil.example",
            "a?b",
            "a#b",
            "https://evil.example",
            "a b",
            "ä",
        ] {
            assert_eq!(below("https://shop.example/en", path), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_path_leaves_the_site(path in ".{0,40}", odd in "[./\\\\@:%?#a-z0-9\t]{0,20}") {
            let base = landing("https://shop.example/en");
            for path in [path, odd] {
                let Some(page) = base.below(&path) else { continue };
                let read = Url::parse(&page.with_code("ANN", None)).unwrap();
                prop_assert_eq!(read.origin(), base.0.origin());
                prop_assert!(read.path().starts_with("/en/"), "{}", read);
            }
        }
    }
}
