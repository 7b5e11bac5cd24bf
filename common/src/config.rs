//! Settings as command-line options and environment variables, each in one place for every process.
//!
//! A variable that is set but empty counts as not set, as compose files write it ([`parse`]).

mod console;
mod database;
mod environment;
mod listen_addr;
mod notify;

pub use console::{ConsoleArgs, Switch};
pub use database::{DatabaseArgs, UnusableDatabase};
pub use environment::{parse, parse_as};
pub use listen_addr::ListenAddr;
pub use notify::{NotifyArgs, SecretsArgs, UnusableKey};

use clap::{Args, ValueEnum, builder::NonEmptyStringValueParser};
use ipnet::IpNet;
use queue::{ConfigError, QueueConfig};
use std::{path::PathBuf, time::Duration};
use stripe::metadata::MetadataKeys;
use tokio::net::TcpListener;

/// The queue between API and workers.
#[derive(Args, Clone)]
pub struct QueueArgs {
    /// The RabbitMQ broker, e.g. <amqp://user:password@host/vhost>; without one the database serves
    /// as the queue
    #[arg(long, env = "AMQP_URL", value_name = "URL", hide_env_values = true)]
    amqp_url: Option<String>,
    /// Keeps deployments that share a broker or a database apart
    #[arg(
        long,
        env = "QUEUE_PREFIX",
        value_name = "NAME",
        default_value = "tributary",
        value_parser = NonEmptyStringValueParser::new()
    )]
    pub queue_prefix: String,
}

impl QueueArgs {
    /// The broker's URL, when one is set.
    #[must_use]
    pub fn amqp_url(&self) -> Option<&str> {
        self.amqp_url.as_deref().filter(|url| !url.trim().is_empty())
    }

    /// The queue of this broker and database. `process` is what its connections are called.
    ///
    /// # Errors
    /// When a setting cannot be used; the text does not repeat an address, since it holds a password.
    pub fn queue(&self, database_url: &str, process: &str) -> Result<QueueConfig, ConfigError> {
        QueueConfig::from_settings(&self.queue_prefix, self.amqp_url(), database_url, process)
    }
}

/// How the process logs, and where its traces go.
#[derive(Args, Clone, Debug)]
pub struct LogArgs {
    /// For people or for machines
    #[arg(long, env = "LOG_FORMAT", value_enum, default_value = "pretty", global = true)]
    pub log_format: LogFormat,
    /// What is logged, e.g. info,sqlx=warn [default: info for services, error for commands]
    #[arg(long = "log", env = "RUST_LOG", value_name = "FILTER", global = true)]
    log_filter: Option<String>,
    /// Where traces are sent, e.g. <http://localhost:4318>: a collector that speaks OTLP over HTTP; without one there are none
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_name = "URL", global = true)]
    otlp_endpoint: Option<String>,
}

impl LogArgs {
    /// What is logged.
    #[must_use]
    pub fn filter(&self) -> &str {
        self.log_filter.as_deref().filter(|filter| !filter.trim().is_empty()).unwrap_or("info")
    }

    /// Where traces are sent, when it is set.
    #[must_use]
    pub fn otlp_endpoint(&self) -> Option<&str> {
        self.otlp_endpoint.as_deref().map(str::trim).filter(|endpoint| !endpoint.is_empty())
    }

    /// Lowers what is logged when nothing else was asked for: to errors.
    pub fn quieten(&mut self) {
        if self.log_filter.as_deref().is_none_or(|filter| filter.trim().is_empty()) {
            self.log_filter = Some("error".to_owned());
        }
    }
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Text.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// The HTTP server.
#[derive(Args, Clone, Debug)]
pub struct HttpArgs {
    /// The address to listen on, e.g. 127.0.0.1:8080, localhost:8080, or :8080 for every address of the machine
    #[arg(long, env = "LISTEN_ADDR", value_name = "ADDR", default_value = "127.0.0.1:8080")]
    pub listen_addr: ListenAddr,
    /// A PEM file with the certificate chain: serves HTTPS. The files may be replaced at any time
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The PEM file with its private key
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// How connections are kept and ended.
    #[command(flatten)]
    pub connections: ConnectionArgs,
    /// The limits.
    #[command(flatten)]
    pub limits: LimitArgs,
    /// The console.
    #[command(flatten)]
    pub console: ConsoleArgs,
}

/// Where operators watch.
#[derive(Args, Clone, Debug, Default)]
pub struct WatchArgs {
    /// An address for /metrics, /livez and /readyz alone, e.g. :9090, which the service's users need not reach; the api
    /// then has no /metrics on its own address
    #[arg(long, env = "METRICS_ADDR", value_name = "ADDR")]
    pub metrics_addr: Option<ListenAddr>,
}

impl WatchArgs {
    /// Binds to the address, where one is set.
    ///
    /// # Errors
    /// When it cannot listen there: the text names the setting.
    pub async fn bind(&self) -> Result<Option<TcpListener>, UnusableAddress> {
        let Some(address) = &self.metrics_addr else { return Ok(None) };
        let bound = address.bind().await;
        bound.map(Some).map_err(|source| UnusableAddress { address: address.clone(), source })
    }
}

/// Nothing can listen there.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} (METRICS_ADDR)")]
pub struct UnusableAddress {
    address: ListenAddr,
    source: std::io::Error,
}

/// How long connections last.
#[derive(Args, Clone, Debug)]
pub struct ConnectionArgs {
    /// Seconds that a connection may be idle between two requests. Behind a proxy it must be more than the proxy keeps
    /// an idle connection, or requests are lost now and then
    #[arg(long, env = "KEEP_ALIVE_SECONDS", value_name = "N", default_value_t = 75, value_parser = clap::value_parser!(u32).range(1..))]
    keep_alive_seconds: u32,
    /// Seconds from the signal to stop to the end of listening. Until then `/readyz` says `draining`, so that a load
    /// balancer that asks it can send new requests elsewhere
    #[arg(long, env = "DRAIN_SECONDS", value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(..=3))]
    drain_seconds: u32,
}

impl ConnectionArgs {
    /// Nobody is to be warned.
    pub fn drain_at_once(&mut self) {
        self.drain_seconds = 0;
    }

