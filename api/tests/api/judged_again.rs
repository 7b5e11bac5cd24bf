//! What is judged again when the registry changes, from the request to the ledger (SEMANTICS 3, 4, 14, 16). After
//! each change a replay finds nothing to mend: the ledger does not depend on what was known first.

use crate::settling::{sale, settle_for, settled};
use crate::support::{Api, Project, TEST_SECRET, project, start};
use chrono::{DateTime, TimeDelta, Utc};
use common::intake;
use domain::fact::{Fact, SessionMode, SessionPaymentStatus};
use queue::envelope::Source;
use serde_json::{Value, json};
use store::PgPool;
use store::settlement::{BatchError, StoredEvent, replay};
use stripe::metadata::MetadataKeys;
use stripe::sample::Sample;
use tokio_util::sync::DropGuard;

struct Bench {
    pool: PgPool,
    api: Api,
    project: Project,
    _worker: DropGuard,
}

impl Bench {
    async fn start(pool: PgPool) -> Self {
        let (api, project) = (start(&pool).await, project(&pool).await);
        let worker = settle_for(&pool, &project, 0).await;
        Self { pool, api, project, _worker: worker }
    }

    async fn pay(&self, sale: &Sample) {
        let body = sale.invoice_paid();
        let sent = self.api.post_webhook(self.project.realm.project, TEST_SECRET, body.as_bytes()).await;
        assert_eq!(sent.status(), 200);
        settled(&self.pool).await;
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let answer = self.api.post(&self.project, path, &body.to_string()).send().await;
        assert!((200..300).contains(&answer.status), "{}", answer.text);
        settled(&self.pool).await;
        answer.body["data"].clone()
    }

    async fn put(&self, path: &str, body: Value) {
        self.api.put(&self.project, path, &body.to_string()).send().await.data(200);
        settled(&self.pool).await;
    }

    async fn affiliate(&self, email: &str, code: &str) -> i64 {
        let entered = self.post("/api/v1/affiliates", json!({"email": email, "referral_code": code})).await;
        entered["id"].as_i64().unwrap()
    }

    /// Each payment's affiliate, status and commission in cents, in order of time.
    async fn payments(&self) -> Vec<(Option<i64>, String, i64)> {
        let realm = self.project.realm;
        let mut transaction = self.pool.begin().await.unwrap();
        let replayed = replay(
            &mut transaction,
            realm,
            None,
            |event: &StoredEvent| -> Result<Vec<Fact>, BatchError> {
                let source = Source::parse(&event.source).unwrap();
                Ok(intake::read(source, &event.body, realm, event.received_at, &MetadataKeys::default())
                    .unwrap()
                    .facts)
            },
            |_| {},
        )
        .await
        .unwrap();
        assert_eq!((replayed.conversions, replayed.entries), (0, 0), "a replay finds nothing to mend");
        transaction.rollback().await.unwrap();
        sqlx::query_as(
            "SELECT affiliate_id, status, commission_minor FROM conversions WHERE type = 'purchase' ORDER BY occurred_at, id",
        )
        .fetch_all(&self.pool)
        .await
        .unwrap()
    }
}

fn an_hour_ago() -> DateTime<Utc> {
    Utc::now() - TimeDelta::hours(1)
}

fn earned(affiliate: i64) -> (Option<i64>, String, i64) {
    (Some(affiliate), "attributed".to_owned(), 980)
}

fn nobodys() -> (Option<i64>, String, i64) {
    (None, "unattributed".to_owned(), 0)
}

#[sqlx::test(migrations = "../migrations")]
async fn a_code_that_an_affiliate_gets_later_finds_what_waits_for_it(pool: PgPool) {
    let bench = Bench::start(pool).await;
    let ann = bench.affiliate("ann@example.org", "ANN").await;
    bench.pay(&sale(1, "ANNA", an_hour_ago())).await;
    assert_eq!(bench.payments().await, [nobodys()]);
    bench.put("/api/v1/affiliates/ann%40example.org", json!({"referral_code": "ANNA"})).await;
    assert_eq!(bench.payments().await, [earned(ann)]);
    bench.put("/api/v1/affiliates/ann%40example.org", json!({"referral_code": "ELSE"})).await;
    assert_eq!(bench.payments().await, [earned(ann)], "an old code keeps resolving");
}

