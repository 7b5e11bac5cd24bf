//! Rows of facts.

use super::incoming::Homed;
use super::new_rows::{self, Stored};
use crate::{PgConnection, StoreError};
use chrono::{DateTime, Utc};
use domain::fact::{FactBody, Keep};
use domain::key::Key;
use sqlx::types::Json;

/// Stores facts of which none is known, or none where one of them is.
pub(super) async fn insert(connection: &mut PgConnection, rows: &[Homed<'_>]) -> Result<Stored, StoreError> {
    let columns = Columns::of(rows);
    let statement = sqlx::query!(
        r#"
        INSERT INTO facts (project_id, livemode, natural_key, cluster_id, keep_first, keep_latest, rank, occurred_at,
                           event_id, received_at, codes, links, body, part, first_at)
        SELECT project_id, livemode, natural_key, cluster_id, keep_first, keep_latest, rank, occurred_at, event_id,
               received_at, string_to_array(codes, E'\n'), links, body, part, first_at
        FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::TEXT[], $4::BIGINT[], $5::BOOLEAN[], $6::BIGINT[],
                    $7::TIMESTAMPTZ[], $8::TEXT[], $9::TIMESTAMPTZ[], $10::TEXT[], $11::JSONB[], $12::JSONB[], $13::BOOLEAN[],
                    $14::BIGINT[], $15::TIMESTAMPTZ[])
            AS new (project_id, livemode, natural_key, cluster_id, keep_first, rank, occurred_at, event_id,
                    received_at, codes, links, body, keep_latest, part, first_at)
        "#,
        &columns.projects,
        &columns.livemodes,
        &columns.natural_keys as &[&str],
        &columns.clusters,
        &columns.keep_first,
        &columns.ranks,
        &columns.occurred_at,
        &columns.events as &[&str],
        &columns.received_at,
        &columns.codes as &[Option<String>],
        &columns.links as &[Json<&Vec<Key>>],
        &columns.bodies as &[Json<&FactBody>],
        &columns.keep_latest,
        &columns.parts as &[Option<i64>],
        &columns.first_at,
    );
    new_rows::insert(connection, async |connection| statement.execute(connection).await).await
}