    /// How long a connection may be idle.
    #[must_use]
    pub fn keep_alive(&self) -> Duration {
        Duration::from_secs(self.keep_alive_seconds.into())
    }

    /// How long `/readyz` warns before nobody listens any more.
    #[must_use]
    pub fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_seconds.into())
    }
}

/// How much a client may ask.
#[derive(Args, Clone, Debug)]
pub struct LimitArgs {
    /// Requests a minute from one client address; 0 is no limit
    #[arg(long, env = "RATE_LIMIT_PER_IP_PER_MINUTE", value_name = "N", default_value_t = 100)]
    pub rate_limit_per_ip_per_minute: u32,
    /// Requests an hour with one API key; 0 is no limit
    #[arg(long, env = "RATE_LIMIT_PER_KEY_PER_HOUR", value_name = "N", default_value_t = 1000)]
    pub rate_limit_per_key_per_hour: u32,
    /// Networks whose X-Forwarded-For is believed, separated by commas, e.g. `10.0.0.0/8`
    #[arg(
        long,
        env = "TRUSTED_PROXIES",
        value_name = "NETS",
        default_value = "",
        hide_default_value = true,
        value_parser = parse_networks
    )]
    pub trusted_proxies: Networks,
}

impl Default for ConnectionArgs {
    fn default() -> Self {
        Self { keep_alive_seconds: 75, drain_seconds: 0 }
    }
}

impl LimitArgs {
    /// No limit at all, and no proxy.
    #[must_use]
    pub fn off() -> Self {
        Self {
            rate_limit_per_ip_per_minute: 0,
            rate_limit_per_key_per_hour: 0,
            trusted_proxies: Networks::default(),
        }
    }
}

/// A list of networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(pub Vec<IpNet>);

fn parse_networks(text: &str) -> Result<Networks, String> {
    text.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(|item| {
            item.parse::<IpNet>()
                .or_else(|_| item.parse::<std::net::IpAddr>().map(IpNet::from))
                .map_err(|_| format!("{item:?} is neither an address nor a network such as 10.0.0.0/8"))
        })
        .collect::<Result<_, _>>()
        .map(Networks)
}

/// Stripe's API, for what a payload lacks.
#[derive(Args, Clone)]
pub struct StripeArgs {
    /// Where Stripe's API is
    #[arg(
        long,
        env = "STRIPE_API_BASE",
        value_name = "URL",
        default_value = "https://api.stripe.com",
        value_parser = NonEmptyStringValueParser::new()
    )]
    pub stripe_api_base: String,
    /// A key that may read it; without one nothing is fetched
    #[arg(long, env = "STRIPE_SECRET_KEY", value_name = "KEY", hide_env_values = true)]
    stripe_secret_key: Option<String>,
    /// Where its objects carry codes.
    #[command(flatten)]
    pub metadata: MetadataArgs,
}

/// How the metadata of Stripe's objects is read (SEMANTICS 4 c).
#[derive(Args, Clone, Debug)]
pub struct MetadataArgs {
    /// The metadata keys that carry a referral code, the most trusted first; after a change `tributary replay` reads
    /// history with them
    #[arg(
        long,
        env = "REFERRAL_METADATA_KEYS",
        value_name = "KEYS",
        value_delimiter = ',',
        default_value = "referral_code,referral,ref",
        value_parser = NonEmptyStringValueParser::new()
    )]
    referral_metadata_keys: Vec<String>,
}

impl MetadataArgs {
    /// The keys.
    #[must_use]
    pub fn keys(&self) -> MetadataKeys {
        MetadataKeys::new(self.referral_metadata_keys.iter().map(|key| key.trim()))
    }
}

impl StripeArgs {
    /// The key, when one is set.
    #[must_use]
    pub fn secret_key(&self) -> Option<&str> {
        self.stripe_secret_key.as_deref().filter(|key| !key.trim().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_are_addresses_or_networks() {
        assert_eq!(parse_networks("").unwrap(), Networks::default());
        let networks = parse_networks("10.0.0.0/8, ::1").unwrap();
        assert_eq!(networks.0.len(), 2);
        assert!(parse_networks("proxy.example").unwrap_err().contains("proxy.example"));
    }
}
