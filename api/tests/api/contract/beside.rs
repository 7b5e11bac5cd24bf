//! The look-up of a Stripe customer, and what is ours beside the public API.

use super::Client;
use insta::assert_snapshot;
use store::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn a_customer_and_the_story_of_what_they_paid(pool: PgPool) {
    let client = Client::new(&pool).await;
    let partner = r#"{"email": "partner@example.com", "referral_code": "REF1"}"#;
    client.send("POST", "/affiliates", partner).await.data(201);
    let click = r#"{"referral_code": "ref1", "url": "https://example.com/pricing"}"#;
    assert_snapshot!(client.told("POST", "/clicks", click).await, @r#"
    201 {
      "data": {
        "affiliate_id": 1,
        "click_id": "[click_id]",
        "created_at": "[time]",
        "referral_code": "REF1",
        "url": "https://example.com/pricing"
      },
      "success": true
    }
    "#);
    let nobodys = client.send("POST", "/clicks", r#"{"referral_code": "NOPE"}"#).await;
    assert_eq!(nobodys.error(400, "invalid_parameters"), "Unknown referral code: NOPE");
    let referral = r#"{"email": "ann@example.com", "referral_code": "REF1", "stripe_customer_id": "cus_1"}"#;
    client.send("POST", "/referrals", referral).await.data(201);
    let sale = r#"{"amount": 49, "stripe_customer_id": "cus_1", "reference": "order-1"}"#;
    client.send("POST", "/conversions", sale).await.data(201);
    let path = format!("/projects/{}/stripe-customer-referral-info", client.project.realm.project);
    assert_snapshot!(client.told("GET", &format!("{path}/cus_1"), "").await, @r#"
    200 {
      "data": {
        "affiliate": {
          "id": 1,
          "partner_slug": null,
          "referral_code": "REF1",
          "status": "active",
          "user_email": "partner@example.com"
        },
        "attribution": {
          "bound_at": "[time]",
          "evidence": {
            "event": "referral:1:0",
            "object": "referral:1:0"
          },
          "method": "api"
        },
        "conversions": {
          "count": 1,
          "first_at": "[time]",
          "last_at": "[time]"
        },
        "coupon_code": null,
        "project_id": 1,
        "referral": {
          "affiliate_code": "REF1",
          "affiliate_id": 1,
          "attribution": {
            "affiliate": 1,
            "bound_at": "[time]",
            "coupon_code": null,
            "evidence": {
              "event": "referral:1:0",
              "object": "referral:1:0"
            },
            "method": "api",
            "referral_code": "REF1"
          },
          "conversion_date": "[time]",
          "conversion_status": "converted",
          "created_at": "[time]",
          "external_id": null,
          "id": 1,
          "stripe_customer_id": "cus_1",
          "user_email": "ann@example.com"
        },
        "referral_code": "REF1",
        "referred": true,
        "stripe_customer_id": "cus_1",
        "totals": [
          {
            "base_value": 49.00,
            "currency": "usd",
            "refunded_value": 0.00,
            "value": 9.80
          }
        ]
      },
      "success": true
    }
    "#);
    assert_snapshot!(client.told("GET", &format!("{path}/cus_2"), "").await, @r#"
    404 {
      "error": {
        "code": "not_found",
        "message": "There is no Stripe customer cus_2",
        "request_id": "[request_id]",
        "status": 404
      },
      "success": false
    }
    "#);
    client.send("POST", "/conversions", r#"{"amount": 7, "stripe_customer_id": "cus_3"}"#).await.data(201);
    assert_snapshot!(client.told("GET", &format!("{path}/cus_3"), "").await, @r#"
    200 {
      "data": {
        "affiliate": null,
        "attribution": null,
        "conversions": {
          "count": 1,
          "first_at": "[time]",
          "last_at": "[time]"
        },
        "coupon_code": null,
        "project_id": 1,
        "referral": null,
        "referral_code": null,
        "referred": false,
        "stripe_customer_id": "cus_3",
        "totals": [
          {
            "base_value": 7.00,
            "currency": "usd",
            "refunded_value": 0.00,
            "value": 0.00
          }
        ]
      },
      "success": true
    }
    "#);
    assert_snapshot!(client.told("GET", "/projects/99/stripe-customer-referral-info/cus_1", "").await, @r#"
    403 {
      "error": {
        "code": "forbidden",
        "message": "This API key belongs to another project than 99",
        "request_id": "[request_id]",
        "status": 403
      },
      "success": false
    }
    "#);
    let story = client.told("GET", "/payments/order-1/explanation", "").await;
    let day = chrono::Utc::now().format("%F").to_string();
    assert_snapshot!(story.replace(&day, "[day]"), @r#"
    200 {
      "data": {
        "affiliate_email": "partner@example.com",
        "affiliate_id": 1,
        "arithmetic": [
          {
            "how": "what was collected",
            "invoice_line": null,
            "rule": null,
            "value": 49.00,
            "what": "base"
          },
          {
            "how": "20% of 49.00 USD, half to even",
            "invoice_line": null,
            "rule": {
              "commission": "20%",
              "kind": "default",
              "name": null,
              "verdict": null
            },
            "value": 9.80,
            "what": "commission"
          }
        ],
        "base_value": 49.00,
        "candidates": [],
        "commission": 9.80,
        "conversion_id": 1,
        "currency": "usd",
        "decision": "the customer has been bound to affiliate 1 since [day] by named over the API; the first bind wins",
        "held_value": 0.00,
        "payment": "external:order-1",
        "reason": null,
        "refunded_value": 0.00,
        "rule_version": 1,
        "rules": [],
        "status": "attributed"
      },
      "success": true
    }
    "#);
    assert_eq!(client.told("GET", "/conversions/1/explanation", "").await, story);
    let statistics = client.send("GET", "/statistics?interval=month", "").await;
    let mut one = statistics.data(200)["affiliates"][0].clone();
    assert_eq!(one.as_object_mut().unwrap().remove("series").unwrap().as_array().unwrap().len(), 12);
    assert_snapshot!(serde_json::to_string_pretty(&one).unwrap(), @r#"
    {
      "affiliate_id": 1,
      "clicks": 1,
      "purchases": 1,
      "referral_code": "REF1",
      "signups": 1,
      "totals": [
        {
          "base_value": 49.00,
          "currency": "usd",
          "refunded_value": 0.00,
          "value": 9.80
        }
      ],
      "user_email": "partner@example.com"
    }
    "#);
    assert_snapshot!(statistics.body["pagination"], @r#"{"has_more":false,"limit":20,"next_cursor":null,"offset":0,"total":1}"#);
}
