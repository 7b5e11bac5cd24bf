//! One payment that Stripe and the REST API tell: one row, one reference, the same answers, in either order.

use crate::settling::{sale, settle_for, settled};
use crate::support::{Api, Project, TEST_SECRET, affiliate, project, start};
use chrono::{SubsecRound, TimeDelta, Utc};
use serde_json::{Value, json};
use store::PgPool;
use stripe::sample::Sample;

const PATH: &str = "/api/v1/conversions";

/// Stripe tells of it, and it is settled.
async fn stripe_tells(pool: &PgPool, api: &Api, project: &Project, sale: &Sample) {
    for body in [sale.invoice_paid(), sale.charge_succeeded(), sale.invoice_payment_paid()] {
        let sent = api.post_webhook(project.realm.project, TEST_SECRET, body.as_bytes()).await;
        assert_eq!(sent.status(), 200);
    }
    settled(pool).await;
}

/// The payment of 49.00 USD that Anna brought: 9.80 by the rules.
fn payment() -> Sample {
    sale(1, "ANNA", (Utc::now() - TimeDelta::days(3)).trunc_subsecs(0))
}

#[derive(Clone, Copy, Debug)]
enum First {
    Stripe,
    Rest,
}

const ORDERS: [First; 2] = [First::Stripe, First::Rest];

/// Everything that is asked of a payment, once told in each order.
async fn in_either_order(pool: &PgPool, name: impl Fn(&Sample) -> String, ask: impl AsyncFn(&Asked<'_>)) {
    let api = start(pool).await;
    for first in ORDERS {
        let project = project(pool).await;
        affiliate(pool, project.realm, "anna@example.com", "ANNA").await;
        affiliate(pool, project.realm, "ben@example.com", "BEN").await;
        let _worker = settle_for(pool, &project, 0).await;
        let sale = payment();
        let reference = name(&sale);
        let body = json!({"reference": reference, "value": 5, "base_value": 49, "email": "zoe@example.com"});
        let body = body.to_string();
        if matches!(first, First::Stripe) {
            stripe_tells(pool, &api, &project, &sale).await;
        }
        let posted = api.post(&project, PATH, &body).send().await;
        assert!([200, 201].contains(&posted.status), "{first:?}: {}", posted.body);
        if matches!(first, First::Rest) {
            stripe_tells(pool, &api, &project, &sale).await;
        }
        let asked = Asked { api: &api, project: &project, body: &body, reference: &reference, first };
        ask(&asked).await;
        let rows: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM conversions WHERE project_id = $1 AND merged_into IS NULL",
        )
        .bind(project.realm.project.0)
        .fetch_one(pool)
        .await
        .unwrap();
        assert_eq!(rows, 1, "{first:?}: one payment is one row");
    }
}

struct Asked<'a> {
    api: &'a Api,
    project: &'a Project,
    body: &'a str,
    reference: &'a str,
    first: First,
}

