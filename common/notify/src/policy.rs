//! What may be reached, beside the public internet.

use crate::address::{self, Forbidden};
use ipnet::IpNet;
use std::net::IpAddr;
use std::sync::Arc;

/// Which addresses may be reached: the public internet, and the networks that the operator names. Within those, plain
/// HTTP and any port are fine as well.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    allowed: Arc<[IpNet]>,
}

/// What a connection needs of the addresses that it goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reach {
    /// HTTPS on a usual port: any that may be reached at all.
    Anywhere,
    /// Plain HTTP, or another port: the operator's networks alone.
    AllowedNetworks,
}

impl Policy {
    /// Allows these networks (`NOTIFY_ALLOW_NETWORKS`).
    #[must_use]
    pub fn new(allowed: &[IpNet]) -> Self {
        Self { allowed: allowed.into() }
    }

    /// Allows everything: for a developer's own machine.
    #[must_use]
    pub fn everything() -> Self {
        Self { allowed: [IpNet::default(), IpNet::V6(ipnet::Ipv6Net::default())].into() }
    }

    /// Whether a network was named at all.
    pub(crate) fn allows_any(&self) -> bool {
        !self.allowed.is_empty()
    }

    /// Whether an address may be reached so.
    pub(crate) fn check(&self, address: IpAddr, reach: Reach) -> Result<(), Denied> {
        let canonical = address.to_canonical();
        if self.allowed.iter().any(|network| network.contains(&canonical)) {
            return Ok(());
        }
        match (reach, address::check(address)) {
            (_, Err(why)) => Err(Denied::Forbidden { address, why }),
            (Reach::AllowedNetworks, Ok(())) => Err(Denied::NotAllowed { address }),
            (Reach::Anywhere, Ok(())) => Ok(()),
        }
    }
}

/// An address that is not sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Denied {
    /// It is nobody's on the public internet.
    #[error("{address} is {why}; NOTIFY_ALLOW_NETWORKS does not allow it")]
    Forbidden {
        /// The address.
        address: IpAddr,
        /// What it is.
        why: Forbidden,
    },
    /// It is public, where HTTPS and a usual port are asked for.
    #[error("{address} is reached by HTTPS on port 443, 80, 8080 or 8443 only")]
    NotAllowed {
        /// The address.
        address: IpAddr,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_of_the_operator_are_allowed_in_any_spelling() {
        let policy = Policy::new(&["10.0.0.0/8".parse().unwrap()]);
        let check = |address: &str, reach| policy.check(address.parse().unwrap(), reach).is_ok();
        assert!(check("10.1.2.3", Reach::AllowedNetworks));
        assert!(check("::ffff:10.1.2.3", Reach::AllowedNetworks));
        assert!(!check("192.168.1.1", Reach::Anywhere));
        assert!(check("8.8.8.8", Reach::Anywhere));
        assert!(!check("8.8.8.8", Reach::AllowedNetworks));
        assert!(!Policy::default().allows_any());
        assert!(Policy::everything().check("::1".parse().unwrap(), Reach::AllowedNetworks).is_ok());
    }
}
