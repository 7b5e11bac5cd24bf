//! Each success that the OpenAPI document tells of is really answered, by every operation.

use crate::document::operations;
use crate::settling::{settle_for, settled};
use crate::support::{Answer, Api, Project, TEST_SECRET, dead_letter, project, start};
use reqwest::redirect::Policy;
use std::collections::BTreeSet;
use store::{PgPool, projects};
use stripe::signature;

/// Once the answer kept for its key is forgotten: `payouts.rs` waits for that.
const GIVEN_ELSEWHERE: [(&str, u16); 1] = [("create_payouts", 200)];

struct Stage {
    api: Api,
    project: Project,
    given: BTreeSet<(String, u16)>,
}

impl Stage {
    /// Calls an operation and expects this status.
    async fn call(&mut self, name: &str, path: &str, body: &str, status: u16) -> Answer {
        let operations = operations();
        let operation = operations.iter().find(|operation| operation.name() == name).unwrap();
        let http = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        let root = if operation.needs_key() { "/api/v1" } else { "" };
        let mut request = http.request(operation.method.clone(), self.api.url(&format!("{root}{path}")));
        if operation.needs_key() {
            request = request.bearer_auth(&self.project.key);
        } else {
            let signature = signature::sign(TEST_SECRET, chrono::Utc::now(), body.as_bytes());
            request = request.header("Stripe-Signature", signature);
        }
        let patience = if status == 202 { "respond-async" } else { "wait=4" };
        let request = request.header("Prefer", patience).header("Content-Type", "application/json");
        let answer = Answer::read(request.body(body.to_owned()).send().await.unwrap()).await;
        assert_eq!(answer.status, status, "{name}: {answer:?}");
        self.given.insert((name.to_owned(), status));
        answer
    }
}

impl Stage {
    async fn decide(&mut self, pool: &PgPool, conversion: &str) {
        let why = r#"{"reason": "checked"}"#;
        for (name, verb) in
            [("reject_conversion", "reject"), ("hold_conversion", "hold"), ("release_conversion", "release")]
        {
            for status in [202, 200] {
                self.call(name, &format!("{conversion}/{verb}"), why, status).await;
                settled(pool).await;
            }
        }
        let lock = r#"{"affiliate": 1, "reason": "agreed"}"#;
        for status in [202, 200] {
            self.call("lock_referral", "/referrals/bob%40example.com/lock", lock, status).await;
            self.call("unlock_referral", "/referrals/bob%40example.com/unlock", why, status).await;
        }
    }

