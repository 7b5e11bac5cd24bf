//! Who of a batch would wait for somebody who does not let go.
//!
//! A replay holds the customers of a project for minutes, a person in `psql` holds a row for as long as a phone call, a
//! frozen worker what it had locked when it froze. Nobody else is to wait for them.

use super::incoming::Incoming;
use super::plans::Planned;
use super::{Item, barrier, clusters};
use crate::ledger::lock;
use crate::{PgConnection, StoreError};
use domain::ids::Realm;
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

/// The places of those items that touch something which somebody else holds now. It waits for nothing. In a transaction
/// of its own, which is rolled back: what is free is locked until then.
///
/// # Errors
/// When the database fails.
pub async fn occupied(
    connection: &mut PgConnection,
    items: &[impl Borrow<Item>],
) -> Result<BTreeSet<usize>, StoreError> {
    super::plans::pin(connection, Planned::EachTime, None).await?;
    let realms: BTreeSet<Realm> = items.iter().map(|item| item.borrow().realm).collect();
    let mut busy = BTreeSet::new();
    for realm in realms {
        if !(barrier::is_free(connection, realm).await? && lock::is_free(connection, realm).await?) {
            busy.insert(realm);
        }
    }
    let mut told: BTreeMap<Realm, Vec<Incoming<'_>>> = BTreeMap::new();
    for item in items.iter().map(Borrow::borrow) {
        let received_at = item.event.received_at;
        let incoming = item.facts.iter().map(|fact| Incoming::new(fact, received_at));
        told.entry(item.realm).or_default().extend(incoming);
    }
    let held = clusters::held(connection, &told).await?;
    let touches = |item: &Item| {
        let Some(held) = held.get(&item.realm) else { return false };
        item.facts.iter().flat_map(|fact| &fact.identities).any(|key| held.contains(key))
    };
    let is_occupied = |item: &Item| busy.contains(&item.realm) || touches(item);
    let places = items.iter().enumerate().filter(|(_, item)| is_occupied((*item).borrow()));
    Ok(places.map(|(place, _)| place).collect())
}
