//! The URL of an endpoint.

use crate::policy::{Denied, Policy, Reach};
use crate::resolver::Lookup;
use std::net::IpAddr;
use url::{Host, Url};

/// Ports of HTTPS that are usual.
const PORTS: [u16; 4] = [443, 80, 8080, 8443];

/// A URL that may be posted to, as far as can be told without asking for its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    url: Url,
    pub(crate) reach: Reach,
}

/// Why a URL is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is none.
    #[error("must be a URL such as https://example.com/hooks")]
    Unreadable,
    /// Neither `https` nor `http`.
    #[error("must begin with https://")]
    Scheme,
    /// A name and a password have no place in it: they would be in every log.
    #[error("must not hold a user name or password")]
    UserInfo,
    /// Plain HTTP, or an unusual port, without a network that may be reached so.
    #[error(
        "must be HTTPS on port 443, 80, 8080 or 8443; anything else is for the networks of NOTIFY_ALLOW_NETWORKS"
    )]
    Plain,
    /// It leads where nothing may be sent to.
    #[error("{0}")]
    Address(String),
}

impl From<Denied> for Refused {
    fn from(denied: Denied) -> Self {
        Self::Address(denied.to_string())
    }
}

impl Target {
    /// Reads a URL. An address in it is checked, in whatever spelling: `http://0x7f.1/` is `127.0.0.1`.
    ///
    /// # Errors
    /// [`Refused`]
    pub fn parse(text: &str, policy: &Policy) -> Result<Self, Refused> {
        let url = Url::parse(text).map_err(|_| Refused::Unreadable)?;
        let is_https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err(Refused::Scheme),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refused::UserInfo);
        }
        let is_usual = is_https && url.port_or_known_default().is_some_and(|port| PORTS.contains(&port));
        let reach = if is_usual { Reach::Anywhere } else { Reach::AllowedNetworks };
        let target = Self { url, reach };
        if let Some(address) = target.literal() {
            policy.check(address, reach)?;
        } else if reach == Reach::AllowedNetworks && !policy.allows_any() {
            return Err(Refused::Plain);
        }
        Ok(target)
    }

    /// Asks for the name, and refuses one all of whose addresses are forbidden. A name that nobody knows passes: it may be
    /// known when something is sent, and is checked then.
    ///
    /// # Errors
    /// [`Refused::Address`]
    pub async fn check_name(&self, policy: &Policy, lookup: &dyn Lookup) -> Result<(), Refused> {
        let Some(Host::Domain(name)) = self.url.host() else { return Ok(()) };
        let Ok(addresses) = lookup.addresses(name.to_owned()).await else { return Ok(()) };
        let mut first = None;
        for address in addresses {
            match policy.check(address, self.reach) {
                Ok(()) => return Ok(()),
                Err(denied) => first = first.or(Some(denied)),
            }
        }
        match first {
            Some(denied) => Err(Refused::Address(format!("{name} leads to {denied}"))),
            None => Ok(()),
        }
    }

    /// The URL.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// The address, when there is one in place of a name.
    pub(crate) fn literal(&self) -> Option<IpAddr> {
        match self.url.host()? {
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
            Host::Domain(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<(), Refused> {
        Target::parse(text, &Policy::default()).map(drop)
    }

    #[test]
    fn https_on_a_usual_port_is_fine() {
        for url in [
            "https://example.com",
            "https://example.com:8443/hooks?a=b",
            "https://1.1.1.1/",
            "https://[2606:4700::1]/",
        ] {
            assert_eq!(parse(url), Ok(()), "{url}");
        }
    }

    #[test]
    fn what_is_no_such_url_is_refused() {
        assert_eq!(parse("example.com"), Err(Refused::Unreadable));
        assert_eq!(parse("ftp://example.com"), Err(Refused::Scheme));
        assert_eq!(parse("file:///etc/passwd"), Err(Refused::Scheme));
        assert_eq!(parse("https://ann:secret@example.com"), Err(Refused::UserInfo));
        assert_eq!(parse("http://example.com"), Err(Refused::Plain));
        assert_eq!(parse("https://example.com:22"), Err(Refused::Plain));
    }

    #[test]
    fn a_private_address_is_refused_in_every_spelling() {
        for url in [
            "https://127.0.0.1/",
            "https://127.1/",
            "https://0x7f.1/",
            "https://2130706433/",
            "https://017700000001/",
            "https://0/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[0:0:0:0:0:ffff:7f00:1]/",
            "https://[64:ff9b::a9fe:a9fe]/",
            "https://169.254.169.254/latest/meta-data/",
            "https://10.0.0.1:8443/",
            "https://１２７.０.０.１/",
            "http://[::ffff:127.0.0.1]/",
            "http://0x7f.1/",
            "http://127.1/",
        ] {
            assert!(matches!(parse(url), Err(Refused::Address(_))), "{url}: {:?}", parse(url));
        }
    }

    #[test]
    fn the_operators_networks_take_plain_http_on_any_port() {
        let policy = Policy::new(&["10.0.0.0/8".parse().unwrap()]);
        assert!(Target::parse("http://10.0.0.1:3000/", &policy).is_ok());
        assert!(Target::parse("http://10.0.0.1.example:3000/", &policy).is_ok());
        assert!(Target::parse("http://8.8.8.8:3000/", &policy).is_err());
        assert!(Target::parse("http://127.0.0.1:3000/", &policy).is_err());
    }
}
