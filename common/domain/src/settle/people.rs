//! Who is one customer.
//!
//! Facts that share a Stripe customer, a user id, a subscription or a payment speak of one person.
//! An e-mail address is weaker: facts that know nothing else about a person are taken to be the
//! person of that address, and that one is the same as a better known person only when exactly
//! one such person carries the address (SEMANTICS 4 g).

use super::KnownFact;
use crate::directory::Directory;
use crate::fact::{Fact, FactBody, TouchMethod};
use crate::key::{Key, KeyKind};
use crate::union_find::UnionFind;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// A person as the facts know them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    /// The key that names the person.
    pub(super) anchor: Key,
    /// Every key of theirs, the addresses' included.
    pub(super) keys: BTreeSet<Key>,
    /// The address, as it was last written.
    pub(super) email: Option<String>,
    /// Event time of the first fact that tells of the person; `None` when all there is waits for a
    /// payment.
    pub(super) first_seen_at: Option<DateTime<Utc>>,
    /// When the API was first told that the person has paid.
    pub(super) converted_at: Option<DateTime<Utc>>,
    /// Metadata `commission: false` on the customer.
    pub(super) no_commission: Option<Key>,
}

impl Person {
    pub(super) fn emails(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter().filter(|key| key.kind() == KeyKind::Email)
    }

    pub(super) fn stripe_customers(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter().filter(|key| key.kind() == KeyKind::StripeCustomer)
    }
}

/// All people of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct People {
    /// By anchor.
    pub(super) by_anchor: BTreeMap<Key, Person>,
    /// The anchor of the person whom a key other than an address names.
    anchors: BTreeMap<Key, Key>,
    /// The anchor of the person whom facts with nothing but this address concern.
    by_email_alone: BTreeMap<Key, Key>,
}

impl People {
    /// The anchor of the person whom a fact concerns.
    pub(super) fn of(&self, fact: &Fact) -> Option<&Key> {
        self.of_keys(&fact.links)
    }

    /// The anchor of the person whom these keys name.
    pub(super) fn of_keys<'a>(&self, keys: impl IntoIterator<Item = &'a Key> + Clone) -> Option<&Key> {
        keys.clone()
            .into_iter()
            .find_map(|key| self.anchors.get(key))
            .or_else(|| keys.into_iter().find_map(|key| self.by_email_alone.get(key)))
    }
}

/// Groups the facts' keys into people.
pub(super) fn people(facts: &[KnownFact], directory: &Directory) -> People {
    let mut sets = UnionFind::default();
    for KnownFact { fact, .. } in facts {
        sets.join(fact.links.iter().filter(|key| is_strong(key)));
    }
    join_signed_up(facts, directory, &mut sets);
    // The addresses that each set's facts carry.
    let mut emails: BTreeMap<Key, BTreeSet<Key>> = BTreeMap::new();
    let mut alone: BTreeSet<Key> = BTreeSet::new();
    for KnownFact { fact, .. } in facts {
        let addresses = fact.links.iter().filter(|key| !is_strong(key)).cloned();
        match fact.links.iter().find(|key| is_strong(key)) {
            Some(strong) => emails.entry(sets.root(strong)).or_default().extend(addresses),
            None => alone.extend(addresses),
        }
    }
    let mut known: BTreeMap<Key, Vec<Key>> = BTreeMap::new();
    let mut guests: Vec<(Key, Vec<Key>)> = Vec::new();
    for (root, keys) in sets.sets() {
        if keys.iter().any(names_a_customer) {
            known.insert(root, keys);
        } else {
            guests.push((root, keys));
        }
    }
    // Who carries an address, among those who are known by more than it.
    let mut carriers: BTreeMap<&Key, BTreeSet<&Key>> = BTreeMap::new();
    for root in known.keys() {
        for email in emails.get(root).into_iter().flatten() {
            carriers.entry(email).or_default().insert(root);
        }
    }
    let person_of_email = |email: &Key| -> Key {
        match carriers.get(email) {
            Some(roots) if roots.len() == 1 => {
                roots.first().map_or_else(|| email.clone(), |root| (*root).clone())
            }
            Some(_) | None => email.clone(),
        }
    };

    let mut grouped: BTreeMap<Key, BTreeSet<Key>> = BTreeMap::new();
    let mut by_email_alone = BTreeMap::new();
    for (root, keys) in &known {
        let addresses = emails.get(root).into_iter().flatten().cloned();
        grouped.entry(root.clone()).or_default().extend(keys.iter().cloned().chain(addresses));
    }
    for (root, keys) in guests {
        let addresses = emails.get(&root).cloned().unwrap_or_default();
        let home = addresses.first().map_or(root, &person_of_email);
        grouped.entry(home).or_default().extend(keys.into_iter().chain(addresses));
    }
    for email in alone {
        let home = person_of_email(&email);
        grouped.entry(home.clone()).or_default().insert(email.clone());
        by_email_alone.insert(email, home);
    }
    name(facts, grouped, &by_email_alone)
}

/// A checkout whose `client_reference_id` is neither code nor click, but the company's own id of
/// somebody who is known by it, is theirs (SEMANTICS 4 f).
fn join_signed_up(facts: &[KnownFact], directory: &Directory, sets: &mut UnionFind) {
    let signed_up: BTreeSet<&Key> =
        facts.iter().flat_map(|known| &known.fact.links).filter(|key| key.kind() == KeyKind::User).collect();
    if signed_up.is_empty() {
        return;
    }
    for KnownFact { fact, .. } in facts {
        if let FactBody::Touch(touch) = &fact.body
            && touch.method == TouchMethod::ClientReferenceId
            && directory.look_up(touch.method, &touch.value, fact.at).is_none()
            && let Some(user) = signed_up.get(&Key::user(touch.value.trim()))
        {
            sets.join(fact.links.iter().filter(|key| is_strong(key)).chain([*user]));
        }
    }
}