/// Inserts facts; of two with one natural key the one that supersedes the other is kept, here as in [`domain::fact::Fact::supersedes`], and the
/// earlier times, whichever told it (`KnownFact::meet`).
pub(super) async fn upsert(connection: &mut PgConnection, rows: &[Homed<'_>]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(rows);
    sqlx::query!(
        r#"
        INSERT INTO facts (project_id, livemode, natural_key, cluster_id, keep_first, keep_latest, rank, occurred_at,
                           event_id, received_at, codes, links, body, part, first_at)
        SELECT project_id, livemode, natural_key, cluster_id, keep_first, keep_latest, rank, occurred_at, event_id,
               received_at, string_to_array(codes, E'\n'), links, body, part, first_at
        FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::TEXT[], $4::BIGINT[], $5::BOOLEAN[], $6::BIGINT[],
                    $7::TIMESTAMPTZ[], $8::TEXT[], $9::TIMESTAMPTZ[], $10::TEXT[], $11::JSONB[], $12::JSONB[], $13::BOOLEAN[],
                    $14::BIGINT[], $15::TIMESTAMPTZ[])
            AS new (project_id, livemode, natural_key, cluster_id, keep_first, rank, occurred_at, event_id,
                    received_at, codes, links, body, keep_latest, part, first_at)
        ON CONFLICT (project_id, livemode, natural_key) DO UPDATE
        SET received_at = least(facts.received_at, excluded.received_at), part = coalesce(excluded.part, facts.part),
            keep_latest = excluded.keep_latest,
            first_at = least(coalesce(facts.first_at, facts.occurred_at), excluded.first_at),
            (rank, occurred_at, event_id, codes, links, body) = (
                SELECT rank, occurred_at, event_id, codes, links, body
                FROM (VALUES (facts.rank, facts.occurred_at, facts.event_id, facts.codes, facts.links, facts.body),
                             (excluded.rank, excluded.occurred_at, excluded.event_id, excluded.codes, excluded.links,
                              excluded.body)) AS told (rank, occurred_at, event_id, codes, links, body)
                ORDER BY CASE WHEN facts.keep_first THEN (rank, occurred_at, event_id COLLATE "C") END,
                         CASE WHEN excluded.keep_latest THEN (occurred_at, rank, event_id COLLATE "C") END DESC,
                         (rank, occurred_at, event_id COLLATE "C") DESC
                LIMIT 1)
        WHERE excluded.received_at < facts.received_at
           OR excluded.first_at < coalesce(facts.first_at, facts.occurred_at) OR CASE
            WHEN facts.keep_first
            THEN (excluded.rank, excluded.occurred_at, excluded.event_id) < (facts.rank, facts.occurred_at, facts.event_id)
            WHEN excluded.keep_latest
            THEN (excluded.occurred_at, excluded.rank, excluded.event_id) > (facts.occurred_at, facts.rank, facts.event_id)
            ELSE (excluded.rank, excluded.occurred_at, excluded.event_id) > (facts.rank, facts.occurred_at, facts.event_id)
        END
        "#,
        &columns.projects,
        &columns.livemodes,
        &columns.natural_keys as &[&str],
        &columns.clusters,
        &columns.keep_first,
        &columns.ranks,
        &columns.occurred_at,
        &columns.events as &[&str],
        &columns.received_at,
        &columns.codes as &[Option<String>],
        &columns.links as &[Json<&Vec<Key>>],
        &columns.bodies as &[Json<&FactBody>],
        &columns.keep_latest,
        &columns.parts as &[Option<i64>],
        &columns.first_at,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Rows turned into columns for `UNNEST`.
struct Columns<'a> {
    projects: Vec<i64>,
    livemodes: Vec<bool>,
    natural_keys: Vec<&'a str>,
    clusters: Vec<i64>,
    keep_first: Vec<bool>,
    keep_latest: Vec<bool>,
    ranks: Vec<i64>,
    occurred_at: Vec<DateTime<Utc>>,
    events: Vec<&'a str>,
    received_at: Vec<DateTime<Utc>>,
    /// As lines: an array of arrays would have to be rectangular.
    codes: Vec<Option<String>>,
    links: Vec<Json<&'a Vec<Key>>>,
    bodies: Vec<Json<&'a FactBody>>,
    parts: Vec<Option<i64>>,
    first_at: Vec<DateTime<Utc>>,
}

impl<'a> Columns<'a> {
    fn of(rows: &[Homed<'a>]) -> Self {
        let facts = || rows.iter().map(|row| row.told.fact);
        Self {
            projects: rows.iter().map(|row| row.realm.project.0).collect(),
            livemodes: rows.iter().map(|row| row.realm.mode.is_live()).collect(),
            natural_keys: facts().map(|fact| fact.natural_key.as_str()).collect(),
            clusters: rows.iter().map(|row| row.cluster.0).collect(),
            keep_first: facts().map(|fact| fact.keep == Keep::First).collect(),
            keep_latest: facts().map(|fact| fact.keep == Keep::Latest).collect(),
            ranks: facts().map(|fact| fact.rank).collect(),
            occurred_at: facts().map(|fact| fact.at).collect(),
            events: facts().map(|fact| fact.event.as_str()).collect(),
            received_at: rows.iter().map(|row| row.told.received_at).collect(),
            codes: rows.iter().map(Homed::codes).collect(),
            links: facts().map(|fact| Json(&fact.identities)).collect(),
            bodies: facts().map(|fact| Json(&fact.body)).collect(),
            parts: rows.iter().map(|row| row.part).collect(),
            first_at: rows.iter().map(|row| row.told.first_at).collect(),
        }
    }
}
