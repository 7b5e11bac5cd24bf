//! Who a request comes from, as the server that took it knows.

use std::net::IpAddr;

/// What is known of a connection. The server puts it into the extensions of each request.
#[derive(Clone, Debug)]
pub struct Client {
    /// The other end of the connection: a proxy, when there is one.
    pub peer: IpAddr,
    /// By which failures to sign in are counted: the client's address or network, behind the proxies that are trusted.
    pub address: String,
    /// Whether the connection itself is encrypted.
    pub is_tls: bool,
}
