//! The digest says the same of the same history, and something else of any other.
#![expect(clippy::disallowed_methods, reason = "what is tried is of now")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use chrono::{DateTime, Duration, Utc};
use domain::fact::{SessionMode, SessionPaymentStatus};
use domain::ids::{Mode, ProjectId, Realm};
use domain::rules::Rules;
use serde_json::{Value, json};
use store::affiliates::{self, NewAffiliate};
use store::settlement::{self, InboxEvent, Item};
use store::{PgConnection, PgPool, digest, program_rules, projects};
use stripe::event::{Outcome, read};
use stripe::metadata::MetadataKeys;
use stripe::sample::{Sample, Version};

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Two customers of one affiliate, one of whom gets money back.
fn history() -> Vec<String> {
    let sale = |number, at| Sample {
        client_reference_id: Some("ANNA".to_owned()),
        ..Sample::new(number, Version::Basil, at)
    };
    let first = sale(1, at("2026-01-05T12:00:00Z"));
    let second = sale(2, at("2026-02-01T08:30:00Z"));
    let refund =
        Sample { at: at("2026-02-03T00:00:00Z"), refund_amount: 900, amount_refunded: 900, ..second.clone() };
    vec![
        first.customer_created(),
        first.checkout_session_completed(SessionMode::Subscription, SessionPaymentStatus::Paid),
        first.invoice_paid(),
        second.checkout_session_completed(SessionMode::Subscription, SessionPaymentStatus::Paid),
        second.invoice_paid(),
        second.invoice_payment_paid(),
        refund.charge_refunded(),
    ]
}

/// A project with one affiliate.
async fn project(connection: &mut PgConnection) -> Realm {
    let project = projects::create(connection, "Acme").await.unwrap().id;
    let rules: Rules = serde_json::from_value(json!({
        "commission": {"kind": "percent", "basis_points": 2_000}, "hold_days": 30
    }))
    .unwrap();
    program_rules::add(connection, project, &rules, None).await.unwrap();
    let realm = Realm { project, mode: Mode::Test };
    let anna = NewAffiliate::named("Anna@Studio.example", "ANNA");
    affiliates::create(connection, realm, &anna).await.unwrap();
    realm
}

async fn settle(connection: &mut PgConnection, realm: Realm, bodies: &[String], received_at: DateTime<Utc>) {
    let item = |body: &String| {
        let reading = read(body.as_bytes(), realm.mode, &MetadataKeys::default(), received_at).unwrap();
        let Outcome::Facts { facts, .. } = reading.outcome else { unreachable!("{body}") };
        Item {
            realm,
            event: InboxEvent {
                account: String::new(),
                event_id: reading.event_id,
                source: "stripe",
                event_type: reading.event_type,
                api_version: reading.api_version,
                occurred_at: reading.created,
                received_at,
                ignored: None,
                traceparent: None,
                body: body.clone().into(),
            },
            facts,
        }
    };
    let items: Vec<Item> = bodies.iter().map(item).collect();
    settlement::settle_batch(connection, &items).await.unwrap();
}

async fn digest(connection: &mut PgConnection, project: ProjectId) -> String {
    digest::of(connection, Some(project)).await.unwrap()
}

async fn lines(connection: &mut PgConnection, project: Option<ProjectId>) -> Vec<String> {
    let mut lines = Vec::new();
    digest::each_line(connection, project, |line| lines.push(line.to_owned())).await.unwrap();
    lines
}

