//! The services' own options, as their command lines read them, so that tests run with what users
//! run with.

use anyhow::Result;
use clap::Parser;
use common::config::{HttpArgs, NotifyArgs, QueueArgs, StripeArgs, WatchArgs};

/// The options of both roles.
#[derive(Clone, Parser)]
pub(crate) struct Options {
    #[command(flatten)]
    pub(crate) queue: QueueArgs,
    #[command(flatten)]
    pub(crate) http: HttpArgs,
    #[command(flatten)]
    pub(crate) stripe: StripeArgs,
    #[command(flatten)]
    pub(crate) notify: NotifyArgs,
    #[command(flatten)]
    pub(crate) watch: WatchArgs,
}

/// Without limits, on any port. An option beats the environment, also when it is empty.
pub(crate) fn options(prefix: &str, amqp_url: Option<&str>) -> Result<Options> {
    let arguments = [
        "tests",
        "--queue-prefix",
        prefix,
        "--amqp-url",
        amqp_url.unwrap_or_default(),
        "--stripe-secret-key",
        "",
        "--listen-addr",
        "127.0.0.1:0",
        "--notify-allow-networks",
        "127.0.0.0/8",
        "--console",
        "on",
        "--drain-seconds",
        "0",
        "--rate-limit-per-ip-per-minute",
        "0",
        "--rate-limit-per-key-per-hour",
        "0",
    ];
    Ok(Options::try_parse_from(arguments)?)
}
