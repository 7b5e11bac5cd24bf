//! `GET /api/v1/statistics`: what affiliates brought in the course of time.

use crate::settling::{sale, settle_for, settled};
use crate::support::{Api, Project, TEST_SECRET, affiliate, project, start, with_key};
use chrono::{DateTime, Utc};
use domain::ids::{Mode, Realm};
use serde_json::{Value, json};
use store::PgPool;
use stripe::sample::Sample;

const MARCH: &str = "/api/v1/statistics?from=2026-03-01&to=2026-03-31";

async fn pay(api: &Api, project: &Project, sales: &[Sample]) {
    for sale in sales {
        let answer =
            api.post_webhook(project.realm.project, TEST_SECRET, sale.invoice_paid().as_bytes()).await;
        assert_eq!(answer.status(), 200);
    }
}

async fn click(api: &Api, project: &Project, code: &str, at: &str) {
    let body = json!({"referral_code": code, "occurred_at": at}).to_string();
    api.post(project, "/api/v1/clicks", &body).send().await.data(201);
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// The intervals in which something happened: day, clicks, signups, purchases.
fn lively(series: &Value) -> Vec<(String, i64, i64, i64)> {
    let buckets = series.as_array().unwrap().iter().map(|bucket| {
        let count = |name: &str| bucket[name].as_i64().unwrap();
        let day = bucket["start"].as_str().unwrap().get(..10).unwrap().to_owned();
        (day, count("clicks"), count("signups"), count("purchases"))
    });
    buckets.filter(|(_, clicks, signups, purchases)| clicks + signups + purchases > 0).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_series_counts_by_event_time_and_its_affiliates_sum_to_the_total(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let ann = affiliate(&pool, project.realm, "ann@example.com", "ANN").await;
    let bob = affiliate(&pool, project.realm, "bob@example.com", "BOB").await;
    affiliate(&pool, project.realm, "idle@example.com", "IDLE").await;
    let _worker = settle_for(&pool, &project, 0).await;
    let refunded = sale(3, "BOB", at("2026-03-31T23:59:59Z"));
    pay(
        &api,
        &project,
        &[
            sale(1, "ANN", at("2026-03-01T00:10:00Z")),
            Sample { currency: "jpy".to_owned(), ..sale(2, "ANN", at("2026-03-09T12:00:00Z")) },
            refunded.clone(),
            // Nobody's, and outside of March.
            Sample { metadata: Vec::new(), ..sale(4, "", at("2026-03-09T12:00:00Z")) },
            sale(5, "BOB", at("2026-04-01T00:10:00Z")),
        ],
    )
    .await;
    let refund = Sample { refund_amount: 2_450, at: at("2026-04-02T00:00:00Z"), ..refunded };
    for event in [refund.invoice_payment_paid(), refund.refund_created("succeeded")] {
        api.post_webhook(project.realm.project, TEST_SECRET, event.as_bytes()).await;
    }
    click(&api, &project, "ANN", "2026-03-01T00:00:00Z").await;
    click(&api, &project, "BOB", "2026-02-28T23:59:59Z").await;
    settled(&pool).await;

    let answer = api.get(&project, MARCH).send().await;
    let data = answer.data(200);
    assert_eq!(
        (&data["from"], &data["to"]),
        (&json!("2026-03-01T00:00:00.000Z"), &json!("2026-03-31T23:59:59.999Z"))
    );
    let total = &data["total"];
    assert_eq!(total["series"].as_array().unwrap().len(), 31);
    assert_eq!(
        lively(&total["series"]),
        [("2026-03-01".into(), 1, 1, 1), ("2026-03-09".into(), 0, 1, 1), ("2026-03-31".into(), 0, 1, 1)]
    );
    // Exact decimals of each currency; half of Bob's was taken back.
    assert!(
        answer.text.contains(
            r#""totals":[{"currency":"jpy","base_value":4900,"value":980,"refunded_value":0},{"currency":"usd","base_value":98.00,"value":14.70,"refunded_value":4.90}]"#
        ),
        "{}",
        answer.text
    );
    let affiliates = data["affiliates"].as_array().unwrap();
    let brought: Vec<_> = affiliates.iter().map(|one| (&one["affiliate_id"], &one["purchases"])).collect();
    assert_eq!(brought, [(&json!(ann), &json!(2)), (&json!(bob), &json!(1))]);
    assert_eq!(affiliates[1]["user_email"], "bob@example.com");
    assert_eq!(lively(&affiliates[1]["series"]), [("2026-03-31".into(), 0, 1, 1)]);
    assert_eq!(answer.body["pagination"]["total"], 2);

    let week = api.get(&project, &format!("{MARCH}&interval=week")).send().await;
    // The 1st of March is a Sunday: its week began in February, and Bob's click before the 1st does not count.
    assert_eq!(
        lively(&week.data(200)["total"]["series"]),
        [("2026-02-23".into(), 1, 1, 1), ("2026-03-09".into(), 0, 1, 1), ("2026-03-30".into(), 0, 1, 1)]
    );
    let month =
        api.get(&project, "/api/v1/statistics?from=2026-02-28&to=2026-04-01&interval=month").send().await;
    assert_eq!(
        lively(&month.data(200)["total"]["series"]),
        [("2026-02-01".into(), 1, 0, 0), ("2026-03-01".into(), 1, 3, 3), ("2026-04-01".into(), 0, 1, 1)]
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn one_affiliate_by_itself_and_pages_of_many(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let ann = affiliate(&pool, project.realm, "ann@example.com", "ANN").await;
    let bob = affiliate(&pool, project.realm, "bob@example.com", "BOB").await;
    let idle = affiliate(&pool, project.realm, "idle@example.com", "IDLE").await;
    click(&api, &project, "ANN", "2026-03-05T00:00:00Z").await;
    click(&api, &project, "BOB", "2026-03-05T00:00:00Z").await;
    click(&api, &project, "BOB", "2026-03-06T00:00:00Z").await;
    let shown = async |query: &str| {
        let answer = api.get(&project, &format!("{MARCH}{query}")).send().await;
        let data = answer.data(200);
        let ids: Vec<i64> = data["affiliates"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["affiliate_id"].as_i64().unwrap())
            .collect();
        (data["total"]["clicks"].as_i64().unwrap(), ids, answer.body["pagination"].clone())
    };
    let (clicks, ids, page) = shown("&limit=1").await;
    assert_eq!((clicks, ids, &page["has_more"]), (3, vec![bob], &json!(true)));
    let (clicks, ids, page) = shown("&limit=1&offset=1").await;
    assert_eq!((clicks, ids), (3, vec![ann]));
    assert_eq!(page, json!({"limit": 1, "offset": 1, "total": 2, "has_more": false, "next_cursor": null}));
    let (clicks, ids, page) = shown("&offset=5").await;
    assert_eq!((clicks, ids.len(), &page["total"]), (3, 0, &json!(2)));
    let (clicks, ids, page) = shown(&format!("&affiliate_id={bob}")).await;
    assert_eq!((clicks, ids, &page["total"]), (2, vec![bob], &json!(1)));
    let (clicks, ids, _) = shown(&format!("&affiliate_id={idle}")).await;
    assert_eq!((clicks, ids), (0, vec![idle]));
}

#[sqlx::test(migrations = "../migrations")]
async fn nothing_of_others_is_counted(pool: PgPool) {
    let (api, mine, theirs) = (start(&pool).await, project(&pool).await, project(&pool).await);
    let ann = affiliate(&pool, theirs.realm, "ann@example.com", "ANN").await;
    click(&api, &theirs, "ANN", "2026-03-05T00:00:00Z").await;
    let live = with_key(&pool, Realm { mode: Mode::Live, ..theirs.realm }).await;
    for stranger in [&mine, &live] {
        for query in [String::new(), format!("&affiliate_id={ann}")] {
            let answer = api.get(stranger, &format!("{MARCH}{query}")).send().await;
            let data = answer.data(200);
            assert_eq!((&data["total"]["clicks"], &data["affiliates"]), (&json!(0), &json!([])));
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_range_that_makes_no_sense_is_told(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    for (query, field) in [
        ("from=2026-03-02&to=2026-03-01", "to"),
        ("from=2020-01-01&to=2026-03-01", "from"),
        ("from=yesterday", "from"),
        ("to=2026-13-01", "to"),
        ("interval=hour", "interval"),
        ("affiliate_id=0", "affiliate_id"),
        ("limit=101", "limit"),
        ("offset=-1", "offset"),
        ("cursor=1-1", "cursor"),
    ] {
        let answer = api.get(&project, &format!("/api/v1/statistics?{query}")).send().await;
        answer.error(400, "invalid_parameters");
        assert_eq!(answer.fields(), [field], "{query}");
    }
    for query in [
        "",
        "from=0001-01-01&to=0001-01-02",
        "from=9999-12-31&to=9999-12-31",
        "from=2020-01-01&interval=month",
    ] {
        api.get(&project, &format!("/api/v1/statistics?{query}")).send().await.data(200);
    }
}
