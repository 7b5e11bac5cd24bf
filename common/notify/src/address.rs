//! Which addresses are those of the public internet.
//!
//! The lists are IANA's registries of special-purpose addresses (RFC 6890 and its updates). Whatever carries an IPv4 address in
//! an IPv6 one is judged by what it carries.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is not sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// 127.0.0.0/8, `::1`.
    #[error("a loopback address")]
    Loopback,
    /// RFC 1918, ULA, site-local, CGNAT.
    #[error("a private address")]
    Private,
    /// 169.254.0.0/16 with the metadata services of clouds, `fe80::/10`.
    #[error("a link-local address")]
    LinkLocal,
    /// 224.0.0.0/4, `ff00::/8`.
    #[error("a multicast address")]
    Multicast,
    /// Documentation, benchmarks, future use, tunnels, and what is no unicast at all.
    #[error("a reserved address")]
    Reserved,
}

/// Whether an address may be reached over the public internet.
pub(crate) fn check(address: IpAddr) -> Result<(), Forbidden> {
    match address {
        IpAddr::V4(address) => check_v4(address),
        IpAddr::V6(address) => check_v6(address),
    }
}

fn check_v4(address: Ipv4Addr) -> Result<(), Forbidden> {
    match address.octets() {
        [127, ..] => Err(Forbidden::Loopback),
        [10, ..] | [192, 168, ..] => Err(Forbidden::Private),
        [172, second, ..] if second & 0xf0 == 16 => Err(Forbidden::Private),
        [100, second, ..] if second & 0xc0 == 64 => Err(Forbidden::Private),
        [169, 254, ..] => Err(Forbidden::LinkLocal),
        [224..=239, ..] => Err(Forbidden::Multicast),
        // This network; future use and broadcast; IETF, documentation, the relays of 6to4; benchmarks.
        [0 | 240..=255, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => Err(Forbidden::Reserved),
        _ => Ok(()),
    }
}

fn check_v6(address: Ipv6Addr) -> Result<(), Forbidden> {
    if let Some(carried) = carried(address) {
        return check_v4(carried);
    }
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Err(Forbidden::Loopback),
        [0xfe80..=0xfebf, ..] => Err(Forbidden::LinkLocal),
        // ULA and site-local.
        [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] => Err(Forbidden::Private),
        [0xff00..=0xffff, ..] => Err(Forbidden::Multicast),
        // IETF with Teredo and ORCHID, documentation, documentation again.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Err(Forbidden::Reserved),
        // The only block of global unicast.
        [0x2000..=0x3fff, ..] => Ok(()),
        _ => Err(Forbidden::Reserved),
    }
}

/// The IPv4 address that packets to this one end at: mapped, through NAT64 (RFC 6052), or 6to4.
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<(), Forbidden> {
        check(text.parse().unwrap())
    }

    #[test]
    fn the_public_internet_may_be_reached() {
        for address in [
            "1.1.1.1",
            "8.8.8.8",
            "172.15.0.1",
            "172.32.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "192.0.1.1",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2a00:1450:4001::1",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2002:808:808::1",
        ] {
            assert_eq!(checked(address), Ok(()), "{address}");
        }
    }

    #[test]
    fn nothing_else_may_be() {
        for (address, why) in [
            ("127.0.0.1", Forbidden::Loopback),
            ("127.255.255.254", Forbidden::Loopback),
            ("0.0.0.0", Forbidden::Reserved),
            ("10.1.2.3", Forbidden::Private),
            ("172.16.0.1", Forbidden::Private),
            ("172.31.255.255", Forbidden::Private),
            ("192.168.1.1", Forbidden::Private),
            ("100.64.0.1", Forbidden::Private),
            ("100.127.255.255", Forbidden::Private),
            ("169.254.169.254", Forbidden::LinkLocal),
            ("192.0.0.8", Forbidden::Reserved),
            ("192.0.2.1", Forbidden::Reserved),
            ("198.18.0.1", Forbidden::Reserved),
            ("198.51.100.7", Forbidden::Reserved),
            ("203.0.113.9", Forbidden::Reserved),
            ("224.0.0.1", Forbidden::Multicast),
            ("240.0.0.1", Forbidden::Reserved),
            ("255.255.255.255", Forbidden::Reserved),
            ("::", Forbidden::Reserved),
            ("::1", Forbidden::Loopback),
            ("::7f00:1", Forbidden::Reserved),
            ("::ffff:127.0.0.1", Forbidden::Loopback),
            ("::ffff:169.254.169.254", Forbidden::LinkLocal),
            ("64:ff9b::10.0.0.1", Forbidden::Private),
            ("64:ff9b:1::1", Forbidden::Reserved),
            ("2002:7f00:1::1", Forbidden::Loopback),
            ("2002:c0a8:101::1", Forbidden::Private),
            ("2001::1", Forbidden::Reserved),
            ("2001:db8::1", Forbidden::Reserved),
            ("3fff::1", Forbidden::Reserved),
            ("fe80::1", Forbidden::LinkLocal),
            ("fd00:ec2::254", Forbidden::Private),
            ("fec0::1", Forbidden::Private),
            ("ff02::1", Forbidden::Multicast),
            ("100::1", Forbidden::Reserved),
            ("5f00::1", Forbidden::Reserved),
        ] {
            assert_eq!(checked(address), Err(why), "{address}");
        }
    }
}
