//! Affiliates.

use super::Client;
use insta::assert_snapshot;
use store::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn an_affiliate_from_its_entry_to_its_end(pool: PgPool) {
    let client = Client::new(&pool).await;
    let entered =
        client.told("POST", "/affiliates", r#"{"email": "ann@example.com", "referral_code": "ANN"}"#).await;
    assert_snapshot!(entered, @r#"
    201 {
      "data": {
        "clicks": 0,
        "commission": null,
        "created_at": "[time]",
        "currency": "usd",
        "earnings": [],
        "eligible_earnings": "0.00",
        "held_earnings": "0.00",
        "id": 1,
        "next_release_date": null,
        "partner_slug": null,
        "payout_preferences": null,
        "purchases": 0,
        "referral_code": "ANN",
        "signups": 0,
        "status": "active",
        "total_earnings": "0.00",
        "unpaid_earnings": "0.00",
        "user_email": "ann@example.com"
      },
      "success": true
    }
    "#);
    let full = r#"{"email": "bob@example.com", "referral_code": "Bob-1", "partner_slug": "bob", "status": "inactive",
                   "commission": "15.00usd", "payout_preferences": {"method": "paypal"}}"#;
    assert_snapshot!(client.told("POST", "/affiliates", full).await, @r#"
    201 {
      "data": {
        "clicks": 0,
        "commission": "15.00usd",
        "created_at": "[time]",
        "currency": "usd",
        "earnings": [],
        "eligible_earnings": "0.00",
        "held_earnings": "0.00",
        "id": 2,
        "next_release_date": null,
        "partner_slug": "bob",
        "payout_preferences": {
          "method": "paypal"
        },
        "purchases": 0,
        "referral_code": "Bob-1",
        "signups": 0,
        "status": "inactive",
        "total_earnings": "0.00",
        "unpaid_earnings": "0.00",
        "user_email": "bob@example.com"
      },
      "success": true
    }
    "#);
    assert_eq!(
        client.told("GET", "/affiliates/ann%40example.com", "").await,
        entered.replacen("201", "200", 1)
    );
    assert_eq!(
        client.told("GET", "/affiliates/ANN%40EXAMPLE.COM", "").await,
        entered.replacen("201", "200", 1)
    );
    assert_eq!(
        client.told("PUT", "/affiliates/ann%40example.com", "{}").await,
        entered.replacen("201", "200", 1)
    );
    assert_snapshot!(client.told("GET", "/affiliates?status=active&limit=1&offset=0", "").await, @r#"
    200 {
      "data": [
        {
          "clicks": 0,
          "commission": null,
          "created_at": "[time]",
          "currency": "usd",
          "earnings": [],
          "eligible_earnings": "0.00",
          "held_earnings": "0.00",
          "id": 1,
          "next_release_date": null,
          "partner_slug": null,
          "payout_preferences": null,
          "purchases": 0,
          "referral_code": "ANN",
          "signups": 0,
          "status": "active",
          "total_earnings": "0.00",
          "unpaid_earnings": "0.00",
          "user_email": "ann@example.com"
        }
      ],
      "pagination": {
        "has_more": false,
        "limit": 1,
        "next_cursor": null,
        "offset": 0,
        "total": 1
      },
      "success": true
    }
    "#);
    let changed = r#"{"email": "anna@example.com", "referral_code": "ANNA", "partner_slug": "anna", "status": "inactive"}"#;
    assert_snapshot!(client.told("PUT", "/affiliates/ann%40example.com", changed).await, @r#"
    200 {
      "data": {
        "clicks": 0,
        "commission": null,
        "created_at": "[time]",
        "currency": "usd",
        "earnings": [],
        "eligible_earnings": "0.00",
        "held_earnings": "0.00",
        "id": 1,
        "next_release_date": null,
        "partner_slug": "anna",
        "payout_preferences": null,
        "purchases": 0,
        "referral_code": "ANNA",
        "signups": 0,
        "status": "inactive",
        "total_earnings": "0.00",
        "unpaid_earnings": "0.00",
        "user_email": "anna@example.com"
      },
      "success": true
    }
    "#);
    assert_snapshot!(client.told("DELETE", "/affiliates/anna%40example.com", "").await, @r#"
    200 {
      "data": {
        "clicks": 0,
        "closed_at": "[time]",
        "commission": null,
        "created_at": "[time]",
        "currency": "usd",
        "earnings": [],
        "eligible_earnings": "0.00",
        "held_earnings": "0.00",
        "id": 1,
        "next_release_date": null,
        "partner_slug": "anna",
        "payout_preferences": null,
        "purchases": 0,
        "referral_code": "ANNA",
        "signups": 0,
        "status": "inactive",
        "total_earnings": "0.00",
        "unpaid_earnings": "0.00",
        "user_email": "anna@example.com"
      },
      "success": true
    }
    "#);
    assert_snapshot!(client.told("GET", "/affiliates/anna%40example.com", "").await, @r#"
    404 {
      "error": {
        "code": "not_found",
        "message": "There is no affiliate anna@example.com",
        "request_id": "[request_id]",
        "status": 404
      },
      "success": false
    }
    "#);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_wrong_is_told(pool: PgPool) {
    let client = Client::new(&pool).await;
    assert_snapshot!(client.told("POST", "/affiliates", "{}").await, @r#"
    400 {
      "error": {
        "code": "invalid_parameters",
        "details": [
          {
            "field": "email",
            "message": "Missing required parameter: email"
          }
        ],
        "message": "Missing required parameter: email",
        "request_id": "[request_id]",
        "status": 400
      },
      "success": false
    }
    "#);
    client.told("POST", "/affiliates", r#"{"email": "ann@example.com", "referral_code": "ANN"}"#).await;
    assert_snapshot!(client.told("POST", "/affiliates", r#"{"email": "Ann@example.com"}"#).await, @r#"
    409 {
      "error": {
        "code": "conflict",
        "message": "email: Ann@example.com belongs to an affiliate of this project already",
        "request_id": "[request_id]",
        "status": 409
      },
      "success": false
    }
    "#);
    let taken = r#"{"email": "bob@example.com", "referral_code": "ann"}"#;
    assert_snapshot!(client.told("POST", "/affiliates", taken).await, @r#"
    409 {
      "error": {
        "code": "conflict",
        "message": "referral_code: ann belongs, or belonged, to another affiliate",
        "request_id": "[request_id]",
        "status": 409
      },
      "success": false
    }
    "#);
    assert_snapshot!(client.told("GET", "/affiliates?limit=501&offset=-1&status=gone", "").await, @r#"
    400 {
      "error": {
        "code": "invalid_parameters",
        "details": [
          {
            "field": "limit",
            "message": "limit must be an integer from 1 to 500"
          },
          {
            "field": "offset",
            "message": "offset must be an integer of at least 0"
          },
          {
            "field": "status",
            "message": "status must be one of: active, inactive, closed"
          }
        ],
        "message": "limit must be an integer from 1 to 500",
        "request_id": "[request_id]",
        "status": 400
      },
      "success": false
    }
    "#);
    assert_snapshot!(client.told("PATCH", "/affiliates", "{}").await, @r#"
    405 {
      "error": {
        "code": "method_not_allowed",
        "message": "This path does not take this method",
        "request_id": "[request_id]",
        "status": 405
      },
      "success": false
    }
    "#);
}
