//! Where notifications are sent to: making, changing, trying and repeating.

mod change;
mod redeliver;
mod secrets;
mod test;

pub use change::{Draft, MOST, create, delete, enable, find, update};
pub use redeliver::{Redelivered, redeliver};
pub use secrets::rotate_secret;
pub use test::{Tested, test};

use crate::Error;
use domain::notification::Event;
use notify::{Client, Lookup, Policy, Secret, SystemLookup, Target};
use sealing::Sealer;
use std::sync::Arc;
use store::webhook_endpoints::ALL_EVENTS;

/// What endpoints are reached and signed with, in this process.
#[derive(Clone)]
pub struct Outgoing {
    client: Client,
    lookup: Arc<dyn Lookup>,
    sealer: Sealer,
}

impl Outgoing {
    /// Reaches what the policy allows.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(policy: Policy, sealer: Sealer) -> Result<Self, notify::Unusable> {
        let lookup: Arc<dyn Lookup> = Arc::new(SystemLookup);
        Ok(Self { client: Client::new(policy, &lookup)?, lookup, sealer })
    }

    /// Refuses what will not be sent to.
    async fn check(&self, url: &str) -> Result<(), Error> {
        let refused = |refused: notify::Refused| Error::invalid("url", format!("url {}", words(&refused)));
        let target = Target::parse(url, self.client.policy()).map_err(refused)?;
        target.check_name(self.client.policy(), self.lookup.as_ref()).await.map_err(refused)
    }

    /// The secrets that are valid, in clear.
    fn open(&self, stored: &[String]) -> Result<Vec<Secret>, Error> {
        let secrets = stored.iter().map(|stored| {
            let secret = self
                .sealer
                .open(stored)
                .map_err(|error| Error::Defect("a secret cannot be read", error.into()))?;
            Secret::parse(&secret).map_err(|error| Error::Defect("a secret cannot be used", error.into()))
        });
        secrets.collect()
    }
}

/// A refusal as the end of a sentence that the field begins.
fn words(refused: &notify::Refused) -> String {
    match refused {
        notify::Refused::Address(why) => format!("must not lead there: {why}"),
        other => other.to_string(),
    }
}

/// A secret that is named, or a new one.
#[expect(clippy::disallowed_methods, reason = "a secret is what nobody made before")]
fn secret(named: Option<&str>) -> Result<Secret, Error> {
    match named {
        Some(text) => {
            Secret::parse(text).map_err(|error| Error::invalid("secret", format!("secret {error}")))
        }
        None => Ok(Secret::of(rand::random())),
    }
}

/// Names of events, each once; `*` for all.
fn events(named: &[String]) -> Result<Vec<String>, Error> {
    if named.is_empty() {
        return Err(Error::invalid("events", "events must name an event, or be [\"*\"]"));
    }
    if named.iter().any(|name| name == ALL_EVENTS) {
        return Ok(vec![ALL_EVENTS.to_owned()]);
    }
    let mut known = Vec::new();
    for name in named {
        if Event::parse(name).is_none() {
            let all: Vec<&str> = Event::ALL.iter().map(|event| event.as_str()).collect();
            let message = format!("events: there is no event {name:?}; there are: *, {}", all.join(", "));
            return Err(Error::invalid("events", message));
        }
        if !known.contains(name) {
            known.push(name.clone());
        }
    }
    Ok(known)
}
