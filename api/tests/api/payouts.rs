//! Payouts and statements over REST: made, shown, exported, paid, canceled.

use crate::settling::{settle_for, settled};
use crate::support::{Answer, Api, Project, project, start};
use serde_json::{Value, json};
use store::PgPool;
use tokio_util::sync::DropGuard;

struct Stage {
    api: Api,
    project: Project,
    _worker: DropGuard,
}

impl Stage {
    /// Two affiliates who are owed 10.00 and 2.00 USD, the first one 4 EUR as well.
    async fn new(pool: &PgPool) -> Self {
        let (api, project) = (start(pool).await, project(pool).await);
        let worker = settle_for(pool, &project, 0).await;
        let stage = Self { api, project, _worker: worker };
        for (name, preferences) in [("ann", json!({"paypal_email": "pay@ann.example"})), ("ben", Value::Null)]
        {
            let body = json!({"email": format!("{name}@example.com"), "referral_code": name, "payout_preferences": preferences});
            stage.post("/affiliates", &body).await.data(201);
        }
        for (code, amount, currency) in [("ann", 50, "usd"), ("ben", 10, "usd"), ("ann", 20, "eur")] {
            let sale = json!({"amount": amount, "currency": currency, "referral_code": code, "reference": format!("{code}-{currency}")});
            stage.post("/conversions", &sale).await.data(201);
        }
        settled(pool).await;
        stage
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        let call = self.api.post(&self.project, &format!("/api/v1{path}"), &body.to_string());
        call.header("Prefer", "wait=4").send().await
    }

    async fn get(&self, path: &str) -> Answer {
        self.api.get(&self.project, &format!("/api/v1{path}")).send().await
    }

