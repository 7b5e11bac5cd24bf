//! Commands that the REST API or the command line accepted, in the form in which they travel and are kept.
//!
//! They are stored in the inbox beside Stripe's events, so that a replay needs nothing else.

use super::decision::{Lock, Verdict};
use super::fact::{
    ConversionChange, CustomerIds, Fact, FactBody, Keep, PostedConversion, PostedWord, ReferralRegistered,
};
use super::key::Key;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A command that changes what the fold sees.
#[expect(clippy::large_enum_variant, reason = "nearly every command is a conversion")]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// A conversion was posted, changed or deleted.
    Conversion {
        /// 0 when it was posted, then one more with each change.
        revision: i64,
        /// When the API accepted it.
        accepted_at: DateTime<Utc>,
        /// The conversion as it now stands, as far as its own caller knows.
        conversion: PostedConversion,
        /// What a change says. `None`: it was posted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        change: Option<ConversionChange>,
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
    /// A person locked a customer to an affiliate, or released it.
    Lock {
        /// Names the decision; of two on one customer the greater one stands.
        id: i64,
        /// When it was accepted.
        accepted_at: DateTime<Utc>,
        /// The decision.
        lock: Lock,
    },
    /// A person held, released or rejected the commission of a payment.
    Verdict {
        /// Names the decision; of two on one payment the greater one stands.
        id: i64,
        /// When it was accepted.
        accepted_at: DateTime<Utc>,
        /// The decision.
        verdict: Verdict,
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
            Self::Lock { id, .. } => format!("lock:{id}"),
            Self::Verdict { id, .. } => format!("verdict:{id}"),
        }
    }

    /// The command's type, as the inbox shows it.
    #[must_use]
    pub fn event_type(&self) -> &'static str {
        match self {
            Self::Conversion { .. } => "api.conversion",
            Self::Referral { .. } => "api.referral",
            Self::Lock { .. } => "person.lock",
            Self::Verdict { .. } => "person.verdict",
        }
    }

    /// When what it tells happened.
    #[must_use]
    pub fn occurred_at(&self) -> DateTime<Utc> {
        match self {
            Self::Conversion { conversion, .. } => conversion.occurred_at,
            Self::Referral { referral, .. } => referral.occurred_at,
            Self::Lock { lock, .. } => lock.audit.decided_at,
            Self::Verdict { verdict, .. } => verdict.audit.decided_at,
        }
    }

    /// The fact that the command tells.
    #[must_use]
    pub fn into_fact(self) -> Fact {
        let event = self.event_id();
        match self {
            Self::Conversion { revision, accepted_at, conversion, change } => {
                let mut identities = identities(&conversion.who);
                identities.push(conversion.payment.clone());
                identities.push(Key::conversion(conversion.conversion));
                identities.extend(change.iter().filter_map(|change| change.reference.clone()));
                Fact {
                    natural_key: format!("posted:{}", conversion.conversion),
                    keep: Keep::Highest,
                    rank: revision,
                    at: conversion.occurred_at,
                    event,
                    identities,
                    body: FactBody::Posted(PostedWord { conversion, said_at: Some(accepted_at), change }),
                }
            }
            Self::Referral { id, revision, referral, .. } => Fact {
                natural_key: format!("referral:{id}"),
                keep: Keep::Highest,
                rank: revision,
                at: referral.occurred_at,
                event,
                identities: {
                    let mut identities = identities(&referral.who);
                    identities.push(Key::referral(referral.first.unwrap_or(id)));
                    identities
                },
                body: FactBody::Referral(referral),
            },
            Self::Lock { id, lock, .. } => Fact {
                natural_key: format!("lock:{}", lock.customer),
                keep: Keep::Highest,
                rank: id,
                at: lock.audit.decided_at,
                event,
                identities: vec![lock.customer.clone()],
                body: FactBody::Lock(lock),
            },
            Self::Verdict { id, verdict, .. } => Fact {
                natural_key: format!("verdict:{}", verdict.payment),
                keep: Keep::Highest,
                rank: id,
                at: verdict.audit.decided_at,
                event,
                identities: vec![verdict.payment.clone()],
                body: FactBody::Verdict(verdict),
            },
        }
    }
}

