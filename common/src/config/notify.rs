//! Notifications out: which networks may be reached, and what secrets are kept under.

use super::{Networks, parse_networks};
use clap::Args;
use notify::Policy;
use sealing::Sealer;

/// What the secrets of endpoints are sealed as.
const ENDPOINT_SECRET: &str = "webhook endpoint";

/// Notifications out.
#[derive(Args, Clone, Debug, Default)]
pub struct NotifyArgs {
    /// Networks of your own that notifications may be sent to, separated by commas, e.g. `10.0.0.0/8`. Within them plain
    /// HTTP and any port are fine; elsewhere only public addresses, by HTTPS
    #[arg(
        long,
        env = "NOTIFY_ALLOW_NETWORKS",
        value_name = "NETS",
        default_value = "",
        hide_default_value = true,
        value_parser = parse_networks
    )]
    pub notify_allow_networks: Networks,
    /// What secrets are kept under.
    #[command(flatten)]
    pub secrets: SecretsArgs,
}

/// What secrets in the database are sealed under.
#[derive(Args, Clone, Default)]
pub struct SecretsArgs {
    /// Seals secrets in the database: any long text, the same for every process; without one they are kept in clear
    #[arg(long, env = "SECRETS_KEY", value_name = "TEXT", hide_env_values = true)]
    secrets_key: Option<String>,
}

/// The key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UnusableKey {
    /// It can be guessed.
    #[error("SECRETS_KEY has fewer than {SHORTEST} characters: `openssl rand -base64 32` makes one")]
    Short,
}

/// 128 bits in hexadecimal digits.
const SHORTEST: usize = 32;

impl NotifyArgs {
    /// What may be reached.
    #[must_use]
    pub fn policy(&self) -> Policy {
        Policy::new(&self.notify_allow_networks.0)
    }

    /// Seals and opens the secrets of endpoints.
    ///
    /// # Errors
    /// [`UnusableKey`]
    pub fn sealer(&self) -> Result<Sealer, UnusableKey> {
        Ok(Sealer::new(self.secrets.key()?.as_deref(), ENDPOINT_SECRET))
    }
}

impl SecretsArgs {
    /// The key, when one is set.
    ///
    /// # Errors
    /// [`UnusableKey`]
    pub fn key(&self) -> Result<Option<String>, UnusableKey> {
        match self.secrets_key.as_deref().map(str::trim).filter(|key| !key.is_empty()) {
            Some(key) if key.len() < SHORTEST => Err(UnusableKey::Short),
            key => Ok(key.map(str::to_owned)),
        }
    }
}

impl std::fmt::Debug for SecretsArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretsArgs(set: {})", self.secrets_key.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_long_and_is_never_shown() {
        let of = |key: &str| SecretsArgs { secrets_key: Some(key.to_owned()) };
        assert!(matches!(of("hush").key(), Err(UnusableKey::Short)));
        assert_eq!(of("  ").key().unwrap(), None);
        let key = "0123456789abcdef0123456789abcdef";
        assert_eq!(of(&format!(" {key}\n")).key().unwrap().as_deref(), Some(key));
        assert!(!format!("{:?}", of(key)).contains("0123"));
    }
}
