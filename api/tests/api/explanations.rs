//! The arithmetic of a commission, line by line.

use crate::settling::{sale, settle_under, settled};
use crate::support::{TEST_SECRET, affiliate, project, start};
use chrono::Utc;
use common::domain::rules::Rules;
use common::store::PgPool;
use common::stripe::sample::Sample;
use serde_json::{Value, json};

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
