//! Coupons.

use super::Client;
use insta::assert_snapshot;
use store::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn a_coupon_from_its_entry_to_its_end(pool: PgPool) {
    let client = Client::new(&pool).await;
    let partner = r#"{"email": "partner@example.com", "referral_code": "REF1"}"#;
    client.send("POST", "/affiliates", partner).await.data(201);
    let entered = client.told("POST", "/coupons", r#"{"affiliate_id": 1, "coupon_code": "SAVE10"}"#).await;
    assert_snapshot!(entered, @r#"
    201 {
      "data": {
        "affiliate_email": "partner@example.com",
        "affiliate_id": 1,
        "affiliate_referral_code": "REF1",
        "coupon_code": "SAVE10",
        "created_at": "[time]",
        "id": 1,
        "lemonsqueezy_discount_code": null,
        "project_id": 1,
        "status": "active",
        "stripe_coupon_id": null,
        "stripe_promotion_code_id": null
      },
      "success": true
    }
    "#);
    assert_eq!(client.told("GET", "/coupons/1", "").await, entered.replacen("201", "200", 1));
    let full = r#"{"affiliate_id": 1, "coupon_code": "SAVE_20", "stripe_coupon_id": "Z4OV52SU", "stripe_promotion_code_id": "promo_1",
                   "lemonsqueezy_discount_code": "LEMON", "status": "inactive"}"#;
    assert_snapshot!(client.told("POST", "/coupons", full).await, @r#"
    201 {
      "data": {
        "affiliate_email": "partner@example.com",
        "affiliate_id": 1,
        "affiliate_referral_code": "REF1",
        "coupon_code": "SAVE_20",
        "created_at": "[time]",
        "id": 2,
        "lemonsqueezy_discount_code": "LEMON",
        "project_id": 1,
        "status": "inactive",
        "stripe_coupon_id": "Z4OV52SU",
        "stripe_promotion_code_id": "promo_1"
      },
      "success": true
    }
    "#);
    assert_snapshot!(client.told("GET", "/coupons?status=active&affiliate_id=1&coupon_code=ave&limit=50&offset=0", "").await, @r#"
    200 {
      "data": [
        {
          "affiliate_email": "partner@example.com",
          "affiliate_id": 1,
          "affiliate_referral_code": "REF1",
          "coupon_code": "SAVE10",
          "created_at": "[time]",
          "id": 1,
          "lemonsqueezy_discount_code": null,
          "project_id": 1,
          "status": "active",
          "stripe_coupon_id": null,
          "stripe_promotion_code_id": null
        }
      ],
      "pagination": {
        "has_more": false,
        "limit": 50,
        "next_cursor": null,
        "offset": 0,
        "total": 1
      },
      "success": true
    }
    "#);
    assert_snapshot!(client.told("PUT", "/coupons/1", r#"{"coupon_code": "SAVE15", "status": "inactive"}"#).await, @r#"
    200 {
      "data": {
        "affiliate_email": "partner@example.com",
        "affiliate_id": 1,
        "affiliate_referral_code": "REF1",
        "coupon_code": "SAVE15",
        "created_at": "[time]",
        "id": 1,
        "lemonsqueezy_discount_code": null,
        "project_id": 1,
        "status": "inactive",
        "stripe_coupon_id": null,
        "stripe_promotion_code_id": null
      },
      "success": true
    }
    "#);
    assert_snapshot!(client.told("POST", "/coupons", r#"{"affiliate_id": 1, "coupon_code": "save15"}"#).await, @r#"
    409 {
      "error": {
        "code": "conflict",
        "message": "coupon_code: save15 belongs to another coupon of this project",
        "request_id": "[request_id]",
        "status": 409
      },
      "success": false
    }
    "#);
    assert_snapshot!(client.told("POST", "/coupons", r#"{"affiliate_id": 9, "coupon_code": "NEW"}"#).await, @r#"
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
    assert_snapshot!(client.told("POST", "/coupons", r#"{"coupon_code": "ab"}"#).await, @r#"
    400 {
      "error": {
        "code": "invalid_parameters",
        "details": [
          {
            "field": "affiliate_id",
            "message": "Missing required parameter: affiliate_id"
          },
          {
            "field": "coupon_code",
            "message": "coupon_code must have 3 to 255 letters, digits, - or _"
          }
        ],
        "message": "Missing required parameter: affiliate_id",
        "request_id": "[request_id]",
        "status": 400
      },
      "success": false
    }
    "#);
    assert_snapshot!(client.told("DELETE", "/coupons/1", "").await, @r#"
    200 {
      "data": {
        "affiliate_email": "partner@example.com",
        "affiliate_id": 1,
        "affiliate_referral_code": "REF1",
        "coupon_code": "SAVE15",
        "created_at": "[time]",
        "id": 1,
        "lemonsqueezy_discount_code": null,
        "project_id": 1,
        "status": "inactive",
        "stripe_coupon_id": null,
        "stripe_promotion_code_id": null
      },
      "success": true
    }
    "#);
    assert_snapshot!(client.told("GET", "/coupons/1", "").await, @r#"
    404 {
      "error": {
        "code": "not_found",
        "message": "There is no coupon 1",
        "request_id": "[request_id]",
        "status": 404
      },
      "success": false
    }
    "#);
}
