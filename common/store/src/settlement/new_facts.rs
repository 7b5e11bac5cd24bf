//! Facts of new clusters.

use super::copied::{Copied, CopiedRows};
use super::incoming::Homed;
use crate::{PgConnection, StoreError};
use domain::directory::mentioned;
use domain::fact::Keep;
use sqlx::types::Json;

/// Stores them, or none where one of them is known.
pub(super) async fn copy(connection: &mut PgConnection, rows: &[Homed<'_>]) -> Result<Copied, StoreError> {
    let mut copied = CopiedRows::new();
    for Homed { realm, cluster, part, told } in rows {
        let fact = told.fact;
        // As where they are inserted: a line feed in a code splits it.
        let codes: Vec<String> =
            mentioned(fact).iter().flat_map(|code| code.as_str().split('\n').map(str::to_owned)).collect();
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
        copied.push((!codes.is_empty()).then_some(codes))?;
        copied.push(Json(&fact.identities))?;
        copied.push(Json(&fact.body))?;
        copied.push(*part)?;
        copied.push(told.first_at)?;
    }
    let statement = "COPY facts (project_id, livemode, natural_key, cluster_id, keep_first, keep_latest, rank, occurred_at, event_id, \
                     received_at, codes, links, body, part, first_at) FROM STDIN (FORMAT BINARY)";
    copied.store(connection, statement).await
}
