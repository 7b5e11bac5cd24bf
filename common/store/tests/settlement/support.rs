//! A project whose commission is 20 %, and events read into items.

use chrono::Utc;
use domain::ids::{Mode, Realm};
use domain::money::BasisPoints;
use domain::rules::{Commission, Rules};
use store::affiliates::{self, NewAffiliate};
use store::settlement::{BatchError, InboxEvent, Item, StoredEvent, replay, settle_batch};
use store::{PgConnection, PgPool, program_rules, projects};
use stripe::event::{Outcome, read};
use stripe::metadata::MetadataKeys;
use stripe::sample::{Sample, Version};

/// A project in test mode with the affiliate `ANNA`.
pub(crate) async fn project(pool: &PgPool) -> Realm {
    let mut connection = pool.acquire().await.unwrap();
    let project = projects::create(&mut connection, "Acme").await.unwrap().id;
    let rules = Rules::of(Commission::Percent { basis_points: BasisPoints(2_000) });
    program_rules::add(&mut connection, project, &rules, None).await.unwrap();
    let realm = Realm { project, mode: Mode::Test };
    let new = NewAffiliate::named("anna@example.org", "ANNA");
    affiliates::create(&mut connection, realm, &new).await.unwrap();
    // What is told of here is what settling tells.
    sqlx::query("DELETE FROM notifications").execute(&mut *connection).await.unwrap();
    realm
}

/// The `number`th customer, sent by Anna, who pays 49.00 USD.
pub(crate) fn sale(number: u64) -> Sample {
    let at = "2026-06-01T12:00:00Z".parse().unwrap();
    Sample {
        metadata: vec![("referral_code".to_owned(), "ANNA".to_owned())],
        ..Sample::new(number, Version::Dahlia, at)
    }
}

/// An event as the worker reads it.
pub(crate) fn item(realm: Realm, body: String) -> Item {
    // Of now: a code that did not exist when a payment was received does not count (SEMANTICS 3).
    let received_at = Utc::now();
    let reading = read(body.as_bytes(), realm.mode, &MetadataKeys::default(), received_at).unwrap();
    let (facts, ignored) = match reading.outcome {
        Outcome::Facts { facts, .. } => (facts, None),
        Outcome::Code(_) => (Vec::new(), None),
        Outcome::Ignored { reason } => (Vec::new(), Some(reason)),
    };
    let event = InboxEvent {
        account: reading.account.unwrap_or_default(),
        event_id: reading.event_id,
        source: "stripe",
        event_type: reading.event_type,
        api_version: reading.api_version,
        occurred_at: reading.created,
        received_at,
        ignored,
        traceparent: None,
        body: body.into(),
    };
    Item { realm, event, facts }
}

/// Rows and index entries that this session has read since it last told of them, which it does between two transactions at most: of two
/// looks the difference counts.
pub(crate) async fn read_rows(connection: &mut PgConnection) -> i64 {
    let rows =
        "SELECT sum(pg_stat_get_xact_tuples_fetched(oid) + pg_stat_get_xact_tuples_returned(oid))::BIGINT
                FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    sqlx::query_scalar(rows).fetch_one(connection).await.unwrap()
}

/// Settles what is told one after the other, each in a transaction of its own; how many rows and index entries each of them read.
pub(crate) async fn reads_of(
    pool: &PgPool,
    realm: Realm,
    told: impl Iterator<Item = Vec<String>>,
) -> Vec<i64> {
    let mut connection = pool.acquire().await.unwrap();
    let mut reads = Vec::new();
    for events in told {
        sqlx::query("BEGIN").execute(&mut *connection).await.unwrap();
        let before = read_rows(&mut connection).await;
        for event in events {
            settle_batch(&mut connection, &[item(realm, event)]).await.unwrap();
        }
        reads.push(read_rows(&mut connection).await - before);
        sqlx::query("COMMIT").execute(&mut *connection).await.unwrap();
    }
    reads
}

/// Settles one event.
pub(crate) async fn settle(pool: &PgPool, realm: Realm, event: String) {
    let mut transaction = pool.begin().await.unwrap();
    settle_batch(&mut transaction, &[item(realm, event)]).await.unwrap();
    transaction.commit().await.unwrap();
}

/// Replays all that was settled: nothing changes.
pub(crate) async fn comes_to_the_same_again(pool: &PgPool, realm: Realm) {
    let mut transaction = pool.begin().await.unwrap();
    let read_again = |event: &StoredEvent| {
        let reading = read(&event.body, realm.mode, &MetadataKeys::default(), event.received_at);
        match reading.unwrap().outcome {
            Outcome::Facts { facts, .. } => Ok::<_, BatchError>(facts),
            Outcome::Code(_) | Outcome::Ignored { .. } => Ok(Vec::new()),
        }
    };
    let replayed = replay(&mut transaction, realm, None, read_again, |_| {}).await.unwrap();
    assert_eq!((replayed.entries, replayed.conversions), (0, 0));
    transaction.commit().await.unwrap();
}
