//! Rules and registry as batches read them.

use crate::support::{item, project, sale};
use domain::money::BasisPoints;
use domain::rules::{Commission, Rules};
use sqlx::types::chrono::{DateTime, Utc};
use store::settlement::settle_batch;
use store::{PgPool, program_rules};

/// People may write any time of RFC 3339, and the year 0 is one: the year before the first, which few programs can read.
#[sqlx::test(migrations = "../../migrations")]
async fn rules_may_hold_from_before_our_era(pool: PgPool) {
    let realm = project(&pool).await;
    let mut connection = pool.acquire().await.unwrap();
    let half = Rules::of(Commission::Percent { basis_points: BasisPoints(5_000) });
    let from: DateTime<Utc> = "0000-02-29T00:00:00.000001Z".parse().unwrap();
    program_rules::add(&mut connection, realm.project, &half, Some(from)).await.unwrap();
    let settled = settle_batch(&mut connection, &[item(realm, sale(1).invoice_paid())]).await.unwrap();
    assert_eq!(settled.entries, 1);
    let earned: i64 = sqlx::query_scalar("SELECT amount_minor FROM ledger_entries")
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    assert_eq!(earned, 2_450);
}

/// As deep as the API reads: with what is around them in a row of JSON, that is deeper than can be read at once.
#[sqlx::test(migrations = "../../migrations")]
async fn an_affiliates_notes_may_be_nested_as_deep_as_the_api_takes_them(pool: PgPool) {
    let realm = project(&pool).await;
    let mut connection = pool.acquire().await.unwrap();
    let notes = format!("{}{}", "[".repeat(126), "]".repeat(126));
    sqlx::query("UPDATE affiliates SET payout_preferences = $1::JSONB")
        .bind(&notes)
        .execute(&mut *connection)
        .await
        .unwrap();
    let settled = settle_batch(&mut connection, &[item(realm, sale(1).invoice_paid())]).await.unwrap();
    assert_eq!(settled.entries, 1);
    let told: Vec<String> = sqlx::query_scalar(
        "SELECT (referrer::JSONB -> 'payout_preferences')::TEXT FROM notifications ORDER BY id",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    assert!(!told.is_empty());
    assert!(told.iter().all(|told| *told == notes), "{told:?}");
}
