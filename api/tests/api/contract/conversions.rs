//! Conversions.

use super::Client;
use insta::assert_snapshot;
use store::PgPool;

async fn client(pool: &PgPool) -> Client {
    let client = Client::new(pool).await;
    for (email, code) in [("partner@example.com", "REF1"), ("other@example.com", "REF2")] {
        let body = format!(r#"{{"email": "{email}", "referral_code": "{code}"}}"#);
        client.send("POST", "/affiliates", &body).await.data(201);
    }
    client
}

#[sqlx::test(migrations = "../migrations")]
async fn a_sale_by_its_commission_and_by_the_rules(pool: PgPool) {
    let client = client(&pool).await;
    let told = r#"{"type": "purchase", "value": 5, "base_value": 49.99, "base_value_currency": "USD", "affiliate_id": 1,
                   "email": "ann@example.com", "reference": "order-1", "coupon_code_used": "SAVE10", "paid": false,
                   "url": "https://example.com/thanks", "occurred_at": "2026-01-31T12:00:00Z"}"#;
    let entered = client.told("POST", "/conversions", told).await;
    assert_snapshot!(entered, @r#"
    201 {
      "data": {
        "affiliate_id": 1,
        "attribution": {
          "affiliate": 1,
          "bound_at": "[time]",
          "coupon_code": null,
          "evidence": {
            "event": "conversion:1:0",
            "object": "conversion:1:0"
          },
          "method": "api",
          "referral_code": "REF1"
        },
        "base_value": 49.99,
        "base_value_currency": "usd",
        "coupon_code_used": "SAVE10",
        "created_at": "[time]",
        "id": 1,
        "paid": false,
        "project_id": 1,
        "reference": "order-1",
        "referral_code": "REF1",
        "referred_user_id": 1,
        "refunded_value": 0.00,
        "release_date": "[time]",
        "source": "api",
        "status": "attributed",
        "type": "purchase",
        "url": "https://example.com/thanks",
        "value": 5.00
      },
      "success": true
    }
    "#);
    assert_eq!(client.told("POST", "/conversions", told).await, entered.replacen("201", "200", 1));
    assert_eq!(client.told("GET", "/conversions/1", "").await, entered.replacen("201", "200", 1));
    assert_snapshot!(client.told("POST", "/conversions", &told.replace("49.99", "50")).await, @r#"
    409 {
      "error": {
        "code": "conflict",
        "message": "the reference order-1 belongs to conversion 1, which says something else",
        "request_id": "[request_id]",
        "status": 409
      },
      "success": false
    }
    "#);
    let short = r#"{"customer_email": "bob@example.com", "amount": 19.9, "currency": "eur", "referral_code": "ref2"}"#;
    assert_snapshot!(client.told("POST", "/conversions", short).await, @r#"
    201 {
      "data": {
        "affiliate_id": 2,
        "attribution": {
          "affiliate": 2,
          "bound_at": "[time]",
          "coupon_code": null,
          "evidence": {
            "event": "conversion:4:0",
            "object": "conversion:4:0"
          },
          "method": "api",
          "referral_code": "REF2"
        },
        "base_value": 19.90,
        "base_value_currency": "eur",
        "coupon_code_used": null,
        "created_at": "[time]",
        "id": 4,
        "paid": false,
        "project_id": 1,
        "reference": null,
        "referral_code": "REF2",
        "referred_user_id": 2,
        "refunded_value": 0.00,
        "release_date": "[time]",
        "source": "api",
        "status": "attributed",
        "type": "purchase",
        "url": null,
        "value": 3.98
      },
      "success": true
    }
    "#);
    let signup = r#"{"customer_email": "bob@example.com"}"#;
    assert_snapshot!(client.told("POST", "/conversions", signup).await, @r#"
    201 {
      "data": {
        "affiliate_id": 2,
        "attribution": {
          "affiliate": 2,
          "bound_at": "[time]",
          "coupon_code": null,
          "evidence": {
            "event": "conversion:4:0",
            "object": "conversion:4:0"
          },
          "method": "api",
          "referral_code": "REF2"
        },
        "base_value": 0.00,
        "base_value_currency": "usd",
        "coupon_code_used": null,
        "created_at": "[time]",
        "id": 5,
        "paid": false,
        "project_id": 1,
        "reference": null,
        "referral_code": "REF2",
        "referred_user_id": 2,
        "refunded_value": 0.00,
        "release_date": "[time]",
        "source": "api",
        "status": "attributed",
        "type": "signup",
        "url": null,
        "value": 0.00
      },
      "success": true
    }
    "#);
    let nobodys = r#"{"type": "purchase", "base_value": 500, "base_value_currency": "jpy"}"#;
    assert_snapshot!(client.told("POST", "/conversions", nobodys).await, @r#"
    201 {
      "data": {
        "affiliate_id": null,
        "attribution": null,
        "base_value": 500,
        "base_value_currency": "jpy",
        "coupon_code_used": null,
        "created_at": "[time]",
        "id": 6,
        "paid": false,
        "project_id": 1,
        "reference": null,
        "referral_code": null,
        "referred_user_id": 3,
        "refunded_value": 0,
        "release_date": null,
        "source": "api",
        "status": "unattributed",
        "type": "purchase",
        "url": null,
        "value": 0
      },
      "success": true
    }
    "#);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_change_and_an_end(pool: PgPool) {
    let client = client(&pool).await;
    let sale = r#"{"amount": 100, "email": "ann@example.com", "affiliate_id": 1, "reference": "order-1"}"#;
    let id = client.send("POST", "/conversions", sale).await.data(201)["id"].clone();
    let path = format!("/conversions/{id}");
    let change = r#"{"value": 30.5, "base_value": 110, "type": "purchase", "paid": false, "reference": "order-1b",
                     "coupon_code_used": "SAVE10", "base_value_currency": "usd"}"#;
    assert_snapshot!(client.told("PUT", &path, change).await, @r#"
    200 {
      "data": {
        "affiliate_id": 1,
        "attribution": {
          "affiliate": 1,
          "bound_at": "[time]",
          "coupon_code": null,
          "evidence": {
            "event": "conversion:1:0",
            "object": "conversion:1:0"
          },
          "method": "api",
          "referral_code": "REF1"
        },
        "base_value": 110.00,
        "base_value_currency": "usd",
        "coupon_code_used": "SAVE10",
        "created_at": "[time]",
        "id": 1,
        "paid": false,
        "project_id": 1,
        "reference": "order-1b",
        "referral_code": "REF1",
        "referred_user_id": 1,
        "refunded_value": 0.00,
        "release_date": "[time]",
        "source": "api",
        "status": "attributed",
        "type": "purchase",
        "url": null,
        "value": 30.50
      },
      "success": true
    }
    "#);
    assert_snapshot!(client.told("PUT", &path, r#"{"affiliate_id": 2}"#).await, @r#"
    400 {
      "error": {
        "code": "invalid_parameters",
        "details": [
          {
            "field": "affiliate_id",
            "message": "A conversion cannot be moved to another affiliate"
          }
        ],
        "message": "A conversion cannot be moved to another affiliate",
        "request_id": "[request_id]",
        "status": 400
      },
      "success": false
    }
    "#);
    assert_snapshot!(client.told("DELETE", &path, "").await, @r#"
    200 {
      "data": {
        "affiliate_id": 1,
        "attribution": {
          "affiliate": 1,
          "bound_at": "[time]",
          "coupon_code": null,
          "evidence": {
            "event": "conversion:1:0",
            "object": "conversion:1:0"
          },
          "method": "api",
          "referral_code": "REF1"
        },
        "base_value": 110.00,
        "base_value_currency": "usd",
        "coupon_code_used": "SAVE10",
        "created_at": "[time]",
        "id": 1,
        "paid": false,
        "project_id": 1,
        "reference": "order-1b",
        "referral_code": "REF1",
        "referred_user_id": 1,
        "refunded_value": 30.50,
        "release_date": "[time]",
        "source": "api",
        "status": "reversed",
        "type": "purchase",
        "url": null,
        "value": 0.00
      },
      "success": true
    }
    "#);
    let list = "/conversions?type=purchase&affiliate_id=1&paid=false&status=reversed&limit=50&offset=0";
    let list = client.send("GET", list, "").await;
    assert_eq!(list.data(200)[0]["id"], id);
    assert_snapshot!(list.body["pagination"], @r#"{"has_more":false,"limit":50,"next_cursor":null,"offset":0,"total":1}"#);
    let partner = client.send("GET", "/affiliates/partner%40example.com", "").await;
    assert_eq!(partner.data(200)["total_earnings"], "0.00");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_does_not_exist_is_named(pool: PgPool) {
    let client = client(&pool).await;
    assert_snapshot!(client.told("POST", "/conversions", r#"{"amount": 1, "referral_code": "NOPE"}"#).await, @r#"
    400 {
      "error": {
        "code": "invalid_parameters",
        "details": [
          {
            "field": "referral_code",
            "message": "Unknown referral code: NOPE"
          }
        ],
        "message": "Unknown referral code: NOPE",
        "request_id": "[request_id]",
        "status": 400
      },
      "success": false
    }
    "#);
    assert_snapshot!(client.told("POST", "/conversions", r#"{"amount": 1, "affiliate_id": 9}"#).await, @r#"
    400 {
      "error": {
        "code": "invalid_parameters",
        "details": [
          {
            "field": "affiliate_id",
            "message": "Unknown affiliate: 9"
          }
        ],
        "message": "Unknown affiliate: 9",
        "request_id": "[request_id]",
        "status": 400
      },
      "success": false
    }
    "#);
    assert_snapshot!(client.told("POST", "/conversions", r#"{"amount": 1.999, "currency": "usd"}"#).await, @r#"
    400 {
      "error": {
        "code": "invalid_parameters",
        "details": [
          {
            "field": "amount",
            "message": "amount: 1.999 has more decimals than usd has: at most 2"
          }
        ],
        "message": "amount: 1.999 has more decimals than usd has: at most 2",
        "request_id": "[request_id]",
        "status": 400
      },
      "success": false
    }
    "#);
    assert_snapshot!(client.told("GET", "/conversions/9", "").await, @r#"
    404 {
      "error": {
        "code": "not_found",
        "message": "There is no conversion 9",
        "request_id": "[request_id]",
        "status": 404
      },
      "success": false
    }
    "#);
}
