//! The inbox, as people look at it.

mod consequences;

pub use consequences::{Arrival, Consequence, consequences};

use super::{PgConnection, StoreError};
use crate::page::{COUNTED, LOOKED_AT, Page, Position, Rows};
use chrono::{DateTime, Utc};
use domain::ids::Realm;

/// An event, without its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Order of settlement.
    pub id: i64,
    /// `evt_…`, or the name of a command.
    pub event: String,
    /// Where it came from: `stripe`, `api`, `fetched` …
    pub source: String,
    /// Stripe's type, or the command's.
    pub kind: String,
    /// Its own time.
    pub occurred_at: DateTime<Utc>,
    /// When it was accepted.
    pub received_at: DateTime<Utc>,
    /// When its effects were committed.
    pub settled_at: DateTime<Utc>,
    /// Why it has none, when it has none.
    pub ignored: Option<String>,
    /// W3C trace context of the request that brought it.
    pub traceparent: Option<String>,
}

/// Which events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this type.
    pub kind: Option<String>,
    /// With effects, or without.
    pub ignored: Option<bool>,
    /// From there.
    pub source: Option<String>,
    /// Of this name.
    pub event: Option<String>,
}

/// The provider of most events: of it alone no index is kept.
const MOST_COME_FROM: &str = "stripe";

impl Filter {
    fn is_of_a_rare_source(&self) -> bool {
        self.source.as_deref().is_some_and(|source| source != MOST_COME_FROM)
    }

    /// Whether some rows that an index leads to may not pass.
    fn leaves_out(&self) -> bool {
        let asked = [self.kind.is_some(), self.source.is_some(), self.ignored.is_some()];
        let known = self.source.as_deref() != Some(MOST_COME_FROM) && self.ignored != Some(false);
        !known || asked.into_iter().filter(|asked| *asked).count() > 1
    }
}

// A list of one project goes by an index of that project. `project_id = ANY(ARRAY[…])` keeps the column in the order that is asked for, so
// that the primary key, which has the events of all projects, cannot be walked backwards instead, past everybody else's (ADR 79).

/// The number behind so many events of the index that leads to what passes a filter, whatever else it asks for; none when there are fewer.
async fn horizon(
    connection: &mut PgConnection,
    realm: Realm,
    filter: &Filter,
    before: Option<i64>,
    rows: i64,
) -> Result<Option<i64>, StoreError> {
    let by_source = filter.kind.is_none() && filter.is_of_a_rare_source();
    let number = sqlx::query_scalar!(
        "SELECT id FROM events
         WHERE project_id = ANY(ARRAY[$1::BIGINT]) AND livemode = $2 AND ($3::BIGINT IS NULL OR id < $3)
           AND ($4::TEXT IS NULL OR event_type = $4) AND ($5::TEXT IS NULL OR (source = $5 AND source <> 'stripe'))
           AND ($6::BOOLEAN IS NOT TRUE OR ignored IS NOT NULL)
         ORDER BY project_id, livemode, id DESC LIMIT 1 OFFSET $7",
        realm.project.0,
        realm.mode.is_live(),
        before,
        filter.kind,
        filter.source.as_deref().filter(|_| by_source),
        filter.kind.is_none() && !by_source && filter.ignored == Some(true),
        rows,
    );
    Ok(number.fetch_optional(connection).await?)
}

/// The numbers of the events of the name that a filter asks for, of whichever account at a provider; none when it asks for no name.
async fn named(
    connection: &mut PgConnection,
    realm: Realm,
    filter: &Filter,
) -> Result<Option<Vec<i64>>, StoreError> {
    let Some(event) = &filter.event else { return Ok(None) };
    // From one account to the next in the index of names, which has the account before the name. Its order is asked for: where statistics
    // know nothing of a project, any index that begins with projects is as good to the planner.
    let ids = sqlx::query_scalar!(
        r#"WITH RECURSIVE accounts AS (
             (SELECT account FROM events WHERE project_id = $1 AND livemode = $2 ORDER BY account LIMIT 1)
             UNION ALL
             SELECT (SELECT e.account FROM events e
                     WHERE e.project_id = $1 AND e.livemode = $2 AND e.account > a.account ORDER BY e.account LIMIT 1)
             FROM accounts a WHERE a.account IS NOT NULL
           )
           SELECT found.id AS "id!" FROM accounts a CROSS JOIN LATERAL (
             SELECT e.id FROM events e
             WHERE e.project_id = ANY(ARRAY[$1::BIGINT]) AND e.livemode = $2
               AND (e.account, e.event_id) >= (a.account, $3) AND (e.account, e.event_id) <= (a.account, $3)
             ORDER BY e.project_id, e.livemode, e.account, e.event_id LIMIT 1
           ) found"#,
        realm.project.0,
        realm.mode.is_live(),
        event,
    );
    Ok(Some(ids.fetch_all(connection).await?))
}

