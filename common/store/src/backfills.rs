//! Readings of history: a run, its segments (a day of a list each), and what of them is looked for in the inbox.

use super::{PgConnection, StoreError, decode, realm};
use chrono::{DateTime, Utc};
use domain::ids::Realm;

/// A run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backfill {
    /// Names it.
    pub id: i64,
    /// Whose history.
    pub realm: Realm,
    /// The first instant that is read.
    pub since: DateTime<Utc>,
    /// The first instant after it.
    pub until: DateTime<Utc>,
}

/// A day of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The run.
    pub backfill: i64,
    /// The list, as its provider's reader names it.
    pub list: String,
    /// Its first instant.
    pub since: DateTime<Utc>,
    /// The first instant after it.
    pub until: DateTime<Utc>,
    /// How far it is.
    pub status: SegmentStatus,
    /// The object after which the next page begins.
    pub cursor: Option<String>,
}

/// How far a segment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentStatus {
    /// Nothing was read.
    Pending,
    /// Up to its cursor.
    Running,
    /// To its end.
    Read,
    /// And all of it is in the inbox.
    Done,
}

/// What was read of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// The list.
    pub list: String,
    /// Objects listed.
    pub objects: i64,
    /// Events made of them.
    pub events: i64,
    /// Segments that are done.
    pub done: i64,
    /// All segments.
    pub segments: i64,
}

/// What a page adds to its segment.
#[derive(Clone, Copy, Debug)]
pub struct Read<'a> {
    /// Objects listed.
    pub objects: usize,
    /// The inbox ids of the events made of them.
    pub events: &'a [String],
    /// After which object the next page begins; none after the last page.
    pub next: Option<&'a str>,
}

impl SegmentStatus {
    const ALL: [Self; 4] = [Self::Pending, Self::Running, Self::Read, Self::Done];

    /// As it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Read => "read",
            Self::Done => "done",
        }
    }
}

/// The run of a project and mode that is not finished.
///
/// # Errors
/// [`StoreError`]
pub async fn open(connection: &mut PgConnection, of: Realm) -> Result<Option<Backfill>, StoreError> {
    let row = sqlx::query!(
        "SELECT id, project_id, livemode, since, until FROM backfills
         WHERE project_id = $1 AND livemode = $2 AND finished_at IS NULL",
        of.project.0,
        of.mode.is_live(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Backfill {
        id: row.id,
        realm: realm(row.project_id, row.livemode),
        since: row.since,
        until: row.until,
    }))
}

/// Begins a run with its segments, each a list and its span.
///
/// # Errors
/// [`StoreError`]; the constraint `backfills_open_key` when there is one already.
pub async fn start(
    connection: &mut PgConnection,
    of: Realm,
    (since, until): (DateTime<Utc>, DateTime<Utc>),
    segments: &[(&str, DateTime<Utc>, DateTime<Utc>)],
    now: DateTime<Utc>,
) -> Result<Backfill, StoreError> {
    let id = sqlx::query_scalar!(
        "INSERT INTO backfills (project_id, livemode, since, until, started_at) VALUES ($1, $2, $3, $4, $5) RETURNING id",
        of.project.0,
        of.mode.is_live(),
        since,
        until,
        now,
    )
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query!(
        "INSERT INTO backfill_segments (backfill_id, list, since, until)
         SELECT $1, * FROM UNNEST($2::TEXT[], $3::TIMESTAMPTZ[], $4::TIMESTAMPTZ[])",
        id,
        &segments.iter().map(|segment| segment.0.to_owned()).collect::<Vec<_>>(),
        &segments.iter().map(|segment| segment.1).collect::<Vec<_>>(),
        &segments.iter().map(|segment| segment.2).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(Backfill { id, realm: of, since, until })
}

/// Has a run to itself for as long as the session lasts. `false` when another session has it.
///
/// # Errors
/// [`StoreError`]
pub async fn lock(connection: &mut PgConnection, backfill: i64) -> Result<bool, StoreError> {
    let locked = sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_lock(hashtextextended('backfill', $1)) AS "locked!""#,
        backfill,
    );
    Ok(locked.fetch_one(connection).await?)
}

