//! Facts of new clusters.

use super::copied::{Copied, CopiedRows};
use super::incoming::Homed;
use crate::{PgConnection, StoreError};
use domain::fact::Keep;
use sqlx::types::Json;

/// Stores them, or none where one of them is known.
pub(super) async fn copy(connection: &mut PgConnection, rows: &[Homed<'_>]) -> Result<Copied, StoreError> {
    let mut copied = CopiedRows::new();
    for row in rows {
        let Homed { realm, cluster, part, told } = row;
        let fact = told.fact;
        copied.begin_row(15);
        copied.push(realm.project.0)?;
        copied.push(realm.mode.is_live())?;
        copied.push(fact.natural_key.as_str())?;
        copied.push(cluster.0)?;
        copied.push(fact.keep == Keep::First)?;
        copied.push(fact.keep == Keep::Latest)?;
        copied.push(fact.rank)?;
        copied.push(fact.at)?;
        copied.push(fact.event.as_str())?;
        copied.push(told.received_at)?;
        copied.push(row.codes())?;
        copied.push(Json(&fact.identities))?;
        copied.push(Json(&fact.body))?;
        copied.push(*part)?;
        copied.push(told.first_at)?;
    }
    let statement = "COPY facts (project_id, livemode, natural_key, cluster_id, keep_first, keep_latest, rank, occurred_at, event_id, \
                     received_at, codes, links, body, part, first_at) FROM STDIN (FORMAT BINARY)";
    copied.store(connection, statement).await
}
