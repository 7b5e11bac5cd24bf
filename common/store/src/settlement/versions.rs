//! The earlier states of what may take money back, hold it or decide about it (`domain::fact`, `has_versions`).

use super::BatchError;
use super::cluster_keys::ClusterOfKey;
use super::incoming::Incoming;
use crate::{PgConnection, StoreError, keep::keep as kept, realm};
use domain::fact::{Fact, FactBody, Keep};
use domain::ids::{ClusterId, Realm};
use domain::key::Key;
use domain::settle::KnownFact;
use sqlx::types::Json;
use std::collections::BTreeMap;

/// Keeps each version once.
pub(super) async fn keep(
    connection: &mut PgConnection,
    facts: &BTreeMap<Realm, Vec<Incoming<'_>>>,
    clusters: &ClusterOfKey,
) -> Result<(), StoreError> {
    let all = facts.iter().flat_map(|(realm, facts)| facts.iter().map(move |incoming| (*realm, *incoming)));
    // In key order: two workers wait for one another instead of deadlocking.
    let rows: BTreeMap<(Realm, &str, &str), Incoming<'_>> = all
        .filter(|(_, incoming)| incoming.fact.has_versions())
        .map(|(realm, incoming)| {
            ((realm, incoming.fact.natural_key.as_str(), incoming.fact.event.as_str()), incoming)
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let cluster_of = |(realm, ..): &(Realm, &str, &str), incoming: &Incoming<'_>| {
        let clusters = clusters.get(realm)?;
        incoming.fact.identities.iter().find_map(|key| clusters.get(key)).map(|id| id.0)
    };
    sqlx::query!(
        "INSERT INTO fact_versions (project_id, livemode, natural_key, event_id, cluster_id, keep_first, rank,
                                    occurred_at, received_at, links, body, keep_latest)
         SELECT * FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::TEXT[], $4::TEXT[], $5::BIGINT[], $6::BOOLEAN[], $7::BIGINT[],
                              $8::TIMESTAMPTZ[], $9::TIMESTAMPTZ[], $10::JSONB[], $11::JSONB[], $12::BOOLEAN[])
         ON CONFLICT DO NOTHING",
        &rows.keys().map(|(realm, ..)| realm.project.0).collect::<Vec<_>>(),
        &rows.keys().map(|(realm, ..)| realm.mode.is_live()).collect::<Vec<_>>(),
        &rows.keys().map(|(_, key, _)| (*key).to_owned()).collect::<Vec<_>>(),
        &rows.keys().map(|(.., event)| (*event).to_owned()).collect::<Vec<_>>(),
        &rows.iter().map(|(key, row)| cluster_of(key, row)).collect::<Vec<_>>() as &[Option<i64>],
        &rows.values().map(|row| row.fact.keep == Keep::First).collect::<Vec<_>>(),
        &rows.values().map(|row| row.fact.rank).collect::<Vec<_>>(),
        &rows.values().map(|row| row.fact.at).collect::<Vec<_>>(),
        &rows.values().map(|row| row.received_at).collect::<Vec<_>>(),
        &rows.values().map(|row| Json(&row.fact.identities)).collect::<Vec<_>>() as &[Json<&Vec<Key>>],
        &rows.values().map(|row| Json(&row.fact.body)).collect::<Vec<_>>() as &[Json<&FactBody>],
        &rows.values().map(|row| row.fact.keep == Keep::Latest).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Adds the versions to the facts of the clusters in which a caller spoke of a payment.
pub(super) async fn add(
    connection: &mut PgConnection,
    facts: &mut BTreeMap<(Realm, ClusterId), Vec<KnownFact>>,
) -> Result<(), BatchError> {
    let spoke = |known: &KnownFact| matches!(known.fact.body, FactBody::Posted(_));
    let clusters: Vec<i64> = facts
        .iter()
        .filter(|(_, facts)| facts.iter().any(spoke))
        .map(|((_, cluster), _)| cluster.0)
        .collect();
    if clusters.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query!(
        r#"
        SELECT project_id, livemode, natural_key, event_id, cluster_id, keep_first, keep_latest, rank, occurred_at, received_at,
               links AS "links: Json<Vec<Key>>", body AS "body: Json<FactBody>"
        FROM fact_versions WHERE cluster_id = ANY($1)
        "#,
        &clusters,
    )
    .fetch_all(connection)
    .await
    .map_err(|error| match error {
        sqlx::Error::ColumnDecode { source, .. } => BatchError::Unreadable(format!("a fact: {source}")),
        other => other.into(),
    })?;
    for row in rows {
        let home = (realm(row.project_id, row.livemode), ClusterId(row.cluster_id));
        let fact = Fact {
            natural_key: row.natural_key,
            keep: kept(row.keep_first, row.keep_latest),
            rank: row.rank,
            at: row.occurred_at,
            event: row.event_id,
            identities: row.links.0,
            body: row.body.0,
        };
        facts.entry(home).or_default().push(KnownFact::new(fact, row.received_at));
    }
    Ok(())
}