/// The segments that are not done, of each list the oldest first.
///
/// # Errors
/// [`StoreError`]
pub async fn segments(connection: &mut PgConnection, backfill: i64) -> Result<Vec<Segment>, StoreError> {
    let rows = sqlx::query!(
        "SELECT list, since, until, status, cursor FROM backfill_segments
         WHERE backfill_id = $1 AND status <> 'done' ORDER BY list, since",
        backfill,
    )
    .fetch_all(connection)
    .await?;
    let segment = rows.into_iter().map(|row| {
        let status = SegmentStatus::ALL.into_iter().find(|status| status.as_str() == row.status);
        Ok(Segment {
            backfill,
            list: row.list,
            since: row.since,
            until: row.until,
            status: status.ok_or_else(|| decode("a segment of an unknown status"))?,
            cursor: row.cursor,
        })
    });
    segment.collect()
}

/// Writes down a page: the caller puts its events on the queue in the same transaction.
///
/// # Errors
/// [`StoreError`]
pub async fn advance(
    connection: &mut PgConnection,
    segment: &Segment,
    read: Read<'_>,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO backfill_events (backfill_id, list, since, event_id)
         SELECT $1, $2, $3, * FROM UNNEST($4::TEXT[]) ON CONFLICT DO NOTHING",
        segment.backfill,
        segment.list,
        segment.since,
        read.events,
    )
    .execute(&mut *connection)
    .await?;
    let status = if read.next.is_some() { SegmentStatus::Running } else { SegmentStatus::Read };
    sqlx::query!(
        "UPDATE backfill_segments
         SET status = $4, cursor = $5, objects = objects + $6, events = events + $7
         WHERE backfill_id = $1 AND list = $2 AND since = $3",
        segment.backfill,
        segment.list,
        segment.since,
        status.as_str(),
        read.next,
        i64::try_from(read.objects).unwrap_or(i64::MAX),
        i64::try_from(read.events.len()).unwrap_or(i64::MAX),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Forgets of a segment what is in the inbox, and tells what is not: how many, and the first few.
///
/// # Errors
/// [`StoreError`]
pub async fn unknown(
    connection: &mut PgConnection,
    of: Realm,
    segment: &Segment,
    limit: i64,
) -> Result<(i64, Vec<String>), StoreError> {
    sqlx::query!(
        "DELETE FROM backfill_events b USING events e
         WHERE b.backfill_id = $1 AND b.list = $2 AND b.since = $3
           AND e.project_id = $4 AND e.livemode = $5 AND e.account = '' AND e.event_id = b.event_id",
        segment.backfill,
        segment.list,
        segment.since,
        of.project.0,
        of.mode.is_live(),
    )
    .execute(&mut *connection)
    .await?;
    let rows = sqlx::query!(
        r#"SELECT event_id, count(*) OVER () AS "count!" FROM backfill_events
         WHERE backfill_id = $1 AND list = $2 AND since = $3 ORDER BY event_id LIMIT $4"#,
        segment.backfill,
        segment.list,
        segment.since,
        limit,
    )
    .fetch_all(connection)
    .await?;
    let count = rows.first().map_or(0, |row| row.count);
    Ok((count, rows.into_iter().map(|row| row.event_id).collect()))
}

/// A segment is done.
///
/// # Errors
/// [`StoreError`]
pub async fn finish_segment(connection: &mut PgConnection, segment: &Segment) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE backfill_segments SET status = 'done' WHERE backfill_id = $1 AND list = $2 AND since = $3",
        segment.backfill,
        segment.list,
        segment.since,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// A run is done, when all of its segments are. `false` when they are not.
///
/// # Errors
/// [`StoreError`]
pub async fn finish(
    connection: &mut PgConnection,
    backfill: i64,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE backfills SET finished_at = $2
         WHERE id = $1 AND NOT EXISTS (
             SELECT FROM backfill_segments WHERE backfill_id = $1 AND status <> 'done')",
        backfill,
        now,
    );
    Ok(done.execute(connection).await?.rows_affected() == 1)
}

/// What was read so far, by list.
///
/// # Errors
/// [`StoreError`]
pub async fn tally(connection: &mut PgConnection, backfill: i64) -> Result<Vec<Tally>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT list, sum(objects)::BIGINT AS "objects!", sum(events)::BIGINT AS "events!",
             count(*) FILTER (WHERE status = 'done') AS "done!", count(*) AS "segments!"
         FROM backfill_segments WHERE backfill_id = $1 GROUP BY list ORDER BY list"#,
        backfill,
    )
    .fetch_all(connection)
    .await?;
    let tally = rows.into_iter().map(|row| Tally {
        list: row.list,
        objects: row.objects,
        events: row.events,
        done: row.done,
        segments: row.segments,
    });
    Ok(tally.collect())
}
