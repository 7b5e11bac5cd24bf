//! Referrals, the referred users.

use super::Client;
use insta::assert_snapshot;
use store::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn a_user_who_was_referred(pool: PgPool) {
    let client = Client::new(&pool).await;
    for (email, code) in [("partner@example.com", "REF1"), ("other@example.com", "REF2")] {
        let body = format!(r#"{{"email": "{email}", "referral_code": "{code}"}}"#);
        client.send("POST", "/affiliates", &body).await.data(201);
    }
    let body = r#"{"email": "ann@example.com", "referral_code": "REF1", "status": "pending"}"#;
    let entered = client.told("POST", "/referrals", body).await;
    assert_snapshot!(entered, @r#"
    201 {
      "data": {
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
        "conversion_date": null,
        "conversion_status": "pending",
        "created_at": "[time]",
        "external_id": null,
        "id": 1,
        "stripe_customer_id": null,
        "user_email": "ann@example.com"
      },
      "success": true
    }
    "#);
    let again = entered.replacen("201", "200", 1);
    assert_eq!(client.told("POST", "/referrals", body).await, again, "nothing differs");
    assert_eq!(
        client.told("POST", "/referrals", r#"{"email": "ann@example.com", "affiliate_id": 1}"#).await,
        again
    );
    assert_eq!(client.told("GET", "/referrals/ann%40example.com", "").await, again);
    let others = r#"{"email": "ann@example.com", "referral_code": "REF2"}"#;
    assert_snapshot!(client.told("POST", "/referrals", others).await, @r#"
    409 {
      "error": {
        "code": "conflict",
        "message": "ann@example.com is bound to affiliate 1: the first bind wins",
        "request_id": "[request_id]",
        "status": 409
      },
      "success": false
    }
    "#);
    let more = r#"{"email": "ann@example.com", "stripe_customer_id": "cus_1", "external_id": 42, "status": "converted"}"#;
    assert_snapshot!(client.told("POST", "/referrals", more).await, @r#"
    201 {
      "data": {
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
        "external_id": "42",
        "id": 1,
        "stripe_customer_id": "cus_1",
        "user_email": "ann@example.com"
      },
      "success": true
    }
    "#);
    let direct = r#"{"email": "bob@example.com"}"#;
    assert_snapshot!(client.told("POST", "/referrals", direct).await, @r#"
    201 {
      "data": {
        "affiliate_code": null,
        "affiliate_id": null,
        "attribution": null,
        "conversion_date": null,
        "conversion_status": "direct_signup",
        "created_at": "[time]",
        "external_id": null,
        "id": 2,
        "stripe_customer_id": null,
        "user_email": "bob@example.com"
      },
      "success": true
    }
    "#);
    let list = client.send("GET", "/referrals?affiliate_id=1&status=converted&limit=20&offset=0", "").await;
    assert_eq!(list.data(200)[0]["user_email"], "ann@example.com");
    assert_snapshot!(list.body["pagination"], @r#"{"has_more":false,"limit":20,"next_cursor":null,"offset":0,"total":1}"#);
    assert_snapshot!(client.told("POST", "/referrals", r#"{"email": "eve@example.com", "referral_code": "NOPE"}"#).await, @r#"
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
    assert_snapshot!(client.told("GET", "/referrals/nobody%40example.com", "").await, @r#"
    404 {
      "error": {
        "code": "not_found",
        "message": "There is no referral nobody@example.com",
        "request_id": "[request_id]",
        "status": 404
      },
      "success": false
    }
    "#);
}
