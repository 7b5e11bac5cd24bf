//! Commands that the REST API accepted, in the form in which they travel and are kept.
//!
//! They are stored in the inbox beside Stripe's events, so that a replay needs nothing else.

use super::fact::{Fact, FactBody, Keep, PostedConversion, ReferralRegistered, Who};
use super::key::Key;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A command that changes what the fold sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// A conversion was posted, changed or deleted.
    Conversion {
        /// 0 when it was posted, then one more with each change.
        revision: i64,
        /// When the API accepted it.
        accepted_at: DateTime<Utc>,
        /// The conversion as it now stands.
        conversion: PostedConversion,
    },
    /// A referral was registered.
    Referral {
        /// Names the registration; a referral may have several.
        id: i64,
        /// 0 when it was registered, then one more with each change.
        revision: i64,
        /// When the API accepted it.
        accepted_at: DateTime<Utc>,
        /// The referral as it now stands.
        referral: ReferralRegistered,
    },
}

impl Command {
    /// The name under which the command is kept in the inbox.
    #[must_use]
    pub fn event_id(&self) -> String {
        match self {
            Self::Conversion { revision, conversion, .. } => {
                format!("conversion:{}:{revision}", conversion.conversion)
            }
            Self::Referral { id, revision, .. } => format!("referral:{id}:{revision}"),
        }
    }

    /// The command's type, as the inbox shows it.
    #[must_use]
    pub fn event_type(&self) -> &'static str {
        match self {
            Self::Conversion { .. } => "api.conversion",
            Self::Referral { .. } => "api.referral",
        }
    }

    /// When what it tells happened.
    #[must_use]
    pub fn occurred_at(&self) -> DateTime<Utc> {
        match self {
            Self::Conversion { conversion, .. } => conversion.occurred_at,
            Self::Referral { referral, .. } => referral.occurred_at,
        }
    }

    /// The fact that the command tells.
    #[must_use]
    pub fn into_fact(self) -> Fact {
        let event = self.event_id();
        match self {
            Self::Conversion { revision, conversion, .. } => {
                let mut links = identities(&conversion.who);
                links.push(conversion.payment.clone());
                links.push(Key::conversion(conversion.conversion));
                Fact {
                    natural_key: format!("posted:{}", conversion.conversion),
                    keep: Keep::Last,
                    rank: revision,
                    at: conversion.occurred_at,
                    event,
                    links,
                    body: FactBody::Posted(conversion),
                }
            }
            Self::Referral { id, revision, referral, .. } => Fact {
                natural_key: format!("referral:{id}"),
                keep: Keep::Last,
                rank: revision,
                at: referral.occurred_at,
                event,
                links: {
                    let mut links = identities(&referral.who);
                    links.push(Key::referral(referral.first.unwrap_or(id)));
                    links
                },
                body: FactBody::Referral(referral),
            },
        }
    }
}

fn identities(who: &Who) -> Vec<Key> {
    let email = who.email.as_deref().and_then(Key::email);
    let user = who.external_id.as_deref().map(Key::user);
    email.into_iter().chain(user).chain(who.stripe_customer.clone()).collect()
}