/// Names each group by its best key and collects what the facts tell of it.
fn name(
    facts: &[KnownFact],
    grouped: BTreeMap<Key, BTreeSet<Key>>,
    by_email_alone: &BTreeMap<Key, Key>,
) -> People {
    let mut people = People::default();
    let mut renamed = BTreeMap::new();
    for (home, keys) in grouped {
        let Some(anchor) = keys.iter().min_by_key(|key| (anchor_rank(key.kind()), *key)).cloned() else {
            continue;
        };
        for key in keys.iter().filter(|key| is_strong(key)) {
            people.anchors.insert(key.clone(), anchor.clone());
        }
        renamed.insert(home, anchor.clone());
        let person = Person {
            anchor: anchor.clone(),
            keys,
            email: None,
            first_seen_at: None,
            converted_at: None,
            no_commission: None,
        };
        people.by_anchor.insert(anchor, person);
    }
    for (email, home) in by_email_alone {
        if let Some(anchor) = renamed.get(home) {
            people.by_email_alone.insert(email.clone(), anchor.clone());
        }
    }
    describe(facts, &mut people);
    people
}

/// Fills in addresses, first sight and flags.
fn describe(facts: &[KnownFact], people: &mut People) {
    let mut written: BTreeMap<Key, (DateTime<Utc>, &str, &str)> = BTreeMap::new();
    for KnownFact { fact, .. } in facts {
        let Some(anchor) = people.of(fact).cloned() else { continue };
        if let Some(email) = email_of(&fact.body).filter(|email| Key::email(email).is_some()) {
            let candidate = (fact.at, fact.event.as_str(), email);
            let latest = written.entry(anchor.clone()).or_insert(candidate);
            if candidate > *latest {
                *latest = candidate;
            }
        }
        let Some(person) = people.by_anchor.get_mut(&anchor) else { continue };
        if let Some(seen) = seen_at(fact) {
            person.first_seen_at = Some(person.first_seen_at.map_or(seen, |first| first.min(seen)));
        }
        if let FactBody::Referral(referral) = &fact.body
            && referral.converted
        {
            let told = referral.occurred_at;
            person.converted_at = Some(person.converted_at.map_or(told, |first| first.min(told)));
        }
        if let FactBody::Customer(customer) = &fact.body
            && customer.no_commission
        {
            person.no_commission = Some(customer.customer.clone());
        }
    }
    for (anchor, (_, _, email)) in written {
        if let Some(person) = people.by_anchor.get_mut(&anchor) {
            person.email = Some(email.trim().to_owned());
        }
    }
}

/// Whether a key alone says that two facts speak of one person.
fn is_strong(key: &Key) -> bool {
    key.kind() != KeyKind::Email
}

/// Whether a key names a customer rather than an object of theirs.
fn names_a_customer(key: &Key) -> bool {
    matches!(key.kind(), KeyKind::StripeCustomer | KeyKind::User)
}

fn anchor_rank(kind: KeyKind) -> u8 {
    match kind {
        KeyKind::StripeCustomer => 0,
        KeyKind::User => 1,
        KeyKind::Email => 2,
        KeyKind::Invoice
        | KeyKind::PaymentIntent
        | KeyKind::Charge
        | KeyKind::Session
        | KeyKind::External
        | KeyKind::Subscription
        | KeyKind::Referral => 3,
    }
}

fn email_of(body: &FactBody) -> Option<&str> {
    match body {
        FactBody::Customer(customer) => customer.email.as_deref(),
        FactBody::Session(session) => session.email.as_deref(),
        FactBody::Invoice(invoice) => invoice.email.as_deref(),
        FactBody::Intent(intent) => intent.email.as_deref(),
        FactBody::Charge(charge) => charge.email.as_deref(),
        FactBody::Posted(posted) => posted.who.email.as_deref(),
        FactBody::Referral(referral) => referral.who.email.as_deref(),
        FactBody::Subscription(_)
        | FactBody::Alias(_)
        | FactBody::Apart(_)
        | FactBody::Touch(_)
        | FactBody::Refund(_)
        | FactBody::ChargeRefunded(_)
        | FactBody::Balance(_)
        | FactBody::Dispute(_)
        | FactBody::InvoiceLines(_)
        | FactBody::CreditNote(_)
        | FactBody::FraudWarning(_)
        | FactBody::Lock(_)
        | FactBody::Verdict(_) => None,
    }
}

/// When a fact shows that a customer exists. Aliases, touches, reversals and decisions alone do not:
/// they wait for what they belong to.
fn seen_at(fact: &Fact) -> Option<DateTime<Utc>> {
    match &fact.body {
        FactBody::Customer(customer) => Some(customer.created),
        FactBody::Subscription(_) | FactBody::Session(_) => Some(fact.at),
        FactBody::Invoice(invoice) => Some(invoice.paid_at),
        FactBody::Intent(intent) => Some(intent.succeeded_at),
        FactBody::Charge(charge) => Some(charge.succeeded_at),
        FactBody::Posted(posted) => Some(posted.occurred_at),
        FactBody::Referral(referral) => Some(referral.occurred_at),
        FactBody::Alias(_)
        | FactBody::Apart(_)
        | FactBody::Touch(_)
        | FactBody::Refund(_)
        | FactBody::ChargeRefunded(_)
        | FactBody::Balance(_)
        | FactBody::Dispute(_)
        | FactBody::InvoiceLines(_)
        | FactBody::CreditNote(_)
        | FactBody::FraudWarning(_)
        | FactBody::Lock(_)
        | FactBody::Verdict(_) => None,
    }
}