    /// An affiliate's amounts in a batch.
    fn amounts(batch: &Value) -> Vec<String> {
        let payouts = batch["payouts"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        payouts.map(|payout| format!("{} {}", text(&payout["amount"]), text(&payout["currency"]))).collect()
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_due_is_told_as_it_would_be_frozen_and_nothing_is(pool: PgPool) {
    let stage = Stage::new(&pool).await;
    let due = stage.get("/payouts/due?currency=usd&minimum=5").await.data(200).clone();
    assert_eq!(Stage::amounts(&due), ["10.00 usd"]);
    assert_eq!(due["payouts"][0]["affiliate_email"], "ann@example.com");
    assert_eq!(due["payouts"][0]["conversions"], 1);
    assert_eq!(due["carried_over"][0]["affiliate_email"], "ben@example.com");
    let of_ben = stage.get("/payouts/due?affiliate=BEN%40example.com").await.data(200).clone();
    assert_eq!(Stage::amounts(&of_ben), ["2.00 usd"]);
    let before = stage.get("/payouts/due?as_of=2020-01-01").await.data(200).clone();
    assert_eq!(before["payouts"], json!([]));
    for (query, field) in [
        ("minimum=5", "minimum"),
        ("as_of=2999-01-01", "as_of"),
        ("affiliate=nobody%40example.com", "affiliate"),
        ("currency=money", "currency"),
    ] {
        let refused = stage.get(&format!("/payouts/due?{query}")).await;
        refused.error(400, "invalid_parameters");
        assert_eq!(refused.fields(), [field], "{query}");
    }
    let made: i64 = sqlx::query_scalar("SELECT count(*) FROM payout_batches").fetch_one(&pool).await.unwrap();
    assert_eq!(made, 0);

    let frozen = stage.post("/payouts", &json!({})).await.data(201).clone();
    let pay = async |reference: &str| {
        stage
            .post(&format!("/payout-batches/{}/mark-paid", frozen["id"]), &json!({"reference": reference}))
            .await
    };
    let paid = pay("BANK-1").await.data(200).clone();
    assert_eq!(
        paid["payouts"].as_array().unwrap().iter().filter(|payout| payout["status"] == "paid").count(),
        3
    );
    assert_eq!(pay("BANK-1").await.data(200), &paid, "said again it changes nothing");
    assert_eq!(stage.get("/payouts/due").await.data(200)["payouts"], json!([]));
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_due_is_frozen_paid_and_told_by_the_statement(pool: PgPool) {
    let stage = Stage::new(&pool).await;
    let made = stage.post("/payouts", &json!({"currency": "usd", "minimum": 5})).await;
    let batch = made.data(201).clone();
    assert_eq!(Stage::amounts(&batch), ["10.00 usd"]);
    assert_eq!(batch["carried_over"][0]["why"], "below_minimum");
    assert_eq!(batch["carried_over"][0]["affiliate_email"], "ben@example.com");
    assert_eq!(made.header("location"), format!("/api/v1/payout-batches/{}", batch["id"]));
    assert_eq!(stage.get(&format!("/payout-batches/{}", batch["id"])).await.data(200), &batch);

    let id = batch["payouts"][0]["id"].clone();
    let shown = stage.get(&format!("/payouts/{id}")).await;
    assert_eq!(shown.data(200)["items"][0]["payment"], "external:ann-usd");
    assert_eq!(shown.data(200)["affiliate_email"], "ann@example.com");
    let pay = async |reference: &str| {
        stage.post(&format!("/payouts/{id}/mark-paid"), &json!({"reference": reference})).await
    };
    let paid = pay("WISE-1").await;
    assert_eq!(paid.data(200)["status"], "paid");
    assert_eq!(paid.data(200)["closed_by"], "test", "the key's name");
    assert_eq!(pay("WISE-1").await.data(200), paid.data(200), "said again it changes nothing");
    pay("WISE-2").await.error(409, "conflict");
    stage.post(&format!("/payouts/{id}/cancel"), &json!({"reason": "late"})).await.error(409, "conflict");

    let statement = stage.get("/affiliates/ANN%40example.com/statement?currency=usd").await;
    let usd = &statement.data(200)["currencies"][0];
    assert_eq!((&usd["opening"], &usd["closing"]), (&json!("0.00"), &json!("0.00")));
    assert_eq!(usd["entries"][1]["what"], format!("payout {id}, WISE-1"));
    assert_eq!(usd["entries"][1]["amount"], "-10.00");
    let before = stage.get("/affiliates/ann%40example.com/statement?to=2020-01-01").await;
    assert_eq!(before.data(200)["currencies"], json!([]));
    stage.get("/affiliates/nobody%40example.com/statement").await.error(404, "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_makes_one_batch_for_good(pool: PgPool) {
    let stage = Stage::new(&pool).await;
    let make = async |body: Value| {
        let call = stage.api.post(&stage.project, "/api/v1/payouts", &body.to_string());
        call.header("Idempotency-Key", "2026-06").send().await
    };
    let first = make(json!({"currency": "usd"})).await;
    assert_eq!(Stage::amounts(first.data(201)), ["10.00 usd", "2.00 usd"]);
    assert_eq!(make(json!({"currency": "usd"})).await.header("idempotent-replayed"), "true");
    // Long after, when the stored answer is gone.
    sqlx::query("DELETE FROM idempotency_keys").execute(&pool).await.unwrap();
    let again = make(json!({"currency": "usd"})).await;
    assert_eq!(again.data(200), first.data(201));
    sqlx::query("DELETE FROM idempotency_keys").execute(&pool).await.unwrap();
    make(json!({"currency": "eur"})).await.error(409, "conflict");
}

#[sqlx::test(migrations = "../migrations")]
async fn only_what_is_asked_for_is_paid_and_what_is_canceled_is_due_again(pool: PgPool) {
    let stage = Stage::new(&pool).await;
    let ben = stage.get("/affiliates/ben%40example.com").await.data(200)["id"].clone();
    let made = stage.post("/payouts", &json!({"affiliates": [ben]})).await;
    assert_eq!(Stage::amounts(made.data(201)), ["2.00 usd"]);
    let id = made.data(201)["payouts"][0]["id"].clone();
    let canceled = stage.post(&format!("/payouts/{id}/cancel"), &json!({"reason": "wrong account"})).await;
    assert_eq!(
        (&canceled.data(200)["status"], &canceled.data(200)["reason"]),
        (&json!("canceled"), &json!("wrong account"))
    );
    let all = stage.post("/payouts", &json!({})).await;
    assert_eq!(Stage::amounts(all.data(201)), ["4.00 eur", "10.00 usd", "2.00 usd"]);
    let listed = stage.get("/payouts?status=open&affiliate=ben%40example.com").await;
    assert_eq!(listed.data(200).as_array().unwrap().len(), 1);

    let tomorrow = (chrono::Utc::now() + chrono::TimeDelta::days(1)).format("%Y-%m-%d").to_string();
    for (body, field) in [
        (json!({"affiliates": [999]}), "affiliates"),
        (json!({"minimum": 5}), "minimum"),
        (json!({"minimum": 5.001, "currency": "usd"}), "minimum"),
        (json!({"as_of": tomorrow}), "as_of"),
        (json!({"as_of": "June"}), "as_of"),
    ] {
        let refused = stage.post("/payouts", &body).await;
        refused.error(400, "invalid_parameters");
        assert_eq!(refused.fields(), [field], "{body}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_batch_is_exported_in_each_format(pool: PgPool) {
    let stage = Stage::new(&pool).await;
    let batch = stage.post("/payouts", &json!({})).await.data(201)["id"].clone();
    let export = async |query: &str| stage.get(&format!("/payout-batches/{batch}/export{query}")).await;
    let paypal = export("?format=paypal&currency=USD").await;
    assert_eq!(paypal.status, 200, "{}", paypal.text);
    assert!(paypal.header("content-type").starts_with("text/csv"), "{:?}", paypal.headers);
    assert!(paypal.text.starts_with("pay@ann.example,10.00,USD,tributary-"), "{}", paypal.text);
    assert_eq!(paypal.text.lines().count(), 2);
    assert!(export("?format=wise").await.text.contains("ben@example.com"));
    assert_eq!(export("").await.text.lines().count(), 4, "a header and three payouts");
    let mixed = export("?format=paypal").await;
    assert_eq!(mixed.fields(), ["currency"], "{}", mixed.text);
    export("?format=xml").await.error(400, "invalid_parameters");
    export("?currency=jpy").await.error(409, "conflict");

    // What is taken back meanwhile need not be sent at all.
    stage
        .api
        .delete(&stage.project, "/api/v1/conversions/1")
        .header("Prefer", "wait=4")
        .send()
        .await
        .data(200);
    export("?format=csv").await.error(409, "conflict");
    assert_eq!(export("?format=csv&as_frozen=true").await.text.lines().count(), 4);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_statement_is_csv_for_a_spreadsheet(pool: PgPool) {
    let stage = Stage::new(&pool).await;
    let call = stage.api.get(&stage.project, "/api/v1/affiliates/ann%40example.com/statement?currency=eur");
    let csv = call.header("Accept", "text/csv").send().await;
    let lines: Vec<&str> = csv.text.lines().collect();
    assert_eq!(lines[0], "currency,date,what,conversion,payment,payout,amount,held,balance");
    assert!(lines[1].starts_with("EUR,,opening balance") && lines[1].ends_with(",0.00"), "{}", csv.text);
    assert!(lines[2].contains(",commission,") && lines[2].ends_with(",4.00,0.00,4.00"), "{}", csv.text);
    assert!(lines[3].starts_with("EUR,,closing balance") && lines[3].ends_with(",4.00"), "{}", csv.text);
}
