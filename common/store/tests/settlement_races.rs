//! Two workers that meet on the same customers.

use chrono::DateTime;
use domain::fact::{Fact, FactBody, Keep, PaymentAlias};
use domain::ids::{Mode, Realm};
use domain::key::Key;
use std::time::Duration;
use store::settlement::{InboxEvent, Item, settle_batch};
use store::{PgPool, projects};
use tokio::time::{sleep, timeout};

/// An event that joins some payment objects.
fn joins(realm: Realm, event: &str, objects: &[&str]) -> Item {
    let at = DateTime::UNIX_EPOCH;
    let links: Vec<Key> = objects.iter().map(|id| Key::stored((*id).to_owned())).collect();
    let fact = Fact {
        natural_key: format!("alias:{}", objects.join(":")),
        keep: Keep::First,
        rank: 0,
        at,
        event: event.to_owned(),
        body: FactBody::Alias(PaymentAlias { objects: links.clone(), no_commission: false }),
        identities: links,
    };
    let event = InboxEvent {
        account: String::new(),
        event_id: event.to_owned(),
        source: "stripe",
        event_type: "test".to_owned(),
        api_version: None,
        occurred_at: at,
        received_at: at,
        ignored: None,
        traceparent: None,
        body: "{}".into(),
    };
    Item { realm, event, facts: vec![fact] }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_key_never_joins_a_cluster_that_another_worker_merges_away(pool: PgPool) {
    let project = projects::create(&mut pool.acquire().await.unwrap(), "Acme").await.unwrap().id;
    let realm = Realm { project, mode: Mode::Test };
    for (event, object) in [("evt_1", "pi_1"), ("evt_2", "pi_2")] {
        let mut transaction = pool.begin().await.unwrap();
        settle_batch(&mut transaction, &[joins(realm, event, &[object])]).await.unwrap();
        transaction.commit().await.unwrap();
    }

    let mut merging = pool.begin().await.unwrap();
    settle_batch(&mut merging, &[joins(realm, "evt_3", &["pi_1", "pi_2"])]).await.unwrap();
    let adding = tokio::spawn({
        let pool = pool.clone();
        async move {
            let mut transaction = pool.begin().await.unwrap();
            settle_batch(&mut transaction, &[joins(realm, "evt_4", &["pi_2", "ch_2"])]).await.unwrap();
            transaction.commit().await.unwrap();
        }
    });
    let waiting = "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pid IN (
                       SELECT pid FROM pg_stat_activity WHERE datname = current_database()))";
    while !sqlx::query_scalar::<_, bool>(waiting).fetch_one(&pool).await.unwrap() {
        sleep(Duration::from_millis(10)).await;
    }
    merging.commit().await.unwrap();
    timeout(Duration::from_secs(20), adding).await.expect("the other worker never ends").unwrap();

    let lost = "SELECT count(*) FROM identity_keys WHERE cluster_id NOT IN (SELECT id FROM clusters)";
    assert_eq!(sqlx::query_scalar::<_, i64>(lost).fetch_one(&pool).await.unwrap(), 0);
    let clusters = "SELECT count(DISTINCT cluster_id) FROM identity_keys";
    assert_eq!(sqlx::query_scalar::<_, i64>(clusters).fetch_one(&pool).await.unwrap(), 1);
}