    async fn pay(&mut self) {
        let made = self.call("create_payouts", "/payouts", r#"{"affiliates": [1]}"#, 201).await;
        let batch = format!("/payout-batches/{}", made.data(201)["id"]);
        let payout = format!("/payouts/{}", made.data(201)["payouts"][0]["id"]);
        self.call("get_payout_batch", &batch, "", 200).await;
        self.call("export_payout_batch", &format!("{batch}/export?format=paypal"), "", 200).await;
        self.call("list_payouts", "/payouts", "", 200).await;
        self.call("get_payout", &payout, "", 200).await;
        self.call("cancel_payout", &format!("{payout}/cancel"), r#"{"reason": "too early"}"#, 200).await;
        let made = self.call("create_payouts", "/payouts", "{}", 201).await;
        let payout = format!("/payouts/{}", made.data(201)["payouts"][0]["id"]);
        let paid = r#"{"reference": "WISE-1"}"#;
        self.call("mark_payout_paid", &format!("{payout}/mark-paid"), paid, 200).await;
        let batch = format!("/payout-batches/{}/mark-paid", made.data(201)["id"]);
        self.call("mark_payout_batch_paid", &batch, paid, 200).await;
        self.call("get_due_payouts", "/payouts/due", "", 200).await;
        self.call("get_statement", "/affiliates/ann%40example.com/statement", "", 200).await;
    }

    async fn run_the_programme(&mut self, pool: &PgPool) {
        self.call("get_program", "/program", "", 200).await;
        let rules = r#"{"rules": {"commission": "30%"}}"#;
        self.call("simulate_rules", "/program/simulate", rules, 200).await;
        for status in [201, 200] {
            self.call("change_rules", "/program/rules", rules, status).await;
        }
        settled(pool).await;
        for (verb, name) in [("retry", "retry_dead_letter"), ("discard", "discard_dead_letter")] {
            let id = dead_letter(pool, &self.project, "no such customer").await;
            self.call("list_dead_letters", "/dead-letters", "", 200).await;
            self.call("get_dead_letter", &format!("/dead-letters/{id}"), "", 200).await;
            self.call(name, &format!("/dead-letters/{id}/{verb}"), "{}", 200).await;
        }
        sqlx::query("DELETE FROM queue_messages").execute(pool).await.unwrap();
        let made = self.call("create_key", "/keys", r#"{"name": "finance", "role": "finance"}"#, 201).await;
        self.call("list_keys", "/keys", "", 200).await;
        self.call("delete_key", &format!("/keys/{}", made.data(201)["id"]), "", 200).await;
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn every_success_that_is_documented_is_given(pool: PgPool) {
    let mut stage = Stage { api: start(&pool).await, project: project(&pool).await, given: BTreeSet::new() };
    let id = stage.project.realm.project;
    let landing = "https://shop.example".parse().unwrap();
    projects::set_landing_url(&mut pool.acquire().await.unwrap(), id, Some(&landing)).await.unwrap();

    let ann = r#"{"email": "ann@example.com", "referral_code": "ANN"}"#;
    stage.call("create_affiliate", "/affiliates", ann, 201).await;
    stage.call("list_affiliates", "/affiliates", "", 200).await;
    stage.call("get_affiliate", "/affiliates/ann%40example.com", "", 200).await;
    stage.call("update_affiliate", "/affiliates/ann%40example.com", "{}", 200).await;
    let coupon = r#"{"affiliate_id": 1, "coupon_code": "SAVE10"}"#;
    stage.call("create_coupon", "/coupons", coupon, 201).await;
    stage.call("list_coupons", "/coupons", "", 200).await;
    stage.call("get_coupon", "/coupons/1", "", 200).await;
    stage.call("update_coupon", "/coupons/1", r#"{"status": "inactive"}"#, 200).await;
    for status in [201, 200] {
        let click = r#"{"referral_code": "ANN", "click_id": "visit-1"}"#;
        stage.call("create_click", "/clicks", click, status).await;
    }
    stage.call("follow_link", "/r/ann", "", 302).await;
    stage.call("receive_stripe_webhook", &format!("/webhooks/stripe/{id}"), "{}", 200).await;

    // There is no worker yet.
    stage.call("create_referral", "/referrals", r#"{"email": "early@example.com"}"#, 202).await;
    let waiting = stage.call("create_conversion", "/conversions", r#"{"amount": 10}"#, 202).await;
    let path = format!("/conversions/{}", waiting.data(202)["id"]);
    stage.call("update_conversion", &path, r#"{"base_value": 11}"#, 202).await;
    stage.call("delete_conversion", &path, "", 202).await;

    let _worker = settle_for(&pool, &stage.project, 0).await;
    settled(&pool).await;
    let sale =
        r#"{"amount": 10, "stripe_customer_id": "cus_1", "referral_code": "ANN", "reference": "order-1"}"#;
    let referral = r#"{"email": "bob@example.com", "referral_code": "ANN"}"#;
    let mut path = String::new();
    for status in [201, 200] {
        stage.call("create_referral", "/referrals", referral, status).await;
        let entered = stage.call("create_conversion", "/conversions", sale, status).await;
        path = format!("/conversions/{}", entered.data(status)["id"]);
    }
    stage.call("list_referrals", "/referrals", "", 200).await;
    stage.call("get_referral", "/referrals/bob%40example.com", "", 200).await;
    stage.call("list_conversions", "/conversions", "", 200).await;
    stage.call("get_conversion", &path, "", 200).await;
    stage.call("explain_conversion", &format!("{path}/explanation"), "", 200).await;
    stage.call("explain_payment", "/payments/order-1/explanation", "", 200).await;
    stage.call("get_statistics", "/statistics", "", 200).await;
    let look_up = format!("/projects/{id}/stripe-customer-referral-info/cus_1");
    stage.call("get_stripe_customer_referral_info", &look_up, "", 200).await;
    stage.call("update_conversion", &path, r#"{"base_value": 11}"#, 200).await;
    stage.decide(&pool, &path).await;
    stage.pay().await;
    stage.run_the_programme(&pool).await;
    stage.call("delete_conversion", &path, "", 200).await;
    stage.call("delete_coupon", "/coupons/1", "", 200).await;
    let endpoint = r#"{"url": "http://127.0.0.1:9/", "events": ["*"], "timeout_seconds": 1}"#;
    stage.call("create_webhook_endpoint", "/webhook-endpoints", endpoint, 201).await;
    stage.call("list_webhook_endpoints", "/webhook-endpoints", "", 200).await;
    stage.call("get_webhook_endpoint", "/webhook-endpoints/1", "", 200).await;
    stage.call("update_webhook_endpoint", "/webhook-endpoints/1", r#"{"ordered": true}"#, 200).await;
    stage.call("rotate_webhook_endpoint_secret", "/webhook-endpoints/1/rotate-secret", "", 200).await;
    stage.call("test_webhook_endpoint", "/webhook-endpoints/1/test", "", 200).await;
    stage.call("create_portal_link", "/affiliates/ann%40example.com/portal-link", "", 201).await;
    stage.call("enable_webhook_endpoint", "/webhook-endpoints/1/enable", "", 200).await;
    stage.call("list_webhook_deliveries", "/webhook-endpoints/1/deliveries", "", 200).await;
    let failed = r#"{"failed": true}"#;
    stage.call("redeliver_webhooks", "/webhook-endpoints/1/redeliver", failed, 200).await;
    stage.call("delete_webhook_endpoint", "/webhook-endpoints/1", "", 200).await;
    stage.call("list_events", "/events", "", 200).await;
    stage.call("list_received_events", "/received-events", "", 200).await;
    stage.call("get_received_event", "/received-events/1", "", 200).await;
    stage.call("list_decisions", "/decisions", "", 200).await;
    stage.call("list_acts", "/acts", "", 200).await;
    for (name, path) in [("get_queues", "/queues"), ("get_doctor", "/doctor"), ("get_proof", "/proof")] {
        stage.call(name, path, "", 200).await;
    }
    stage.call("delete_affiliate", "/affiliates/ann%40example.com", "", 200).await;

    let documented: BTreeSet<(String, u16)> = operations()
        .iter()
        .flat_map(|operation| {
            operation.statuses().into_iter().map(|status| (operation.name().to_owned(), status))
        })
        .filter(|(name, status)| *status < 400 && !GIVEN_ELSEWHERE.contains(&(name.as_str(), *status)))
        .collect();
    assert_eq!(stage.given, documented);
}