#[sqlx::test(migrations = "../../migrations")]
async fn order_batches_clock_and_row_ids_leave_no_trace(pool: PgPool) {
    let mut connection = pool.acquire().await.unwrap();
    let history = history();
    let one = project(&mut connection).await;
    settle(&mut connection, one, &history, at("2026-03-01T00:00:00Z")).await;

    let other = project(&mut connection).await;
    for (n, body) in history.iter().rev().enumerate() {
        let received_at = at("2026-06-01T00:00:00Z") + Duration::hours(i64::try_from(n).unwrap());
        settle(&mut connection, other, std::slice::from_ref(body), received_at).await;
    }
    let (one, other) = (one.project, other.project);
    assert_eq!(lines(&mut connection, Some(one)).await, lines(&mut connection, Some(other)).await);
    assert_eq!(digest(&mut connection, one).await, digest(&mut connection, other).await);
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_event_that_changes_the_ledger_changes_the_digest(pool: PgPool) {
    let mut connection = pool.acquire().await.unwrap();
    let realm = project(&mut connection).await;
    let mut seen = vec![digest(&mut connection, realm.project).await];
    // A session and its invoice are one payment, and so are an invoice and its payment: what only
    // repeats, or joins, a payment changes nothing.
    for (body, news) in history().iter().zip([true, true, true, true, true, false, true]) {
        settle(&mut connection, realm, std::slice::from_ref(body), Utc::now()).await;
        let digest = digest(&mut connection, realm.project).await;
        assert_eq!(!seen.contains(&digest), news, "{body}");
        seen.push(digest);
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_lines_are_canonical(pool: PgPool) {
    let mut connection = pool.acquire().await.unwrap();
    let realm = project(&mut connection).await;
    settle(&mut connection, realm, &history(), Utc::now()).await;

    let lines = lines(&mut connection, Some(realm.project)).await;
    assert!(lines.is_sorted());
    let values: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let project_ids: Vec<&Value> = values.iter().map(|line| &line[1]).collect();
    assert!(project_ids.iter().all(|id| id.is_null()), "{project_ids:?}");
    insta::assert_snapshot!(lines.join("\n"), @r#"
    ["balance", null, "test", "anna@studio.example", "usd", "clawback", 180]
    ["balance", null, "test", "anna@studio.example", "usd", "expense", -1960]
    ["balance", null, "test", "anna@studio.example", "usd", "payable", 1780]
    ["conversion", null, "test", "in_12jxtiI3sXhUMuTYMNlWDAq3", "purchase", "stripe", "attributed", "usd", 4900, 980, 180, 0, false, "anna@studio.example", "ANNA", null, "customer2@example.com", "2026-02-01T08:29:59.000000Z", "2026-03-03T08:29:59.000000Z"]
    ["conversion", null, "test", "in_1Gtey4wO1nYQXcg82m8oXY4t", "purchase", "stripe", "attributed", "usd", 4900, 980, 0, 0, false, "anna@studio.example", "ANNA", null, "customer1@example.com", "2026-01-05T11:59:59.000000Z", "2026-02-04T11:59:59.000000Z"]
    ["customer", null, "test", "cus_4EIytKiIZRYZLH", "customer1@example.com", null, "converted", "anna@studio.example", "2026-01-05T11:59:59.000000Z", "2026-01-05T11:59:59.000000Z"]
    ["customer", null, "test", "cus_xG4ox53Yhe925X", "customer2@example.com", null, "converted", "anna@studio.example", "2026-02-01T08:29:59.000000Z", "2026-02-01T08:29:59.000000Z"]
    "#);
}

#[sqlx::test(migrations = "../../migrations")]
async fn projects_are_told_apart_only_when_all_are_asked_for(pool: PgPool) {
    let mut connection = pool.acquire().await.unwrap();
    let empty = digest::of(&mut connection, None).await.unwrap();
    assert_eq!(empty, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

    let realm = project(&mut connection).await;
    settle(&mut connection, realm, &history(), Utc::now()).await;
    let id = realm.project.0;
    for line in lines(&mut connection, None).await {
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap()[1], id);
    }
    let of_one = digest(&mut connection, realm.project).await;
    assert_ne!(of_one, digest::of(&mut connection, None).await.unwrap());

    // What another project earns is none of this one's business.
    let other = project(&mut connection).await;
    settle(&mut connection, other, &history()[..2], Utc::now()).await;
    assert_eq!(of_one, digest(&mut connection, realm.project).await);
}