#[sqlx::test(migrations = "../migrations")]
async fn an_affiliate_that_is_active_again_binds_from_then_on(pool: PgPool) {
    let bench = Bench::start(pool).await;
    let ann = bench.affiliate("ann@example.org", "ANN").await;
    // To the microsecond, as Stripe's events are not.
    let pay = async |email: &str| {
        let now = Utc::now().to_rfc3339();
        let body = json!({"amount": 49, "email": email, "referral_code": "ANN", "occurred_at": now});
        bench.post("/api/v1/conversions", body).await;
    };
    bench.put("/api/v1/affiliates/ann%40example.org", json!({"status": "inactive"})).await;
    pay("one@example.com").await;
    assert_eq!(bench.payments().await, [nobodys()]);
    bench.put("/api/v1/affiliates/ann%40example.org", json!({"status": "active"})).await;
    pay("two@example.com").await;
    assert_eq!(bench.payments().await, [nobodys(), earned(ann)], "what came while it was inactive stays");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_referral_that_is_registered_after_its_payment_is_found(pool: PgPool) {
    let bench = Bench::start(pool).await;
    let ann = bench.affiliate("ann@example.org", "ANN").await;
    let sale = sale(1, "nobody", an_hour_ago());
    bench.pay(&sale).await;
    let referral = json!({"email": sale.email.to_uppercase(), "referral_code": "ANN"});
    bench.post("/api/v1/referrals", referral).await;
    assert_eq!(bench.payments().await, [earned(ann)]);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_purchase_turns_out_to_be_the_affiliates_own_and_stays_one_when_the_address_changes(pool: PgPool) {
    let bench = Bench::start(pool).await;
    let ann = bench.affiliate("ann@example.org", "ANN").await;
    let sale = Sample { email: "a.n.n+shop@gmail.com".to_owned(), ..sale(1, "ANN", an_hour_ago()) };
    bench.pay(&sale).await;
    assert_eq!(bench.payments().await, [earned(ann)]);
    let held = (Some(ann), "held".to_owned(), 980);
    bench.put("/api/v1/affiliates/ann%40example.org", json!({"email": "Ann@GoogleMail.com"})).await;
    assert_eq!(bench.payments().await, std::slice::from_ref(&held));
    bench.put("/api/v1/affiliates/ann%40googlemail.com", json!({"email": "ann@example.net"})).await;
    assert_eq!(bench.payments().await, [held]);
    let reason: String =
        sqlx::query_scalar("SELECT reason FROM conversions").fetch_one(&bench.pool).await.unwrap();
    assert!(
        reason.contains("has the address a.n.n+shop@gmail.com, a former mailbox of affiliate"),
        "{reason}"
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn a_customer_bound_by_id_is_told_with_the_affiliates_current_code(pool: PgPool) {
    let bench = Bench::start(pool).await;
    let ann = bench.affiliate("ann@example.org", "ANN").await;
    bench
        .post("/api/v1/conversions", json!({"amount": 49, "affiliate_id": ann, "email": "c@example.com"}))
        .await;
    bench.put("/api/v1/affiliates/ann%40example.org", json!({"referral_code": "NEW"})).await;
    assert_eq!(bench.payments().await, [earned(ann)]);
    let code: String =
        sqlx::query_scalar("SELECT referral_code FROM conversions").fetch_one(&bench.pool).await.unwrap();
    assert_eq!(code, "NEW");
}

/// A checkout of somebody who signed up: all that says so is the company's own id.
fn checkout(number: u64) -> Sample {
    Sample {
        client_reference_id: Some(format!("user-{number}")),
        metadata: Vec::new(),
        ..sale(number, "", an_hour_ago())
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_checkout_finds_the_signup_whose_own_id_it_carries_whichever_came_first(pool: PgPool) {
    let bench = Bench::start(pool).await;
    let ann = bench.affiliate("ann@example.org", "ANN").await;
    let sign_up = async |number: u64| {
        let body = json!({"email": format!("other{number}@example.com"), "external_id": format!("user-{number}"),
                          "referral_code": "ANN"});
        bench.post("/api/v1/referrals", body).await;
    };
    let check_out = async |number: u64| {
        let sale = checkout(number);
        let body = sale.checkout_session_completed(SessionMode::Subscription, SessionPaymentStatus::Paid);
        let project = bench.project.realm.project;
        assert_eq!(bench.api.post_webhook(project, TEST_SECRET, body.as_bytes()).await.status(), 200);
        bench.pay(&sale).await;
    };
    sign_up(1).await;
    check_out(1).await;
    check_out(2).await;
    assert_eq!(bench.payments().await, [earned(ann), nobodys()]);
    sign_up(2).await;
    assert_eq!(bench.payments().await, [earned(ann), earned(ann)]);
    let converted: Vec<String> = sqlx::query_scalar(
        "SELECT external_id FROM customers WHERE NOT retired AND status = 'converted' ORDER BY external_id",
    )
    .fetch_all(&bench.pool)
    .await
    .unwrap();
    assert_eq!(converted, ["user-1", "user-2"], "the signups have paid");
}
