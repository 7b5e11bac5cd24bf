//! Where something is known from.

use crate::provider::Provider;
use std::fmt;

/// Where a fact or a conversion is known from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// People and callers: the REST API, the command line, the console.
    Api,
    /// A payment provider, by its events and lists.
    Provider(Provider),
}

impl Origin {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Api, Self::Provider(Provider::Stripe)];

    /// As tables and the REST API write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Provider(provider) => provider.as_str(),
        }
    }

    /// Reads one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|origin| origin.as_str() == text)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_is_an_origin_and_is_read_as_it_is_written() {
        for origin in Provider::ALL.map(Origin::Provider).into_iter().chain([Origin::Api]) {
            assert!(Origin::ALL.contains(&origin), "{origin}");
            assert_eq!(Origin::parse(origin.as_str()), Some(origin));
        }
    }
}
