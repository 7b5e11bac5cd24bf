//! `LISTEN_ADDR`

use std::{
    fmt, io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
};
use tokio::net::TcpListener;

/// Where to listen: an address, a host by name, or a port alone for every address of the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddr {
    /// Empty for every address.
    host: String,
    port: u16,
}

/// What is no address to listen on.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("it must be an address with a port, such as 127.0.0.1:8080, [::1]:8080, localhost:8080 or :8080")]
pub struct NoListenAddr;

impl FromStr for ListenAddr {
    type Err = NoListenAddr;

    fn from_str(text: &str) -> Result<Self, NoListenAddr> {
        let text = text.trim();
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(address.into());
        }
        let (host, port) = text.rsplit_once(':').ok_or(NoListenAddr)?;
        let port = port.parse().map_err(|_| NoListenAddr)?;
        let is_a_name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
        if is_a_name { Ok(Self { host: host.to_owned(), port }) } else { Err(NoListenAddr) }
    }
}

impl From<SocketAddr> for ListenAddr {
    fn from(address: SocketAddr) -> Self {
        Self { host: address.ip().to_string(), port: address.port() }
    }
}

impl ListenAddr {
    /// How a program of the same machine reaches what listens there: by the loopback address, if it is every address.
    #[must_use]
    pub fn from_here(&self) -> Self {
        let every = ["", "0.0.0.0", "::"].contains(&self.host.as_str());
        Self { host: if every { "127.0.0.1".to_owned() } else { self.host.clone() }, port: self.port }
    }

    /// Binds to it.
    ///
    /// # Errors
    /// When the host is unknown or the address taken.
    pub async fn bind(&self) -> io::Result<TcpListener> {
        if !self.host.is_empty() {
            return TcpListener::bind((self.host.as_str(), self.port)).await;
        }
        // The first one takes IPv4 as well, on most systems; a machine without IPv6 has the second.
        match TcpListener::bind((Ipv6Addr::UNSPECIFIED, self.port)).await {
            Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
                TcpListener::bind((Ipv4Addr::UNSPECIFIED, self.port)).await
            }
            bound => bound,
        }
    }
}

impl fmt::Display for ListenAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_names_and_ports_are_read() {
        for good in
            ["127.0.0.1:8080", "[::1]:8080", "localhost:8080", ":8080", "api.internal:80", "0.0.0.0:0"]
        {
            assert_eq!(good.parse::<ListenAddr>().map(|address| address.to_string()), Ok(good.to_owned()));
        }
        for bad in
            ["", "8080", "localhost", "localhost:", "a b:80", ":99999", "::1:80", "http://localhost:80"]
        {
            assert_eq!(bad.parse::<ListenAddr>(), Err(NoListenAddr), "{bad}");
        }
    }

    #[test]
    fn every_address_is_reached_by_the_loopback_one() {
        for (text, here) in
            [(":80", "127.0.0.1:80"), ("0.0.0.0:80", "127.0.0.1:80"), ("[::]:80", "127.0.0.1:80")]
        {
            assert_eq!(text.parse::<ListenAddr>().unwrap().from_here().to_string(), here);
        }
        assert_eq!("10.0.0.7:80".parse::<ListenAddr>().unwrap().from_here().to_string(), "10.0.0.7:80");
    }

    #[tokio::test]
    async fn a_port_alone_is_reached_at_every_address() {
        for text in ["localhost:0", ":0", "127.0.0.1:0"] {
            let listener = text.parse::<ListenAddr>().unwrap().bind().await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let reached = tokio::net::TcpStream::connect(("127.0.0.1", port)).await;
            let by_name = tokio::net::TcpStream::connect(("localhost", port)).await;
            assert!(reached.or(by_name).is_ok(), "{text}");
        }
    }
}
