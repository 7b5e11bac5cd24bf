//! Fields that a call does not know: told, never lost in silence.

use crate::document::operations;
use crate::settling::settle_for;
use crate::support::{Answer, affiliate, project, start};
use reqwest::Method;
use serde_json::{Value, json};
use store::PgPool;

const PATH: &str = "/api/v1/conversions";

#[sqlx::test(migrations = "../migrations")]
async fn a_conversion_of_nobody_and_nothing_is_refused(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    for (body, fields) in [
        (
            json!({"customerEmail": "ann@example.com", "amount_cents": 4999}),
            vec![
                ("email", "A conversion must name somebody"),
                ("amount_cents", "unknown field amount_cents: did you mean amount?"),
                ("customerEmail", "unknown field customerEmail: did you mean customer_email?"),
            ],
        ),
        (json!({}), vec![("email", "A conversion must name somebody")]),
        (json!({"email": null, "external_id": "  "}), vec![("email", "A conversion must name somebody")]),
        (
            json!({"type": "signup", "paid": false, "url": "https://example.com", "currency": "eur"}),
            vec![("email", "A conversion must name somebody")],
        ),
        (
            json!({"reference": "order-1", "sum": 12}),
            vec![("email", "A conversion must name somebody"), ("sum", "unknown field sum")],
        ),
        (json!({"type": "purchase"}), vec![("base_value", "Missing required parameter: base_value")]),
        (
            json!({"type": "purchase", "email": "ann@example.com", "baseValue": 49.99}),
            vec![
                ("base_value", "Missing required parameter: base_value"),
                ("baseValue", "unknown field baseValue: did you mean base_value?"),
            ],
        ),
    ] {
        let answer = api.post(&project, PATH, &body.to_string()).send().await;
        let message = answer.error(400, "invalid_parameters").to_owned();
        let details = answer.body["error"]["details"].as_array().unwrap();
        assert_eq!(details.len(), fields.len(), "{}", answer.text);
        for (field, told) in fields {
            let detail = details.iter().find(|detail| detail["field"] == field);
            let detail = detail.unwrap_or_else(|| panic!("{field}: {}", answer.text));
            assert!(detail["message"].as_str().unwrap().starts_with(told), "{detail}");
            // Also where only the message is shown.
            assert!(message.contains(told), "{message}");
        }
    }
    let kept: i64 = sqlx::query_scalar("SELECT count(*) FROM conversions").fetch_one(&pool).await.unwrap();
    assert_eq!(kept, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_names_somebody_or_a_sale_is_taken(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let ann = affiliate(&pool, project.realm, "ann@example.com", "REF1").await;
    for body in [
        json!({"email": "bob@example.com"}),
        json!({"stripe_customer_id": "cus_1"}),
        json!({"external_id": 17}),
        json!({"affiliate_id": ann}),
        json!({"referral_code": "ref1"}),
        json!({"coupon_code_used": "SAVE10"}),
        json!({"amount": 10}),
        json!({"type": "purchase", "value": 5}),
        json!({"type": "purchase", "base_value": 0}),
        // The amount is Stripe's to tell.
        json!({"type": "purchase", "reference": "in_1", "affiliate_id": ann}),
        json!({"reference": "pi_1"}),
    ] {
        let answer =
            api.post(&project, PATH, &body.to_string()).header("Prefer", "respond-async").send().await;
        answer.data(202);
        assert_eq!(answer.body.get("warnings"), None, "{}", answer.text);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn unknown_fields_come_back_as_warnings(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let _worker = settle_for(&pool, &project, 0).await;
    let send = async |method: Method, path: &str, body: Value, status: u16| -> Answer {
        let path = format!("/api/v1{path}");
        let call = api.call(&project, method, &path).json(&body.to_string());
        let answer = call.header("Prefer", "wait=4").send().await;
        answer.data(status);
        let told = json!(["unknown field Status: did you mean status?", "unknown field zzz"]);
        let told = if path.contains("clicks") || path.contains("conversions") {
            json!(["unknown field zzz"])
        } else {
            told
        };
        assert_eq!(answer.body["warnings"], told, "{path} {}", answer.text);
        answer
    };
    let partner = json!({"email": "ann@example.com", "referral_code": "REF1", "Status": "x", "zzz": null});
    let ann = send(Method::POST, "/affiliates", partner, 201).await.body["data"]["id"].clone();
    send(Method::PUT, "/affiliates/ann%40example.com", json!({"Status": 1, "zzz": 1}), 200).await;
    let coupon = json!({"affiliate_id": ann, "coupon_code": "SAVE10", "Status": 1, "zzz": []});
    let coupon = send(Method::POST, "/coupons", coupon, 201).await.body["data"]["id"].clone();
    send(Method::PUT, &format!("/coupons/{coupon}"), json!({"Status": 1, "zzz": 1}), 200).await;
    let click = json!({"referral_code": "REF1", "zzz": {}});
    send(Method::POST, "/clicks", click, 201).await;
    let sale = json!({"amount": 10, "reference": "order-1", "zzz": 1});
    let sale = send(Method::POST, "/conversions", sale.clone(), 201).await.body["data"]["id"].clone();
    // Nothing of it changes anything, and all the same it is told.
    send(Method::PUT, &format!("/conversions/{sale}"), json!({"zzz": 1}), 200).await;
    send(Method::PUT, &format!("/conversions/{sale}"), json!({"base_value": 11, "zzz": 1}), 200).await;
    let referral = json!({"email": "bob@example.com", "Status": 1, "zzz": 1});
    send(Method::POST, "/referrals", referral, 201).await;
}

#[sqlx::test(migrations = "../migrations")]
async fn an_answer_that_is_kept_is_kept_with_its_warnings(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let send = async || {
        let body = r#"{"email": "ann@example.com", "refferal_code": "REF1"}"#;
        api.post(&project, "/api/v1/affiliates", body).header("Idempotency-Key", "one").send().await
    };
    let first = send().await;
    assert_eq!(first.body["warnings"], json!(["unknown field refferal_code: did you mean referral_code?"]));
    assert_eq!(send().await.text, first.text);
}

/// What the document names is read: none of it is unknown.
#[sqlx::test(migrations = "../migrations")]
async fn every_documented_field_is_known(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let ann = affiliate(&pool, project.realm, "ann@example.com", "REF1").await;
    api.post(&project, PATH, r#"{"amount": 10}"#).header("Prefer", "respond-async").send().await.data(202);
    let coupon = json!({"affiliate_id": ann, "coupon_code": "SAVE10"}).to_string();
    api.post(&project, "/api/v1/coupons", &coupon).send().await.data(201);
    let endpoint = json!({"url": "https://1.1.1.1/hooks", "events": ["*"]}).to_string();
    api.post(&project, "/api/v1/webhook-endpoints", &endpoint).send().await.data(201);
    sqlx::query(
        "INSERT INTO dead_letters (queue, project_id, livemode, headers, body, attempt, reason)
         VALUES ('tributary', $1, FALSE, '{}', '', 1, 'unreadable')",
    )
    .bind(project.realm.project.0)
    .execute(&pool)
    .await
    .unwrap();
    for operation in operations().iter().filter(|operation| !operation.fields().is_empty()) {
        // Each is wrong or null, so that the answer names what is not known.
        let fields = operation.fields().into_iter().map(|field| (field.name, Value::Null));
        let body: Value = fields.chain([("surely_unknown".to_owned(), json!(1))]).collect();
        let path = operation.path_with(|name| of(name).to_owned());
        let call = api.call(&project, operation.method.clone(), &path).json(&body.to_string());
        let answer = call.header("Prefer", "respond-async").send().await;
        let told = answer.text.matches("unknown field").count();
        let named = answer.text.matches("unknown field surely_unknown").count();
        assert!(named > 0 && told == named, "{} {}", operation.name(), answer.text);
    }
}

fn of(parameter: &str) -> &str {
    if parameter == "email" { "ann%40example.com" } else { "1" }
}
