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

use super::cause::Causes;
use super::customers::CustomerRows;
use super::merged;
use super::work::Folded;
use super::written::Written;
use crate::{PgConnection, StoreError};
use domain::ids::{ClusterId, ConversionId};
use row::{Row, Target};
use save::Missing;
use standing::Standing;

/// Writes the difference, and tells what the ledger has to say of every row.
pub(super) async fn write(
    connection: &mut PgConnection,
    folded: &[Folded],
    customers: &CustomerRows,
    causes: &Causes,
) -> Result<Vec<Written>, StoreError> {
    let mut standing = Standing::load(connection, folded).await?;
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
                let (realm, is_of_new_cluster) = (cluster.realm, cluster.is_new);
                missing.push(Missing { realm, target, conversion, cause: cause.clone(), is_of_new_cluster });
                continue;
            };
            let differs = row != target.row;
            let first = row.is_pending().then(|| conversion.event.clone());
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
    merged::merge(connection, &merged).await?;
    save::forget(connection, &forgotten).await?;
    save::update(connection, &changed).await?;
    written.extend(save::insert(connection, &missing).await?);
    Ok(written)
}
