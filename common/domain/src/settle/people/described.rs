//! What the facts tell of each person: addresses as they were written, first sight, ids.

use super::{KnownFact, People, Person};
use crate::fact::{AddressEvidence, Fact, FactBody};
use crate::key::{Key, KeyKind};
use chrono::{DateTime, Utc};
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The best word on a person's address: what says most, then what was written last.
pub(super) type Written<'a> = (Reverse<AddressEvidence>, DateTime<Utc>, &'a str, &'a str);

/// The first that named an id.
type Named<'a> = (DateTime<Utc>, &'a str, &'a Key);

/// Fills in addresses, first sight and ids.
pub(super) fn describe(facts: &[KnownFact], people: &mut People) {
    let mut written: BTreeMap<Key, Written<'_>> = BTreeMap::new();
    let mut named: BTreeMap<(Key, KeyKind), Named<'_>> = BTreeMap::new();
    for known in facts {
        let fact = &known.fact;
        let Some(anchor) = people.of(fact).cloned() else { continue };
        if let Some(one) = address(fact) {
            written.entry(anchor.clone()).and_modify(|best| *best = one.max(*best)).or_insert(one);
        }
        for key in &fact.identities {
            let one = (known.first_at, fact.event.as_str(), key);
            let first = named.entry((anchor.clone(), key.kind())).or_insert(one);
            *first = one.min(*first);
        }
        let Some(person) = people.by_anchor.get_mut(&anchor) else { continue };
        if let Some(seen) = known.seen_at() {
            person.first_seen_at = Some(person.first_seen_at.map_or(seen, |first| first.min(seen)));
        }
        if let FactBody::Referral(referral) = &fact.body
            && referral.converted
        {
            let told = referral.occurred_at;
            person.converted_at = Some(person.converted_at.map_or(told, |first| first.min(told)));
        }
    }
    for (anchor, person) in &mut people.by_anchor {
        person.email = written.get(anchor).map(|(_, _, _, email)| email.trim().to_owned());
        person.stripe_customer = first(&named, anchor, KeyKind::StripeCustomer, person);
        person.user = first(&named, anchor, KeyKind::User, person);
    }
}

pub(super) fn address(fact: &Fact) -> Option<Written<'_>> {
    // A former address is told by a fact of its own; the customer's snapshot says the same, or better.
    if matches!(fact.body, FactBody::Address(_)) {
        return None;
    }
    let best = fact.body.addresses().into_iter().find(|one| Key::email(one.email).is_some())?;
    Some((Reverse(best.evidence), fact.at, &fact.event, best.email))
}

/// The first id of a kind; one that no fact names, as a `client_reference_id` does not, is the least.
fn first(
    named: &BTreeMap<(Key, KeyKind), Named<'_>>,
    anchor: &Key,
    kind: KeyKind,
    person: &Person,
) -> Option<Key> {
    let told = named.get(&(anchor.clone(), kind)).map(|(_, _, key)| (*key).clone());
    told.or_else(|| person.keys.iter().find(|key| key.kind() == kind).cloned())
}
