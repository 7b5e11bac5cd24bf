//! The console's two cookies: the session, and what the form for signing in is tied to before there is one.

use crate::client::Client;
use axum::http::{HeaderMap, HeaderValue, header};
use std::net::IpAddr;

/// With the prefix a browser takes it over HTTPS alone, for this host alone and from nobody else (RFC 6265bis 4.1.3.2).
const SESSION: &str = "__Host-tributary";
const SESSION_IN_CLEAR: &str = "tributary-session";
const VISIT: &str = "__Host-tributary-visit";
const VISIT_IN_CLEAR: &str = "tributary-visit";

const PORTAL: &str = "__Host-tributary-portal";
const PORTAL_IN_CLEAR: &str = "tributary-portal";

/// As long as a session lasts in the database.
const SESSION_SECONDS: u32 = 12 * 60 * 60;
/// As long as an affiliate's pass lasts.
const PORTAL_SECONDS: u32 = 60 * 60;
/// A form for signing in that was left open.
const VISIT_SECONDS: u32 = 60 * 60;

/// The session that a request comes with.
pub(crate) fn session(headers: &HeaderMap) -> Option<&str> {
    find(headers, SESSION).or_else(|| find(headers, SESSION_IN_CLEAR))
}

/// What the form for signing in was tied to.
pub(crate) fn visit(headers: &HeaderMap) -> Option<&str> {
    find(headers, VISIT).or_else(|| find(headers, VISIT_IN_CLEAR))
}

/// What shows an affiliate its own page.
pub(crate) fn portal(headers: &HeaderMap) -> Option<&str> {
    find(headers, PORTAL).or_else(|| find(headers, PORTAL_IN_CLEAR))
}

/// Whether cookies go over HTTPS alone: always, unless a browser on this machine speaks to it in clear, by its own name for
/// itself. Behind a proxy that ends TLS the host is another, so they do.
pub(crate) fn must_be_secure(client: &Client, host: Option<&str>) -> bool {
    let local = client.peer.to_canonical().is_loopback() && host.is_some_and(is_loopback);
    client.is_tls || !local
}

/// Keeps a session in the browser.
pub(crate) fn set_session(value: &str, secure: bool) -> Option<HeaderValue> {
    set(if secure { SESSION } else { SESSION_IN_CLEAR }, value, SESSION_SECONDS, secure)
}

/// Takes it out again.
pub(crate) fn end_session(secure: bool) -> Option<HeaderValue> {
    set(if secure { SESSION } else { SESSION_IN_CLEAR }, "", 0, secure)
}

/// What the form for signing in is tied to.
pub(crate) fn set_visit(value: &str, secure: bool) -> Option<HeaderValue> {
    set(if secure { VISIT } else { VISIT_IN_CLEAR }, value, VISIT_SECONDS, secure)
}

/// Lets an affiliate see its own page.
pub(crate) fn set_portal(value: &str, secure: bool) -> Option<HeaderValue> {
    set(if secure { PORTAL } else { PORTAL_IN_CLEAR }, value, PORTAL_SECONDS, secure)
}

fn set(name: &str, value: &str, seconds: u32, secure: bool) -> Option<HeaderValue> {
    let secure = if secure { "; Secure" } else { "" };
    let cookie = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    HeaderValue::from_str(&cookie).ok()
}

fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(of, value)| *of == name && !value.is_empty())
        .map(|(_, value)| value)
}

/// Whether a host is this machine, by its own name for itself.
pub(crate) fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let name = name.map_or(host, |(name, _)| name);
    let address = name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    name.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, is_tls: bool) -> Client {
        Client { peer: peer.parse().unwrap(), address: peer.to_owned(), is_tls }
    }

    #[test]
    fn cookies_are_in_clear_for_a_browser_on_this_machine_alone() {
        for host in ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "127.0.0.1", "localhost", "[::1]"] {
            assert!(!must_be_secure(&client("127.0.0.1", false), Some(host)), "{host}");
            assert!(must_be_secure(&client("192.0.2.1", false), Some(host)), "{host}");
            assert!(must_be_secure(&client("127.0.0.1", true), Some(host)), "{host}");
        }
        for host in ["console.example.com", "localhost.example.com", "10.0.0.1:8080", "127.0.0.1.example.com"]
        {
            assert!(must_be_secure(&client("127.0.0.1", false), Some(host)), "{host}");
        }
        assert!(must_be_secure(&client("127.0.0.1", false), None));
    }

    #[test]
    fn the_right_cookie_is_read_among_others() {
        let headers = HeaderMap::from_iter([
            (header::COOKIE, HeaderValue::from_static("a=1; __Host-tributary-visit=v")),
            (header::COOKIE, HeaderValue::from_static("__Host-tributary=abc; b=2")),
        ]);
        assert_eq!((session(&headers), visit(&headers)), (Some("abc"), Some("v")));
        assert_eq!(session(&HeaderMap::new()), None);
    }

    #[test]
    fn a_session_is_kept_from_scripts_and_other_sites() {
        let cookie = set_session("abc", true).unwrap();
        let expected = "__Host-tributary=abc; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict; Secure";
        assert_eq!(cookie, expected);
    }
}
