//! Notifications, from what was written to what is received.

use crate::receiver::{Behaviour, Receiver};
use crate::support::Bench;
use domain::ids::{EndpointId, Realm};
use domain::notification::Event;
use sealing::Sealer;
use std::collections::BTreeSet;
use store::PgPool;
use store::deliveries::{Room, Selection, redeliver};
use store::notifications::{Cause, NewNotification, feed, write};
use store::webhook_endpoints::{self, Change, EndpointStatus, NewEndpoint, enable, find};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

async fn bench(pool: PgPool) -> Bench {
    Bench::with_arguments(pool, &["--notify-allow-networks=127.0.0.0/8"]).await
}

async fn endpoint(pool: &PgPool, realm: Realm, url: &str, events: &[&str], ordered: bool) -> EndpointId {
    let events: Vec<String> = events.iter().map(|&event| event.to_owned()).collect();
    let secret = Sealer::new(None, "webhook endpoint").seal(SECRET);
    let new =
        NewEndpoint { url, description: None, events: &events, ordered, timeout_seconds: 1, secret: &secret };
    webhook_endpoints::create(&mut pool.acquire().await.unwrap(), realm, &new).await.unwrap()
}

/// Writes so many notifications, each in a transaction of its own.
async fn happen(pool: &PgPool, realm: Realm, event: Event, numbers: std::ops::Range<u32>) {
    for number in numbers {
        let new = NewNotification {
            realm,
            event,
            referrer: None,
            referred: None,
            data: format!(r#"{{"number": {number}}}"#),
            delta: None,
            cause: Cause::default(),
            ledger_entry: None,
        };
        write(&mut pool.acquire().await.unwrap(), &[new]).await.unwrap();
    }
}

/// Makes what waits for a retry due.
async fn hurry(pool: &PgPool) {
    sqlx::query(
        "UPDATE webhook_deliveries SET next_attempt_at = now() WHERE status = 'pending' AND lease IS NULL",
    )
    .execute(pool)
    .await
    .unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn what_happens_is_numbered_without_gaps_and_received_signed(pool: PgPool) {
    let (mut bench, receiver) = (bench(pool.clone()).await, Receiver::start(Behaviour::Takes).await);
    endpoint(&pool, bench.realm, &receiver.url(), &["*"], false).await;
    bench.start();
    happen(&pool, bench.realm, Event::PayoutCreated, 0..20).await;
    bench.until("20 received", async || receiver.ids().len() == 20).await;

    let received = receiver.received();
    let sequences: BTreeSet<i64> = received.iter().map(|it| it.body["sequence"].as_i64().unwrap()).collect();
    assert_eq!(sequences, (1..=20).collect());
    let webhook = standardwebhooks::Webhook::new(SECRET).unwrap();
    for it in &received {
        webhook.verify(&it.raw, &it.headers).unwrap();
        assert_eq!(it.headers["x-refgrow-event"], "payout_created");
        assert_eq!(it.headers["user-agent"], "Tributary-Webhooks/1");
        assert_eq!(it.headers["content-type"], "application/json");
        assert_eq!(it.headers["webhook-id"], it.body["id"].as_str().unwrap());
    }
    // The feed has the same, to the byte.
    let feed = feed(&mut pool.acquire().await.unwrap(), bench.realm, 0, None, 100).await.unwrap();
    let of_feed: BTreeSet<String> =
        feed.notifications.iter().map(|it| it.body().unwrap().get().to_owned()).collect();
    let of_receiver: BTreeSet<String> =
        received.iter().map(|it| String::from_utf8(it.raw.clone()).unwrap()).collect();
    assert_eq!(of_feed, of_receiver);
    assert_eq!((feed.next_after, feed.has_more), (20, false));
    bench.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_endpoint_gets_the_events_that_it_asked_for(pool: PgPool) {
    let (mut bench, receiver) = (bench(pool.clone()).await, Receiver::start(Behaviour::Takes).await);
    endpoint(&pool, bench.realm, &receiver.url(), &["payout_paid"], false).await;
    bench.start();
    happen(&pool, bench.realm, Event::PayoutCreated, 0..3).await;
    happen(&pool, bench.realm, Event::PayoutPaid, 3..4).await;
    bench.until("one received", async || !receiver.ids().is_empty()).await;
    assert_eq!(receiver.received()[0].body["event"], "payout_paid");
    assert_eq!(bench.count("SELECT count(*) FROM webhook_deliveries").await, 1);
    bench.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_failed_try_is_repeated_with_the_same_id_and_body(pool: PgPool) {
    let (mut bench, receiver) = (bench(pool.clone()).await, Receiver::start(Behaviour::Answers(500)).await);
    let id = endpoint(&pool, bench.realm, &receiver.url(), &["*"], false).await;
    bench.start();
    happen(&pool, bench.realm, Event::PayoutCreated, 0..1).await;
    bench.until("a try", async || receiver.received().len() == 1).await;
    let due = "SELECT count(*) FROM webhook_deliveries WHERE tries = 1 AND next_attempt_at > now() + INTERVAL '3 seconds'";
    bench.until("a pause of five seconds", async || bench.count(due).await == 1).await;
    receiver.behave(Behaviour::Takes);
    hurry(&pool).await;
    bench
        .until("delivered", async || {
            bench.count("SELECT count(*) FROM webhook_deliveries WHERE status = 'delivered'").await == 1
        })
        .await;
    let received = receiver.received();
    assert_eq!(received[0].raw, received[1].raw);
    assert_eq!(received[0].headers["webhook-id"], received[1].headers["webhook-id"]);
    let endpoint = find(&mut pool.acquire().await.unwrap(), bench.realm, id).await.unwrap().unwrap();
    assert_eq!((endpoint.failing_since, endpoint.failures), (None, 0));
    let log = "SELECT string_agg(coalesce(error, status_code::TEXT) || ' ' || answer, ', ' ORDER BY id) FROM webhook_attempts";
    assert_eq!(bench.text(log).await.unwrap(), "status 500 answer, 200 answer");
    bench.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn in_order_one_that_fails_holds_up_those_behind_it(pool: PgPool) {
    let (mut bench, receiver) = (bench(pool.clone()).await, Receiver::start(Behaviour::Answers(500)).await);
    endpoint(&pool, bench.realm, &receiver.url(), &["*"], true).await;
    happen(&pool, bench.realm, Event::PayoutCreated, 0..30).await;
    bench.start();
    bench.until("a try", async || receiver.received().len() == 1).await;
    receiver.behave(Behaviour::Takes);
    bench
        .until("the try is written down", async || {
            bench.count("SELECT count(*) FROM webhook_attempts").await == 1
        })
        .await;
    // Nothing else was due meanwhile: its turn comes after the first.
    assert_eq!(receiver.received().len(), 1);
    hurry(&pool).await;
    bench.until("all received", async || receiver.received().len() == 31).await;
    let sequences: Vec<i64> =
        receiver.received().iter().skip(1).map(|it| it.body["sequence"].as_i64().unwrap()).collect();
    assert_eq!(sequences, (1..=30).collect::<Vec<_>>());
    assert_eq!(receiver.most_at_once(), 1);
    bench.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_endpoint_that_hangs_is_in_nobodys_way_and_has_one_place(pool: PgPool) {
    let mut bench = bench(pool.clone()).await;
    let (slow, quick) = (Receiver::start(Behaviour::Hangs).await, Receiver::start(Behaviour::Takes).await);
    endpoint(&pool, bench.realm, &slow.url(), &["*"], false).await;
    endpoint(&pool, bench.realm, &quick.url(), &["*"], false).await;
    happen(&pool, bench.realm, Event::PayoutCreated, 0..50).await;
    bench.start();
    bench.until("50 received", async || quick.ids().len() == 50).await;
    assert!(slow.most_at_once() <= 4);
    assert!(quick.most_at_once() <= 4);
    let timed_out = "SELECT count(*) FROM webhook_attempts WHERE error = 'no answer in time'";
    bench.until("a time-out", async || bench.count(timed_out).await >= 4).await;
    let leased =
        "SELECT count(*) FROM webhook_deliveries WHERE lease IS NOT NULL AND next_attempt_at > now()";
    bench.until("one place", async || bench.count(leased).await == 1).await;
    bench.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn gone_disables_and_what_comes_is_parked_until_it_is_asked_for(pool: PgPool) {
    let mut bench = bench(pool.clone()).await;
    let (gone, other) =
        (Receiver::start(Behaviour::Answers(410)).await, Receiver::start(Behaviour::Takes).await);
    let id = endpoint(&pool, bench.realm, &gone.url(), &["*"], false).await;
    endpoint(&pool, bench.realm, &other.url(), &["endpoint_disabled"], false).await;
    bench.start();
    happen(&pool, bench.realm, Event::PayoutCreated, 0..1).await;
    bench.until("the others hear of it", async || !other.ids().is_empty()).await;
    let notice = &other.received()[0].body;
    assert_eq!(notice["event"], "endpoint_disabled");
    assert_eq!(notice["data"]["id"], id.0);
    assert_eq!(notice["data"]["status"], "disabled");
    assert_eq!(notice["cause"]["reason"], "410 Gone: it wants nothing more");
    happen(&pool, bench.realm, Event::PayoutCreated, 1..4).await;
    // Its own notice and the first one are parked as well.
    let parked = "SELECT count(*) FROM webhook_deliveries WHERE status = 'parked'";
    bench.until("parked", async || bench.count(parked).await == 5).await;
    assert_eq!(gone.received().len(), 1);

    gone.behave(Behaviour::Takes);
    let mut connection = pool.acquire().await.unwrap();
    let enabled = enable(&mut connection, bench.realm, id).await.unwrap().unwrap();
    assert_eq!((enabled.status, enabled.parked, enabled.pending), (EndpointStatus::Active, 5, 0));
    let now = store::deliveries::now(&mut connection).await.unwrap();
    assert_eq!(redeliver(&mut connection, id, &Selection::Failed, now, 100).await.unwrap(), 5);
    assert_eq!(redeliver(&mut connection, id, &Selection::Failed, now, 100).await.unwrap(), 0);
    bench.until("all arrive", async || gone.ids().len() == 5).await;
    bench.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_endpoint_that_failed_for_five_days_and_twenty_tries_is_disabled(pool: PgPool) {
    let (mut bench, receiver) = (bench(pool.clone()).await, Receiver::start(Behaviour::Answers(404)).await);
    let id = endpoint(&pool, bench.realm, &receiver.url(), &["*"], false).await;
    for (days, failures, status) in [(6, 18, "active"), (6, 19, "disabled")] {
        let history =
            "UPDATE webhook_endpoints SET failing_since = now() - make_interval(days => $1), failures = $2";
        sqlx::query(history).bind(days).bind(failures).execute(&pool).await.unwrap();
        let before = receiver.received().len();
        if before == 0 {
            bench.start();
        }
        happen(&pool, bench.realm, Event::PayoutCreated, 0..1).await;
        let is_there = async || {
            let found = find(&mut pool.acquire().await.unwrap(), bench.realm, id).await.unwrap().unwrap();
            receiver.received().len() > before
                && found.failures == failures + 1
                && found.status.as_str() == status
        };
        bench.until(status, is_there).await;
    }
    let reason = bench.text("SELECT disabled_reason FROM webhook_endpoints").await.unwrap();
    assert!(reason.starts_with("all of 20 tries failed since "), "{reason}");
    bench.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn redirects_and_forbidden_addresses_get_nothing(pool: PgPool) {
    let mut bench = Bench::with_arguments(pool.clone(), &["--notify-allow-networks=127.0.0.1/32"]).await;
    let inside = Receiver::start(Behaviour::Takes).await;
    let redirecting = Receiver::start(Behaviour::Redirects(inside.url())).await;
    let forbidden = format!("http://127.0.0.2:{}/", inside.port());
    endpoint(&pool, bench.realm, &redirecting.url(), &["payout_paid"], false).await;
    endpoint(&pool, bench.realm, &forbidden, &["payout_created"], false).await;
    bench.start();
    happen(&pool, bench.realm, Event::PayoutPaid, 0..1).await;
    happen(&pool, bench.realm, Event::PayoutCreated, 1..2).await;
    bench.until("two tries", async || bench.count("SELECT count(*) FROM webhook_attempts").await == 2).await;
    assert!(inside.received().is_empty());
    let errors = bench
        .text("SELECT string_agg(error, '; ' ORDER BY delivery_id) FROM webhook_attempts")
        .await
        .unwrap();
    assert!(
        errors
            .starts_with("status 307: redirects are not followed; not sent: 127.0.0.2 is a loopback address"),
        "{errors}"
    );
    let failed =
        "SELECT count(*) FROM webhook_deliveries WHERE status = 'failed' AND event = 'payout_created'";
    assert_eq!(bench.count(failed).await, 1, "a forbidden address is not tried again");
    bench.stop().await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_a_dead_worker_had_claimed_is_sent_by_another(pool: PgPool) {
    let (mut bench, receiver) = (bench(pool.clone()).await, Receiver::start(Behaviour::Takes).await);
    let id = endpoint(&pool, bench.realm, &receiver.url(), &["*"], false).await;
    happen(&pool, bench.realm, Event::PayoutCreated, 0..1).await;
    let mut connection = pool.acquire().await.unwrap();
    let mut transaction = sqlx::Connection::begin(&mut *connection).await.unwrap();
    store::notifications::give_sequence(&mut transaction).await.unwrap();
    transaction.commit().await.unwrap();
    let claimed = store::deliveries::claim(
        &mut connection,
        sqlx::types::Uuid::nil(),
        Room { deliveries: 64, quick: &[] },
    )
    .await
    .unwrap();
    assert_eq!(claimed.len(), 1);
    bench.start();
    sqlx::query("UPDATE webhook_deliveries SET next_attempt_at = now()").execute(&pool).await.unwrap();
    bench.until("received", async || receiver.ids().len() == 1).await;
    let change = Change { status: Some(EndpointStatus::Paused), ..Change::default() };
    let paused = webhook_endpoints::update(&mut connection, bench.realm, id, &change).await.unwrap().unwrap();
    assert_eq!(paused.status, EndpointStatus::Paused);
    happen(&pool, bench.realm, Event::PayoutCreated, 1..2).await;
    let parked = "SELECT count(*) FROM webhook_deliveries WHERE status = 'parked'";
    bench.until("parked while it is paused", async || bench.count(parked).await == 1).await;
    bench.stop().await;
}
