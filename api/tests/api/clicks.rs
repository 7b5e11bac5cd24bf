//! `POST /api/v1/clicks`, and what a click is worth.

use crate::settling::settle_for;
use crate::support::{TEST_SECRET, affiliate, project, start, with_key};
use chrono::{TimeDelta, Utc};
use domain::ids::{Mode, Realm};
use serde_json::json;
use store::PgPool;
use stripe::sample::{Sample, Version};

#[sqlx::test(migrations = "../migrations")]
async fn a_checkout_that_names_a_click_is_the_affiliates_and_tells_why(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let ann = affiliate(&pool, project.realm, "ann@example.com", "ANN").await;
    let _worker = settle_for(&pool, &project, 0).await;
    let body = json!({"referral_code": "ann", "url": "https://shop.example/?ref=ann"}).to_string();
    let click = api.post(&project, "/api/v1/clicks", &body).send().await.data(201).clone();
    assert_eq!((&click["affiliate_id"], &click["referral_code"]), (&json!(ann), &json!("ANN")));

    let sale = Sample {
        client_reference_id: click["click_id"].as_str().map(str::to_owned),
        ..Sample::new(1, Version::Dahlia, Utc::now() + TimeDelta::seconds(2))
    };
    let session = sale.checkout_session_completed(
        domain::fact::SessionMode::Payment,
        domain::fact::SessionPaymentStatus::Paid,
    );
    let answer = api.post_webhook(project.realm.project, TEST_SECRET, session.as_bytes()).await;
    assert_eq!(answer.status(), 200);
    let story = format!("/api/v1/payments/{}/explanation", sale.payment_intent);
    let told = loop {
        let answer = api.get(&project, &story).send().await;
        if answer.status == 200 {
            break answer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    let told = told.data(200);
    assert_eq!((&told["affiliate_id"], told["commission"].to_string().as_str()), (&json!(ann), "9.80"));
    assert_eq!(told["candidates"][0]["method"], "client_reference_id");
    assert_eq!(told["arithmetic"][1]["how"], "20% of 49.00 USD, half to even");
    let same = format!("/api/v1/conversions/{}/explanation", told["conversion_id"]);
    assert_eq!(api.get(&project, &same).send().await.data(200), told);
    let shown = api.get(&project, "/api/v1/affiliates/ann%40example.com").send().await;
    assert_eq!(shown.data(200)["clicks"], 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn the_same_click_id_is_the_same_click(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    affiliate(&pool, project.realm, "ann@example.com", "ANN").await;
    let body = json!({"referral_code": "ANN", "click_id": "Visit-7"}).to_string();
    let first = api.post(&project, "/api/v1/clicks", &body).send().await;
    assert_eq!(api.post(&project, "/api/v1/clicks", &body).send().await.data(200), first.data(201));
    assert_eq!(first.data(201)["click_id"], "Visit-7");
    // In any case, as codes are compared.
    let lower = json!({"referral_code": "ANN", "click_id": "visit-7"}).to_string();
    let again = api.post(&project, "/api/v1/clicks", &lower).send().await;
    assert_eq!(again.data(200)["created_at"], first.data(201)["created_at"]);
}

#[sqlx::test(migrations = "../migrations")]
async fn nonsense_and_codes_of_nobody_are_told(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    for (body, field) in [
        (json!({}), "referral_code"),
        (json!({"referral_code": "NOBODY"}), "referral_code"),
        (json!({"referral_code": "ANN", "occurred_at": "tomorrow"}), "occurred_at"),
    ] {
        let answer = api.post(&project, "/api/v1/clicks", &body.to_string()).send().await;
        answer.error(400, "invalid_parameters");
        assert_eq!(answer.fields(), [field]);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn explanations_of_others_are_not_there(pool: PgPool) {
    let (api, mine, theirs) = (start(&pool).await, project(&pool).await, project(&pool).await);
    let _worker = settle_for(&pool, &theirs, 0).await;
    let body = json!({"amount": 10, "currency": "usd", "reference": "o-1"}).to_string();
    let made = api.post(&theirs, "/api/v1/conversions", &body).header("Prefer", "wait=4").send().await;
    let id = made.data(201)["id"].clone();
    let live = with_key(&pool, Realm { mode: Mode::Live, ..theirs.realm }).await;
    for path in
        [format!("/api/v1/conversions/{id}/explanation"), "/api/v1/payments/o-1/explanation".to_owned()]
    {
        assert_eq!(api.get(&theirs, &path).send().await.data(200)["conversion_id"], id);
        api.get(&mine, &path).send().await.error(404, "not_found");
        api.get(&live, &path).send().await.error(404, "not_found");
    }
}