/// A page of the events with these numbers that pass the rest of the filter.
async fn of_name(
    connection: &mut PgConnection,
    realm: Realm,
    filter: &Filter,
    page: &Page,
    named: &[i64],
) -> Result<Rows<Event>, StoreError> {
    let rows = sqlx::query_as!(
        Event,
        r#"SELECT e.id AS "id!", e.event_id AS "event!", e.source AS "source!", e.event_type AS "kind!", e.occurred_at AS "occurred_at!",
                  e.received_at AS "received_at!", e.settled_at AS "settled_at!", e.ignored, e.traceparent
           FROM UNNEST($3::BIGINT[]) AS named (id)
           CROSS JOIN LATERAL (SELECT * FROM events WHERE events.id = named.id OFFSET 0) e
           WHERE e.project_id = $1 AND e.livemode = $2 AND ($4::BIGINT IS NULL OR e.id < $4)
             AND ($5::TEXT IS NULL OR e.event_type = $5)
             AND ($6::BOOLEAN IS NULL OR (CASE WHEN $6 THEN e.ignored IS NOT NULL ELSE e.ignored IS NULL END))
             AND ($7::TEXT IS NULL OR e.source = $7)
           ORDER BY e.id DESC LIMIT $8 OFFSET $9"#,
        realm.project.0,
        realm.mode.is_live(),
        named,
        page.after.map(|after| after.id),
        filter.kind,
        filter.ignored,
        filter.source,
        page.limit.saturating_add(1),
        page.offset,
    );
    Ok(Rows::cut(rows.fetch_all(connection).await?, page))
}

/// A page of the events that pass the filter, those that were settled last first. Of a filter that no index knows, where the page may stop,
/// those among the next [`LOOKED_AT`] alone.
///
/// # Errors
/// [`StoreError`]
pub async fn page(
    connection: &mut PgConnection,
    realm: Realm,
    filter: &Filter,
    page: &Page,
) -> Result<Rows<Event>, StoreError> {
    let before = page.after.map(|after| after.id);
    if let Some(named) = named(connection, realm, filter).await? {
        return of_name(connection, realm, filter, page, &named).await;
    }
    let horizon = if page.may_stop && filter.leaves_out() {
        horizon(connection, realm, filter, before, LOOKED_AT).await?
    } else {
        None
    };
    let rows = sqlx::query_as!(
        Event,
        r#"SELECT id, event_id AS event, source, event_type AS kind, occurred_at, received_at, settled_at, ignored, traceparent
           FROM events
           WHERE project_id = ANY(ARRAY[$1::BIGINT]) AND livemode = $2 AND ($3::BIGINT IS NULL OR id < $3)
             AND ($9::BIGINT IS NULL OR id >= $9)
             AND ($4::TEXT IS NULL OR event_type = $4)
             AND ($5::BOOLEAN IS NULL OR (CASE WHEN $5 THEN ignored IS NOT NULL ELSE ignored IS NULL END))
             AND ($6::TEXT IS NULL OR source = $6)
           ORDER BY project_id, livemode, id DESC LIMIT $7 OFFSET $8"#,
        realm.project.0,
        realm.mode.is_live(),
        before,
        filter.kind,
        filter.ignored,
        filter.source,
        page.limit.saturating_add(1),
        page.offset,
        horizon,
    );
    let rows = rows.fetch_all(connection).await?;
    // Events are listed by number alone.
    let horizon = horizon.map(|id| Position { at: DateTime::UNIX_EPOCH, id });
    Ok(Rows::bounded(rows, page, horizon))
}