impl Asked<'_> {
    /// The same request again: the conversion as it stands.
    async fn again(&self) -> Value {
        self.api.post(self.project, PATH, self.body).send().await.data(200).clone()
    }

    async fn put(&self, id: &Value, change: &str) -> Value {
        let path = format!("{PATH}/{id}");
        self.api.put(self.project, &path, change).send().await.data(200).clone()
    }

    async fn delete(&self, id: &Value) -> Value {
        self.api.delete(self.project, &format!("{PATH}/{id}")).send().await.data(200).clone()
    }

    fn stands(&self, conversion: &Value, value: &str, refunded: &str) {
        let told = (conversion["value"].to_string(), conversion["refunded_value"].to_string());
        assert_eq!(told, (value.to_owned(), refunded.to_owned()), "{:?}: {conversion}", self.first);
        assert_eq!(conversion["reference"], self.reference, "{:?}", self.first);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_payment_posted_by_its_payment_intent_is_one_conversion(pool: PgPool) {
    in_either_order(
        &pool,
        |sale| sale.payment_intent.clone(),
        async |asked| {
            let first = asked.again().await;
            asked.stands(&first, "5.00", "0.00");
            assert_eq!(asked.again().await, first);
            let other = asked.body.replace("\"value\":5", "\"value\":6");
            assert_ne!(other, asked.body);
            asked.api.post(asked.project, PATH, &other).send().await.error(409, "conflict");

            // Another field leaves the named value and the affiliate alone.
            let changed = asked.put(&first["id"], r#"{"coupon_code_used": "SPRING"}"#).await;
            asked.stands(&changed, "5.00", "0.00");
            assert_eq!(changed["affiliate_id"], first["affiliate_id"]);
            assert_eq!(asked.again().await, changed, "a retry is compared with the request that made it");
        },
    )
    .await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_value_that_was_named_is_given_back_to_the_rules(pool: PgPool) {
    in_either_order(
        &pool,
        |sale| sale.invoice.clone(),
        async |asked| {
            let id = asked.again().await["id"].clone();
            asked.stands(&asked.put(&id, r#"{"value": 7.5}"#).await, "7.50", "0.00");
            asked.stands(&asked.put(&id, r#"{"value": null}"#).await, "9.80", "0.00");
            asked.stands(&asked.again().await, "9.80", "0.00");
        },
    )
    .await;
}

#[sqlx::test(migrations = "../migrations")]
async fn what_was_deleted_keeps_the_value_that_was_named(pool: PgPool) {
    in_either_order(
        &pool,
        |sale| sale.charge.clone(),
        async |asked| {
            let id = asked.again().await["id"].clone();
            let deleted = asked.delete(&id).await;
            asked.stands(&deleted, "0.00", "5.00");
            assert_eq!(deleted["status"], "reversed");
            assert_eq!(asked.again().await, deleted, "a retry answers what stands");
        },
    )
    .await;
}

/// Two callers, two ids of one payment, two values: the later word stands, by the conversions' own time.
#[sqlx::test(migrations = "../migrations")]
async fn one_payment_posted_under_two_of_its_ids_ends_the_same_in_every_order(pool: PgPool) {
    let api = start(&pool).await;
    let mut digests = Vec::new();
    let sale = payment();
    let post = |reference: &str, value: i64, day: i64| {
        let occurred_at = (Utc::now() - TimeDelta::days(day)).trunc_subsecs(0).to_rfc3339();
        json!({"reference": reference, "value": value, "amount": 49, "occurred_at": occurred_at}).to_string()
    };
    let posts = [post(&sale.invoice, 5, 2), post(&sale.payment_intent, 7, 1)];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let project = project(&pool).await;
        affiliate(&pool, project.realm, "anna@example.com", "ANNA").await;
        let _worker = settle_for(&pool, &project, 0).await;
        for step in order {
            match posts.get(step) {
                Some(body) => {
                    let answer = api.post(&project, PATH, body).send().await;
                    assert!([200, 201].contains(&answer.status), "{order:?}: {}", answer.body);
                }
                None => stripe_tells(&pool, &api, &project, &sale).await,
            }
            settled(&pool).await;
        }
        let all = api.get(&project, PATH).send().await.data(200).clone();
        assert_eq!(all.as_array().map(Vec::len), Some(1), "{order:?}: {all}");
        assert_eq!(all[0]["value"].to_string(), "7.00", "{order:?}");
        for body in &posts {
            api.post(&project, PATH, body).send().await.data(200);
        }
        let mut connection = pool.acquire().await.unwrap();
        let project = Some(project.realm.project);
        digests.push(store::digest::of(&mut connection, project).await.unwrap());
    }
    digests.dedup();
    assert_eq!(digests.len(), 1, "one digest, whatever came first");
}

/// Somebody puts another reference on it, and whoever knows it by that one posts it again.
#[sqlx::test(migrations = "../migrations")]
async fn a_payment_posted_under_the_reference_that_it_was_given_later_is_the_same_conversion(pool: PgPool) {
    in_either_order(
        &pool,
        |sale| sale.invoice.clone(),
        async |asked| {
            let id = asked.again().await["id"].clone();
            let renamed = asked.put(&id, r#"{"reference": "order-7"}"#).await;
            assert_eq!((&renamed["id"], &renamed["reference"]), (&id, &json!("order-7")));
            let body =
                json!({"reference": "order-7", "value": 8, "base_value": 49, "email": "zoe@example.com"});
            for _ in 0..2 {
                let posted =
                    asked.api.post(asked.project, PATH, &body.to_string()).send().await.data(200).clone();
                assert_eq!((&posted["id"], posted["value"].to_string()), (&id, "8.00".to_owned()));
            }
            let other = body.to_string().replace("49", "48");
            asked.api.post(asked.project, PATH, &other).send().await.error(409, "conflict");
            assert_eq!(asked.again().await["id"], id, "the name under which it was posted stays its own");
        },
    )
    .await;
}

#[sqlx::test(migrations = "../migrations")]
async fn a_reference_of_another_conversion_is_refused(pool: PgPool) {
    let api = start(&pool).await;
    let project = project(&pool).await;
    let _worker = settle_for(&pool, &project, 0).await;
    let post = |reference: &str| {
        json!({"reference": reference, "base_value": 20, "email": "zoe@example.com"}).to_string()
    };
    let mut ids = Vec::new();
    for reference in ["order-1", "order-2"] {
        ids.push(api.post(&project, PATH, &post(reference)).send().await.data(201)["id"].clone());
    }
    let path = format!("{PATH}/{}", ids[0]);
    api.put(&project, &path, r#"{"reference": "order-2"}"#).send().await.error(409, "conflict");
    // One that it had is still its own.
    let put = |reference: &str| json!({"reference": reference}).to_string();
    for reference in ["order-3", "order-1", "order-3"] {
        let changed = api.put(&project, &path, &put(reference)).send().await.data(200).clone();
        assert_eq!(changed["reference"], reference);
    }
    let other = format!("{PATH}/{}", ids[1]);
    for taken in ["order-1", "order-3"] {
        api.put(&project, &other, &put(taken)).send().await.error(409, "conflict");
    }
}
