//! `GET /api/v1/projects/{projectId}/stripe-customer-referral-info/{stripeCustomerId}`

use crate::support::{Project, affiliate, project, start, with_key};
use domain::ids::{Mode, Realm};
use serde_json::json;
use store::PgPool;

fn path(project: &Project, customer: &str) -> String {
    format!("/api/v1/projects/{}/stripe-customer-referral-info/{customer}", project.realm.project)
}

async fn customer(pool: &PgPool, project: &Project, key: &str, affiliate: Option<i64>) -> i64 {
    let attribution = json!({
        "affiliate": affiliate, "referral_code": "REF1", "coupon_code": null, "method": "client_reference_id",
        "evidence": {"event": "evt_1", "object": "cs_1"}, "bound_at": "2026-01-01T00:00:00Z",
    });
    let id = sqlx::query_scalar(
        "INSERT INTO customers (project_id, livemode, cluster_id, anchor, user_email, stripe_customer_id, status,
                                affiliate_id, referral_code, attribution, bound_at, converted_at, first_seen_at)
         VALUES ($1, FALSE, 1, $2, 'ann@example.com', $2, $3, $4, $5, $6, $7, '2026-01-02Z', '2026-01-01Z')
         RETURNING id",
    )
    .bind(project.realm.project.0)
    .bind(key)
    .bind(if affiliate.is_some() { "converted" } else { "direct" })
    .bind(affiliate)
    .bind(affiliate.map(|_| "REF1"))
    .bind(affiliate.map(|_| attribution))
    .bind(affiliate.map(|_| "2026-01-01T00:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap()))
    .fetch_one(pool)
    .await
    .unwrap();
    sqlx::query("INSERT INTO identity_keys (project_id, livemode, key, cluster_id, customer_id) VALUES ($1, FALSE, $2, 1, $3)")
        .bind(project.realm.project.0)
        .bind(key)
        .bind(id)
        .execute(pool)
        .await
        .unwrap();
    id
}

async fn payment(pool: &PgPool, project: &Project, customer: i64, key: &str, currency: &str, minor: i64) {
    sqlx::query(
        "INSERT INTO conversions (project_id, livemode, payment_key, type, source, status, currency, customer_id,
                                  base_minor, commission_minor, clawed_back_minor, occurred_at)
         VALUES ($1, FALSE, $2, 'purchase', 'stripe', 'unattributed', $3, $4, $5, $5 / 5, $5 / 50, $6)",
    )
    .bind(project.realm.project.0)
    .bind(key)
    .bind(currency)
    .bind(customer)
    .bind(minor)
    .bind(format!("2026-01-0{}T00:00:00Z", key.len()).parse::<chrono::DateTime<chrono::Utc>>().unwrap())
    .execute(pool)
    .await
    .unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn a_referred_customer_tells_its_whole_story(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let owner = affiliate(&pool, project.realm, "partner@example.com", "REF1").await;
    let id = customer(&pool, &project, "cus_1", Some(owner)).await;
    payment(&pool, &project, id, "in_1", "usd", 5_000).await;
    payment(&pool, &project, id, "in_10", "usd", 9_700).await;
    payment(&pool, &project, id, "in_100", "jpy", 500).await;
    let answer = api.get(&project, &path(&project, "cus_1")).send().await;
    let expected = format!(
        r#"{{"project_id":{project},"stripe_customer_id":"cus_1","referred":true,"referral_code":"REF1",
        "coupon_code":null,"referral":{{"id":{id},"user_email":"ann@example.com","conversion_status":"converted",
        "conversion_date":"2026-01-02T00:00:00.000Z","created_at":"2026-01-01T00:00:00.000Z","affiliate_id":{owner},
        "affiliate_code":"REF1","stripe_customer_id":"cus_1","external_id":null,"attribution":{{
        "affiliate":{owner},"bound_at":"2026-01-01T00:00:00Z","coupon_code":null,
        "evidence":{{"event":"evt_1","object":"cs_1"}},"method":"client_reference_id","referral_code":"REF1"}}}},
        "affiliate":{{"id":{owner},"user_email":"partner@example.com","referral_code":"REF1","partner_slug":null,
        "status":"active"}},"attribution":{{"method":"client_reference_id",
        "evidence":{{"event":"evt_1","object":"cs_1"}},"bound_at":"2026-01-01T00:00:00.000Z"}},
        "conversions":{{"count":3,"first_at":"2026-01-04T00:00:00.000Z","last_at":"2026-01-06T00:00:00.000Z"}},
        "totals":[{{"currency":"jpy","base_value":500,"value":90,"refunded_value":10}},
        {{"currency":"usd","base_value":147.00,"value":26.46,"refunded_value":2.94}}]}}"#,
        project = project.realm.project,
    );
    let expected: serde_json::Value = serde_json::from_str(&expected).unwrap();
    assert_eq!(answer.data(200), &expected);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_direct_customer_is_known_and_not_referred(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    customer(&pool, &project, "cus_1", None).await;
    let answer = api.get(&project, &path(&project, "cus_1")).send().await;
    let expected = json!({
        "project_id": project.realm.project.0, "stripe_customer_id": "cus_1", "referred": false,
        "referral_code": null, "coupon_code": null, "referral": null, "affiliate": null, "attribution": null,
        "conversions": {"count": 0, "first_at": null, "last_at": null}, "totals": [],
    });
    assert_eq!(answer.data(200), &expected);
}

#[sqlx::test(migrations = "../migrations")]
async fn who_may_not_see_it_does_not(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    customer(&pool, &project, "cus_1", None).await;
    api.get(&project, &path(&project, "cus_2")).send().await.error(404, "not_found");
    api.get(&project, &path(&project, "cus%00")).send().await.error(404, "not_found");
    let stranger = crate::support::project(&pool).await;
    api.get(&stranger, &path(&project, "cus_1")).send().await.error(403, "forbidden");
    let live = with_key(&pool, Realm { mode: Mode::Live, ..project.realm }).await;
    api.get(&live, &path(&project, "cus_1")).send().await.error(404, "not_found");
    let odd = "/api/v1/projects/abc/stripe-customer-referral-info/cus_1";
    api.get(&project, odd).send().await.error(400, "invalid_parameters");
}