/// How many events pass the filter; none when the index that leads to them has more than [`COUNTED`].
///
/// # Errors
/// [`StoreError`]
pub async fn count(
    connection: &mut PgConnection,
    realm: Realm,
    filter: &Filter,
) -> Result<Option<i64>, StoreError> {
    if filter.event.is_none() && horizon(connection, realm, filter, None, COUNTED).await?.is_some() {
        return Ok(None);
    }
    let named = named(connection, realm, filter).await?;
    let counted = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM events
           WHERE project_id = $1 AND livemode = $2 AND ($3::TEXT IS NULL OR event_type = $3)
             AND ($4::BOOLEAN IS NULL OR (CASE WHEN $4 THEN ignored IS NOT NULL ELSE ignored IS NULL END))
             AND ($5::TEXT IS NULL OR source = $5) AND ($6::BIGINT[] IS NULL OR id = ANY($6))"#,
        realm.project.0,
        realm.mode.is_live(),
        filter.kind,
        filter.ignored,
        filter.source,
        named.as_deref(),
    );
    Ok(Some(counted.fetch_one(connection).await?))
}

/// The event of this name, of the project's own account at a provider.
///
/// # Errors
/// [`StoreError`]
pub async fn find(
    connection: &mut PgConnection,
    realm: Realm,
    event: &str,
) -> Result<Option<Event>, StoreError> {
    let found = sqlx::query_as!(
        Event,
        "SELECT id, event_id AS event, source, event_type AS kind, occurred_at, received_at, settled_at, ignored, traceparent
         FROM events WHERE project_id = $1 AND livemode = $2 AND account = '' AND event_id = $3",
        realm.project.0,
        realm.mode.is_live(),
        event,
    );
    Ok(found.fetch_optional(connection).await?)
}

/// The event with this number and its body.
///
/// # Errors
/// [`StoreError`]
pub async fn show(
    connection: &mut PgConnection,
    realm: Realm,
    id: i64,
) -> Result<Option<(Event, Vec<u8>)>, StoreError> {
    let row = sqlx::query!(
        "SELECT id, event_id, source, event_type, occurred_at, received_at, settled_at, ignored, traceparent, body
         FROM events WHERE id = $3 AND project_id = $1 AND livemode = $2",
        realm.project.0,
        realm.mode.is_live(),
        id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| {
        let event = Event {
            id: row.id,
            event: row.event_id,
            source: row.source,
            kind: row.event_type,
            occurred_at: row.occurred_at,
            received_at: row.received_at,
            settled_at: row.settled_at,
            ignored: row.ignored,
            traceparent: row.traceparent,
        };
        (event, row.body)
    }))
}

/// How the latest events went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recent {
    /// How many were looked at.
    pub looked_at: i64,
    /// Settled within the last minute.
    pub last_minute: i64,
    /// Settled within the last hour, as far as they were looked at.
    pub last_hour: i64,
    /// Of those looked at, without effects.
    pub ignored: i64,
    /// From being received to being settled, in milliseconds: the middle one.
    pub median_ms: Option<i64>,
    /// The one that 95 of 100 do not exceed.
    pub p95_ms: Option<i64>,
    /// When the last one of a provider was received.
    pub last_webhook: Option<DateTime<Utc>>,
}

/// Looks at the latest events, at most so many.
///
/// # Errors
/// [`StoreError`]
pub async fn recent(
    connection: &mut PgConnection,
    realm: Realm,
    most: i64,
    now: DateTime<Utc>,
) -> Result<Recent, StoreError> {
    let recent = sqlx::query_as!(
        Recent,
        r#"WITH latest AS (
             SELECT received_at, settled_at, ignored, source FROM events
             WHERE project_id = ANY(ARRAY[$1::BIGINT]) AND livemode = $2 ORDER BY project_id, livemode, id DESC LIMIT $3
         ), timed AS (
             SELECT (extract(epoch FROM settled_at - received_at) * 1000)::BIGINT AS ms FROM latest
         )
         SELECT count(*) AS "looked_at!",
                count(*) FILTER (WHERE settled_at > $4::TIMESTAMPTZ - INTERVAL '1 minute') AS "last_minute!",
                count(*) FILTER (WHERE settled_at > $4::TIMESTAMPTZ - INTERVAL '1 hour') AS "last_hour!",
                count(*) FILTER (WHERE ignored IS NOT NULL) AS "ignored!",
                (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY ms) FROM timed) AS median_ms,
                (SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY ms) FROM timed) AS p95_ms,
                max(received_at) FILTER (WHERE source NOT IN ('api', 'resettle', 'fetch', 'fetched')) AS last_webhook
         FROM latest"#,
        realm.project.0,
        realm.mode.is_live(),
        most,
        now,
    );
    Ok(recent.fetch_one(connection).await?)
}
