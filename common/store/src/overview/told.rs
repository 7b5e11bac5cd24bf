//! What was told of a name that has become no payment: what waits, and for what.

use crate::{PgConnection, StoreError, keep::keep, realm};
use domain::fact::{Fact, FactBody};
use domain::ids::{ProjectId, Realm};
use domain::key::Key;
use sqlx::types::Json;

/// Kinds of facts that are named by an object's own id.
const KINDS: [&str; 6] =
    ["refund", "dispute", "credit_note", "fraud_warning", "charge_refunded", "subscription"];

/// Every fact about the thing with this name, and every fact that names it, in any project unless one
/// is named; in order of event time.
///
/// # Errors
/// [`StoreError`]
pub async fn told(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
    name: &str,
) -> Result<Vec<(Realm, Fact)>, StoreError> {
    let own: Vec<String> = KINDS.iter().map(|kind| format!("{kind}:{name}")).collect();
    let names = Key::named(name);
    // By way of the projects, which are few, so that the indexes that begin with one are of use.
    let rows = sqlx::query!(
        r#"
        WITH realms AS (
            SELECT p.id AS project_id, m.livemode
            FROM projects p CROSS JOIN (VALUES (FALSE), (TRUE)) AS m (livemode)
            WHERE $1::BIGINT IS NULL OR p.id = $1
        ), found AS (
            SELECT f.* FROM realms JOIN facts f USING (project_id, livemode) WHERE f.natural_key = ANY($2)
            UNION
            SELECT f.* FROM realms
            JOIN identity_keys k USING (project_id, livemode)
            JOIN facts f ON f.cluster_id = k.cluster_id
            WHERE k.key = ANY($3)
        )
        SELECT project_id AS "project_id!", livemode AS "livemode!", natural_key AS "natural_key!",
               keep_first AS "keep_first!", keep_latest AS "keep_latest!", rank AS "rank!", occurred_at AS "occurred_at!", event_id AS "event_id!",
               links AS "links!: Json<Vec<Key>>", body AS "body!: Json<FactBody>"
        FROM found ORDER BY project_id, livemode, occurred_at, natural_key
        "#,
        project.map(|project| project.0),
        &own,
        &names.iter().map(|key| key.as_str().to_owned()).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    let facts = rows.into_iter().map(|row| {
        let fact = Fact {
            natural_key: row.natural_key,
            keep: keep(row.keep_first, row.keep_latest),
            rank: row.rank,
            at: row.occurred_at,
            event: row.event_id,
            identities: row.links.0,
            body: row.body.0,
        };
        (realm(row.project_id, row.livemode), fact)
    });
    // A cluster holds what concerns others, too: those who share an address.
    let names_it = |fact: &Fact| {
        own.contains(&fact.natural_key) || fact.identities.iter().any(|key| names.contains(key))
    };
    Ok(facts.filter(|(_, fact)| names_it(fact)).collect())
}
