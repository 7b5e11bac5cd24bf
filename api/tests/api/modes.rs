//! A key of the other mode is the commonest reason that nothing is found, so the answer names the mode.

use crate::support::{affiliate, project, start, with_key};
use domain::ids::{Mode, Realm};
use store::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn a_live_key_on_test_data_says_the_mode(pool: PgPool) {
    let (api, test) = (start(&pool).await, project(&pool).await);
    let live = with_key(&pool, Realm { mode: Mode::Live, ..test.realm }).await;
    let ann = affiliate(&pool, test.realm, "ann@example.com", "ANN").await;
    for path in [
        "affiliates/ann%40example.com",
        "referrals/bob%40example.com",
        "conversions/1",
        "conversions/1/explanation",
        "payments/in_1/explanation",
        "coupons/1",
        &format!("projects/{}/stripe-customer-referral-info/cus_1", test.realm.project),
    ] {
        let answer = api.get(&live, &format!("/api/v1/{path}")).send().await;
        let message = answer.error(404, "not_found");
        assert!(message.ends_with(" in live mode"), "{path}: {message}");
    }
    for (path, body) in [
        ("conversions", r#"{"amount": 1, "referral_code": "ANN"}"#.to_owned()),
        ("conversions", format!(r#"{{"amount": 1, "affiliate_id": {ann}}}"#)),
        ("conversions", r#"{"amount": 1, "referred_user_id": 1}"#.to_owned()),
        ("clicks", r#"{"referral_code": "ANN"}"#.to_owned()),
        ("referrals", r#"{"email": "bob@example.com", "referral_code": "ANN"}"#.to_owned()),
        ("coupons", format!(r#"{{"affiliate_id": {ann}, "coupon_code": "SAVE10"}}"#)),
    ] {
        let answer = api.post(&live, &format!("/api/v1/{path}"), &body).send().await;
        let message = answer.error(400, "invalid_parameters");
        assert!(message.contains("in live mode"), "{path}: {message}");
        assert_eq!(answer.fields().len(), 1, "{}", answer.text);
    }
}
