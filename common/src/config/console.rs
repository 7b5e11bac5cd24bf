//! The console's settings.

use super::Networks;
use clap::{Args, ValueEnum};

/// On or off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// It is there.
    On,
    /// It is not.
    #[default]
    Off,
}

/// Whether there is a console, and who is signed in to it without a password.
#[derive(Args, Clone, Debug, Default)]
pub struct ConsoleArgs {
    /// Serve the console for people at /console; `tributary user create` says who may sign in
    #[arg(long, env = "CONSOLE", value_enum, value_name = "on|off", default_value = "off")]
    pub console: Switch,
    /// The header in which a proxy that has signed somebody in says who it is, by the name of `tributary user create`
    #[arg(long, env = "CONSOLE_PROXY_HEADER", value_name = "NAME")]
    pub console_proxy_header: Option<String>,
    /// The proxies that are believed about that: addresses or networks, separated by commas
    #[arg(
        long,
        env = "CONSOLE_PROXIES",
        value_name = "NETS",
        default_value = "",
        hide_default_value = true,
        value_parser = super::parse_networks
    )]
    pub console_proxies: Networks,
}