fn identities(who: &CustomerIds) -> Vec<Key> {
    let email = who.email.as_deref().and_then(Key::email);
    let user = who.external_id.as_deref().map(Key::user);
    email.into_iter().chain(user).chain(who.stripe_customer.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::decision::{Audit, LockedTo, Ruling};
    use super::super::ids::AffiliateId;
    use super::*;

    fn audit() -> Audit {
        let decided_at = "2026-01-31T12:00:00Z".parse().unwrap();
        Audit { actor: "dana".to_owned(), reason: "they \"asked\"".to_owned(), decided_at }
    }

    fn lock(to: LockedTo) -> Command {
        let lock = Lock { customer: Key::stored("cus_1".to_owned()), to, audit: audit() };
        Command::Lock { id: 7, accepted_at: lock.audit.decided_at, lock }
    }

    /// What is written once is read for ever: it lies in the inbox.
    #[test]
    fn every_command_that_was_ever_written_stays_readable() {
        let golden = [
            (
                r#"{"command":"conversion","revision":1,"accepted_at":"2026-01-31T12:00:00Z","conversion":{"conversion":7,"payment":"external:order-1","kind":"purchase","value":null,"base":1050,"currency":"usd","affiliate":3,"referral_code":null,"coupon_code":null,"who":{"email":"a@b.example","stripe_customer":null,"external_id":null},"occurred_at":"2026-01-31T11:00:00Z","paid":false,"deleted":false}}"#,
                "conversion:7:1",
            ),
            (
                r#"{"command":"conversion","revision":2,"accepted_at":"2026-01-31T12:00:00Z","conversion":{"conversion":7,"payment":"in_1","kind":"purchase","value":500,"base":1050,"currency":"usd","affiliate":3,"referral_code":null,"coupon_code":null,"who":{"email":"a@b.example","stripe_customer":null,"external_id":null},"occurred_at":"2026-01-31T11:00:00Z","paid":true,"deleted":false},"change":{"currency":"usd","value":{"minor":500},"paid":true,"reference":"external:order-2"}}"#,
                "conversion:7:2",
            ),
            (
                r#"{"command":"referral","id":4,"revision":0,"accepted_at":"2026-01-31T12:00:00Z","referral":{"who":{"email":"a@b.example","stripe_customer":"cus_1","external_id":"42"},"affiliate":null,"referral_code":"ANNA","occurred_at":"2026-01-31T12:00:00Z"}}"#,
                "referral:4:0",
            ),
            (
                r#"{"command":"lock","id":7,"accepted_at":"2026-01-31T12:00:00Z","lock":{"customer":"cus_1","to":{"affiliate":3},"actor":"dana","reason":"they asked","decided_at":"2026-01-31T12:00:00Z"}}"#,
                "lock:7",
            ),
            (
                r#"{"command":"lock","id":8,"accepted_at":"2026-01-31T12:00:00Z","lock":{"customer":"email:a@b.example","to":"nobody","actor":"dana","reason":"staff","decided_at":"2026-01-31T12:00:00Z"}}"#,
                "lock:8",
            ),
            (
                r#"{"command":"verdict","id":9,"accepted_at":"2026-01-31T12:00:00Z","verdict":{"payment":"in_1","ruling":"reject","actor":"dana","reason":"fraud","decided_at":"2026-01-31T12:00:00Z"}}"#,
                "verdict:9",
            ),
        ];
        for (json, event_id) in golden {
            let command: Command =
                serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"));
            assert_eq!(command.event_id(), event_id);
            let again = serde_json::to_string(&command).unwrap();
            assert_eq!(serde_json::from_str::<Command>(&again).unwrap(), command);
        }
    }

    #[test]
    fn decisions_are_stored_as_facts_and_read_back() {
        let to = [LockedTo::Affiliate(AffiliateId(3)), LockedTo::Nobody, LockedTo::Released];
        let verdict =
            Verdict { payment: Key::stored("in_1".to_owned()), ruling: Ruling::Hold, audit: audit() };
        let verdict = Command::Verdict { id: 9, accepted_at: audit().decided_at, verdict };
        for command in to.map(lock).into_iter().chain([verdict]) {
            let fact = command.into_fact();
            let stored = serde_json::to_string(&fact).unwrap();
            assert_eq!(serde_json::from_str::<Fact>(&stored).unwrap(), fact, "{stored}");
        }
    }

    #[test]
    fn of_two_decisions_on_one_subject_the_one_with_the_greater_number_stands() {
        let (first, Command::Lock { accepted_at, lock, .. }) =
            (lock(LockedTo::Nobody), lock(LockedTo::Released))
        else {
            panic!("a lock is a lock")
        };
        let second = Command::Lock { id: 8, accepted_at, lock };
        let (first, second) = (first.into_fact(), second.into_fact());
        assert_eq!(first.natural_key, second.natural_key);
        assert!(second.supersedes(&first) && !first.supersedes(&second));
    }
}
