//! The story of a payment, by whatever a person has at hand.

use crate::settling::{sale, settle_for, settle_under, settled};
use crate::support::{TEST_SECRET, affiliate, project, start};
use chrono::{TimeDelta, Utc};
use domain::fact::{SessionMode, SessionPaymentStatus};
use domain::rules::Rules;
use serde_json::{Value, json};
use store::{PgPool, overview};
use stripe::sample::Sample;

#[sqlx::test(migrations = "../migrations")]
async fn a_payment_is_found_by_any_of_its_ids_and_by_no_other_ones(pool: PgPool) {
    let (api, project, stranger) = (start(&pool).await, project(&pool).await, project(&pool).await);
    affiliate(&pool, project.realm, "ann@example.com", "ANN").await;
    let _worker = settle_for(&pool, &project, 0).await;
    let first = sale(1, "ANN", Utc::now() - TimeDelta::hours(1));
    // Another payment of the same customer.
    let second =
        Sample { customer: first.customer.clone(), email: first.email.clone(), ..sale(2, "ANN", Utc::now()) };
    for payment in [&first, &second] {
        for event in [
            payment.checkout_session_completed(SessionMode::Subscription, SessionPaymentStatus::Paid),
            payment.invoice_paid(),
            payment.invoice_payment_paid(),
            payment.charge_succeeded(),
        ] {
            let answer = api.post_webhook(project.realm.project, TEST_SECRET, event.as_bytes()).await;
            assert_eq!(answer.status(), 200);
        }
    }
    let order = json!({"amount": 5, "currency": "usd", "reference": "order 7"}).to_string();
    api.post(&project, "/api/v1/conversions", &order).header("Prefer", "wait=4").send().await.data(201);
    settled(&pool).await;
    let story = async |project, id: &str| {
        let path = format!("/api/v1/payments/{}/explanation", id.replace(' ', "%20"));
        api.get(project, &path).send().await
    };
    for payment in [&first, &second] {
        let by_invoice = story(&project, &payment.invoice).await;
        assert_eq!(by_invoice.data(200)["payment"], payment.invoice);
        for id in [&payment.payment_intent, &payment.charge, &payment.session] {
            assert_eq!(story(&project, id).await.data(200), by_invoice.data(200), "{id}");
            story(&stranger, id).await.error(404, "not_found");
        }
    }
    assert_eq!(story(&project, "order 7").await.data(200)["payment"], "external:order 7");
    let customer = first.customer.clone().unwrap();
    for id in ["pi_unknown", customer.as_str(), "order", "%00"] {
        story(&project, id).await.error(404, "not_found");
    }
    // The command line knows customers as well.
    let mut connection = pool.acquire().await.unwrap();
    let mut count = async |name: &str| overview::by_name(&mut connection, None, name).await.unwrap().len();
    assert_eq!(count(&first.charge).await, 1);
    assert_eq!(count("order 7").await, 1);
    assert_eq!(count(&customer).await, 2);
    assert_eq!(count(&first.email.to_uppercase()).await, 2);
    assert_eq!(count("cus_unknown").await, 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_payment_is_explained_by_rule_version_and_invoice_line(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    affiliate(&pool, project.realm, "ann@example.com", "ANN").await;
    let sale = Sample { quantity: 2, tax: 931, ..sale(1, "ANN", Utc::now()) };
    let rules: Rules = serde_json::from_value(json!({
        "commission": {"kind": "percent", "basis_points": 2_000},
        "products": [{"name": "Plans", "products": [sale.product],
                      "commission": {"kind": "percent", "basis_points": 3_000}}],
    }))
    .unwrap();
    let _worker = settle_under(&pool, &project, &rules).await;
    let answer = api.post_webhook(project.realm.project, TEST_SECRET, sale.invoice_paid().as_bytes()).await;
    assert_eq!(answer.status(), 200);
    settled(&pool).await;

    let story = format!("/api/v1/payments/{}/explanation", sale.invoice);
    let told = api.get(&project, &story).send().await.data(200).clone();
    assert_eq!((&told["rule_version"], told["commission"].to_string().as_str()), (&json!(1), "14.70"));
    let of_rules: Vec<Value> = told["rules"]
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| json!([rule["kind"], rule["name"], rule["commission"], rule["verdict"]]))
        .collect();
    assert_eq!(
        json!(of_rules),
        json!([
            ["product", "Plans", "30%", "won"],
            ["default", null, "20%", "lost: a rule above goes before it"]
        ])
    );
    let line = &told["arithmetic"][1];
    assert_eq!(line["rule"]["name"], "Plans");
    assert_eq!(line["invoice_line"]["product"], sale.product);
    assert_eq!((&line["invoice_line"]["quantity"], line["value"].to_string().as_str()), (&json!(2), "14.70"));
    assert_eq!(line["invoice_line"]["base_value"].to_string(), "49.00");
    assert!(told["arithmetic"][0]["invoice_line"].is_null());
}
