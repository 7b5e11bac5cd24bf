//! Writes the conversions that the fold implies.
//!
//! ```text
//! the fold ─▶ targets ─┐
//!                      ├─▶ what differs ─▶ rows, and what the ledger has to say of them
//! the store ─▶ standing┘
//! ```

mod columns;
mod row;
mod save;
mod standing;

use super::cause::{Cause, Causes};
use super::customers::CustomerRows;
use super::ledger::Amounts;
use super::merged;
use super::work::Folded;
use crate::{PgConnection, StoreError};
use domain::ids::{AffiliateId, ClusterId, ConversionId, Realm};
use domain::key::Key;
use domain::settle::{Conversion, SaidPaid};
use row::{Row, Target};
use save::Missing;
use standing::Standing;

/// A conversion's row after the fold, and what the ledger has to say of it.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) id: ConversionId,
    pub(super) affiliate: Option<AffiliateId>,
    pub(super) currency: String,
    pub(super) amounts: Amounts,
    /// Whether callers of the REST API said anything of its payment.
    pub(super) is_posted: bool,
    /// What callers said has left.
    pub(super) said_paid: Vec<SaidPaid>,
    /// Every name of its payment.
    pub(super) keys: Vec<(Realm, Key)>,
    /// The row's own.
    pub(super) payment: Option<Key>,
    /// The payment's own event, when it is settled for the first time: that it earns needs no other.
    pub(super) first: Option<String>,
    /// What brought about any other movement.
    pub(super) cause: Cause,
    pub(super) rule: Option<i64>,
    /// Whether anything about the row is new.
    pub(super) changed: bool,
    /// Whether the row was made just now: nothing is posted for it yet.
    pub(super) is_new: bool,
}

impl Written {
    /// With what the fold says beside the row.
    fn told_by(self, realm: Realm, conversion: &Conversion) -> Self {
        let keys = conversion.aliases.iter().map(|key| (realm, key.clone())).collect();
        let is_posted = conversion.posted.is_some();
        Self { is_posted, said_paid: conversion.said_paid.clone(), keys, ..self }
    }
}

/// Writes the difference, and tells what the ledger has to say of every row.
pub(super) async fn write(
    conn: &mut PgConnection,
    folded: &[Folded],
    customers: &CustomerRows,
    causes: &Causes,
) -> Result<Vec<Written>, StoreError> {
    let mut standing = Standing::load(conn, folded).await?;
    let mut written = Vec::new();
    let mut missing: Vec<Missing<'_>> = Vec::new();
    let mut changed: Vec<(ConversionId, Target)> = Vec::new();
    let mut merged: Vec<(ConversionId, ConversionId)> = Vec::new();
    for cluster in folded {
        let cause = causes.for_cluster(cluster.cluster);
        for conversion in &cluster.settlement.conversions {
            let customer = conversion
                .customer
                .as_ref()
                .and_then(|anchor| customers.get(&(cluster.cluster, anchor.clone())).copied());
            let target = Target::new(cluster.cluster, conversion, customer)?;
            let mut matches = standing.take(cluster.realm, conversion).into_iter();
            let Some((id, row)) = matches.next() else {
                missing.push(Missing { realm: cluster.realm, target, conversion, cause: cause.clone() });
                continue;
            };
            let differs = row != target.row;
            let first = (row.status == "pending").then(|| conversion.event.clone());
            let row = target.row.written(id, cause.clone(), differs);
            written.push(Written { first, ..row.told_by(cluster.realm, conversion) });
            if differs {
                changed.push((id, target));
            }
            // Two rows turned out to be one payment: the older one stays, the other's ledger is
            // reversed (SEMANTICS 1).
            for (loser, row) in matches {
                merged.push((loser, id));
                let nothing = Row { affiliate_id: None, ..row };
                written.push(nothing.written(loser, cause.clone(), true));
            }
        }
    }
    let mut forgotten = Vec::new();
    for (id, row) in standing.forgotten() {
        let row = row.without_payment();
        let cause = row.cluster_id.map(|id| causes.for_cluster(ClusterId(id))).unwrap_or_default();
        written.push(row.written(id, cause, true));
        forgotten.push((id, row));
    }
    merged::merge(conn, &merged).await?;
    save::forget(conn, &forgotten).await?;
    save::update(conn, &changed).await?;
    written.extend(save::insert(conn, &missing).await?);
    Ok(written)
}
