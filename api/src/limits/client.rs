//! Who a request comes from.

use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// A client as the limits count it: an IPv4 address, or an IPv6 network of 64 bits, which is the least
/// that one customer of a provider has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ClientAddress(IpAddr);

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl ClientAddress {
    /// The nearest address that is no trusted proxy: the peer itself unless it is one, else the
    /// last entry of `X-Forwarded-For` that is none.
    pub(crate) fn of(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
        let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
        let mut client = peer.to_canonical();
        if is_trusted(client) {
            let hops = headers.get_all(FORWARDED_FOR);
            let hops = hops.iter().rev().filter_map(|value| value.to_str().ok());
            for hop in hops.flat_map(|value| value.rsplit(',')) {
                let Some(address) = parse(hop) else { break };
                client = address;
                if !is_trusted(client) {
                    break;
                }
            }
        }
        Self(network(client))
    }
}

/// An address, perhaps with a port, as proxies write it.
fn parse(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    hop.parse()
        .or_else(|_| hop.parse::<std::net::SocketAddr>().map(|address| address.ip()))
        .or_else(|_| hop.trim_matches(['[', ']']).parse())
        .ok()
        .map(|address: IpAddr| address.to_canonical())
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str], trusted: &[&str]) -> IpAddr {
        let headers = forwarded.iter().map(|value| (FORWARDED_FOR, value.parse().unwrap())).collect();
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        ClientAddress::of(peer.parse().unwrap(), &headers, &trusted).0
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_a_trusted_proxy_may_speak_for_another() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"], &["10.0.0.0/8"]), ip("203.0.113.9"));
        assert_eq!(client("10.0.0.1", &["198.51.100.1"], &["10.0.0.0/8"]), ip("198.51.100.1"));
    }

    #[test]
    fn what_the_client_wrote_itself_does_not_count() {
        let forwarded = ["1.1.1.1, 198.51.100.1, 10.0.0.2"];
        assert_eq!(client("10.0.0.1", &forwarded, &["10.0.0.0/8"]), ip("198.51.100.1"));
        assert_eq!(client("10.0.0.1", &["1.1.1.1", "198.51.100.1"], &["10.0.0.0/8"]), ip("198.51.100.1"));
        assert_eq!(client("10.0.0.1", &["nonsense"], &["10.0.0.0/8"]), ip("10.0.0.1"));
    }

    #[test]
    fn a_v6_network_is_one_client() {
        assert_eq!(client("2001:db8:1:2:3:4:5:6", &[], &[]), ip("2001:db8:1:2::"));
        assert_eq!(client("::ffff:203.0.113.9", &[], &[]), ip("203.0.113.9"));
        assert_eq!(client("10.0.0.1", &["[2001:db8::1]:443"], &["10.0.0.0/8"]), ip("2001:db8::"));
    }
}
