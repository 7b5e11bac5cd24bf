//! The outbound client against a fake of Stripe's API on loopback.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "stripe_client/fake.rs"]
mod fake;

use axum::http::StatusCode;
use domain::fact::FactBody;
use domain::ids::Mode;
use domain::key::Key;
use fake::{Answer, Fake};
use std::time::Duration;
use stripe::client::{FetchError, StripeClient};
use stripe::event::{Outcome, Reading};
use stripe::fetched::{Fetched, read_fetched};
use stripe::missing::Missing;

const TIMEOUT: Duration = Duration::from_secs(5);

fn codes_of_invoice() -> Missing {
    Missing::PromotionCode {
        invoice: Key::stored("in_1".to_owned()),
        account: None,
        event: "evt_1".to_owned(),
        at: "2026-06-01T12:00:00Z".parse().unwrap(),
    }
}

fn codes_of_session() -> Missing {
    Missing::SessionPromotionCode {
        session: Key::stored("acct_9/cs_1".to_owned()),
        account: Some("acct_9".to_owned()),
        event: "evt_1".to_owned(),
        at: "2026-06-01T12:00:00Z".parse().unwrap(),
    }
}

fn invoice_of_payment() -> Missing {
    Missing::InvoiceOfPayment { payment_intent: Key::stored("pi_1".to_owned()), account: None }
}

fn lines_of_invoice() -> Missing {
    Missing::InvoiceLines {
        invoice: Key::stored("in_1".to_owned()),
        account: None,
        at: "2026-06-01T12:00:00Z".parse().unwrap(),
    }
}

fn client(fake: &Fake) -> StripeClient {
    StripeClient::new("sk_test_1", Some(&fake.url), TIMEOUT).unwrap()
}

fn read(fetched: &Fetched) -> Reading {
    read_fetched(&fetched.body, Mode::Test, chrono::DateTime::UNIX_EPOCH).unwrap()
}

/// The natural keys of what was told.
fn told(reading: &Reading) -> Vec<&str> {
    match &reading.outcome {
        Outcome::Facts { facts, .. } => facts.iter().map(|fact| fact.natural_key.as_str()).collect(),
        Outcome::Ignored { reason } => vec![reason],
        Outcome::Code(_) => Vec::new(),
    }
}

#[tokio::test]
async fn the_codes_behind_an_invoice_are_fetched() {
    let invoice = r#"{"id": "in_1", "object": "invoice", "livemode": false, "customer": "cus_1", "discounts": [
        {"id": "di_1", "source": {"type": "coupon", "coupon": "co_1"},
         "promotion_code": {"id": "promo_1", "code": "ANNA20", "promotion": {"type": "coupon", "coupon": "co_1"}}}]}"#;
    let fake = Fake::start(vec![Answer::ok(invoice)]).await;
    let fetched = client(&fake).fetch(&codes_of_invoice()).await.unwrap();

    let request = fake.requests().pop().unwrap();
    assert_eq!(request.path, "/v1/invoices/in_1");
    assert!(request.query.contains("discounts.promotion_code"), "{}", request.query);
    assert!(request.query.contains("lines.data.discounts.promotion_code"), "{}", request.query);
    assert_eq!(request.header("authorization"), Some("Bearer sk_test_1"));
    assert!(request.header("stripe-version").is_some());
    assert_eq!(request.header("stripe-account"), None);

    assert_eq!(fetched.id, "fetch:codes:in_1:evt_1");
    let reading = read(&fetched);
    assert_eq!(
        told(&reading),
        [
            "touch:in_1:promotion_code:promo_1",
            "touch:in_1:promotion_code_text:ANNA20",
            "touch:in_1:coupon:co_1"
        ]
    );
    let Outcome::Facts { facts, .. } = reading.outcome else { unreachable!() };
    for fact in facts {
        assert_eq!(fact.event, fetched.id);
        assert_eq!(fact.at.to_rfc3339(), "2026-06-01T12:00:00+00:00", "the event's time, not the call's");
        assert_eq!(fact.identities, [Key::stored("in_1".to_owned()), Key::stored("cus_1".to_owned())]);
    }
}

#[tokio::test]
async fn a_connected_account_is_asked_for_its_own_objects() {
    let session = r#"{"id": "cs_1", "livemode": false,
        "discounts": [{"coupon": null, "promotion_code": {"id": "promo_1", "code": "ANNA20"}}]}"#;
    let fake = Fake::start(vec![Answer::ok(session)]).await;
    let fetched = client(&fake).fetch(&codes_of_session()).await.unwrap();

    let request = fake.requests().pop().unwrap();
    assert_eq!(request.path, "/v1/checkout/sessions/cs_1");
    assert_eq!(request.header("stripe-account"), Some("acct_9"));
    assert_eq!(
        told(&read(&fetched)),
        ["touch:acct_9/cs_1:promotion_code:promo_1", "touch:acct_9/cs_1:promotion_code_text:ANNA20"]
    );
}

#[tokio::test]
async fn the_invoice_behind_a_payment_intent_is_fetched() {
    let payments = r#"{"object": "list", "data": [
        {"id": "inpay_1", "object": "invoice_payment", "created": 1780000000, "invoice": "in_1", "livemode": false,
         "payment": {"type": "payment_intent", "payment_intent": "pi_1"}, "status": "paid"},
        {"id": "inpay_0", "object": "invoice_payment", "created": 1770000000, "invoice": "in_0", "livemode": false,
         "payment": {"type": "payment_intent", "payment_intent": "pi_1"}, "status": "canceled"}], "has_more": false}"#;
    let fake = Fake::start(vec![Answer::ok(payments)]).await;
    let fetched = client(&fake).fetch(&invoice_of_payment()).await.unwrap();

    let request = fake.requests().pop().unwrap();
    assert_eq!(request.path, "/v1/invoice_payments");
    let query = request.query.replace("%5B", "[").replace("%5D", "]");
    assert!(query.contains("payment[type]=payment_intent"), "{query}");
    assert!(query.contains("payment[payment_intent]=pi_1"), "{query}");
    assert_eq!(fetched.id, "fetch:invoice:pi_1");
    let reading = read(&fetched);
    assert_eq!(told(&reading), ["alias:in_1:pi_1"]);
    assert_eq!(reading.created.timestamp(), 1_780_000_000);
}

#[tokio::test]
async fn every_page_of_an_invoices_lines_is_fetched() {
    let line = |id: &str, amount: i64| {
        format!(
            r#"{{"id": "{id}", "object": "line_item", "amount": {amount}, "quantity": 2, "livemode": false}}"#
        )
    };
    let page = |lines: &[String], more: bool| {
        Answer::ok(&format!(r#"{{"object": "list", "data": [{}], "has_more": {more}}}"#, lines.join(",")))
    };
    let answers = vec![
        page(&[line("il_1", 100), line("il_2", 200)], true),
        page(&[line("il_3", -50)], true),
        page(&[], false),
    ];
    let fake = Fake::start(answers).await;
    let fetched = client(&fake).fetch(&lines_of_invoice()).await.unwrap();

    let asked: Vec<String> =
        fake.requests().into_iter().map(|asked| format!("{}?{}", asked.path, asked.query)).collect();
    assert_eq!(
        asked,
        [
            "/v1/invoices/in_1/lines?limit=100",
            "/v1/invoices/in_1/lines?limit=100&starting_after=il_2",
            "/v1/invoices/in_1/lines?limit=100&starting_after=il_3",
        ]
    );
    let Outcome::Facts { facts, .. } = read(&fetched).outcome else { unreachable!() };
    let [fact] = facts.as_slice() else { unreachable!("{facts:?}") };
    assert_eq!((fact.natural_key.as_str(), fact.event.as_str()), ("invoice_lines:in_1", "fetch:lines:in_1"));
    let FactBody::InvoiceLines(lines) = &fact.body else { unreachable!() };
    assert_eq!(lines.lines.iter().map(|line| line.amount).collect::<Vec<_>>(), [100, 200, -50]);
    assert!(lines.complete);
}

#[tokio::test]
async fn lines_without_an_end_are_given_up_and_said_to_be_some() {
    let page = r#"{"object": "list", "data": [{"id": "il_1", "amount": 1}], "has_more": true}"#;
    let fake = Fake::start(vec![Answer::ok(page)]).await;
    let fetched = client(&fake).fetch(&lines_of_invoice()).await.unwrap();
    assert_eq!(fake.requests().len(), 10);
    let Outcome::Facts { facts, .. } = read(&fetched).outcome else { unreachable!() };
    assert!(matches!(&facts[0].body, FactBody::InvoiceLines(lines) if !lines.complete));
}

#[tokio::test]
async fn a_payment_without_an_invoice_is_an_answer_too() {
    let fake = Fake::start(vec![Answer::ok(r#"{"object": "list", "data": [], "has_more": false}"#)]).await;
    let fetched = client(&fake).fetch(&invoice_of_payment()).await.unwrap();
    assert_eq!(told(&read(&fetched)), ["apart:pi_1"]);
}

#[tokio::test]
async fn an_answer_of_the_other_mode_is_not_used() {
    let invoice = r#"{"id": "in_1", "livemode": true, "discounts": [{"coupon": {"id": "co_1"}}]}"#;
    let fake = Fake::start(vec![Answer::ok(invoice)]).await;
    let fetched = client(&fake).fetch(&codes_of_invoice()).await.unwrap();
    assert!(matches!(read(&fetched).outcome, Outcome::Ignored { .. }));
}

#[tokio::test]
async fn a_rate_limit_and_a_server_error_are_waited_out() {
    let answers = vec![
        Answer::error(StatusCode::TOO_MANY_REQUESTS, "rate_limit_error", "Too many requests"),
        Answer::error(StatusCode::INTERNAL_SERVER_ERROR, "api_error", "Something went wrong"),
        Answer::ok(r#"{"object": "list", "data": []}"#),
    ];
    let fake = Fake::start(answers).await;
    client(&fake).fetch(&invoice_of_payment()).await.unwrap();
    assert_eq!(fake.requests().len(), 3);
}

#[tokio::test]
async fn what_stripe_does_not_know_is_asked_once() {
    let error = Answer::error(StatusCode::NOT_FOUND, "invalid_request_error", "No such invoice: 'in_1'");
    let fake = Fake::start(vec![error]).await;
    let error = client(&fake).fetch(&codes_of_invoice()).await.unwrap_err();
    assert_eq!(error, FetchError::NotFound("No such invoice: 'in_1'".to_owned()));
    assert!(!error.is_transient());
    assert_eq!(fake.requests().len(), 1);
}

#[tokio::test]
async fn a_wrong_key_is_permanent() {
    let error = Answer::error(StatusCode::UNAUTHORIZED, "invalid_request_error", "Invalid API Key provided");
    let fake = Fake::start(vec![error]).await;
    let error = client(&fake).fetch(&codes_of_invoice()).await.unwrap_err();
    assert!(matches!(error, FetchError::Refused { status: 401, .. }), "{error}");
    assert!(!error.is_transient());
}

#[tokio::test]
async fn a_gateway_that_answers_in_html_is_transient() {
    let page = Answer { status: StatusCode::BAD_GATEWAY, body: "<html>".to_owned(), ..Answer::ok("") };
    let fake = Fake::start(vec![page]).await;
    let client = StripeClient::new("sk_test_1", Some(&fake.url), Duration::from_millis(400)).unwrap();
    let error = client.fetch(&codes_of_invoice()).await.unwrap_err();
    assert!(error.is_transient(), "{error}");
}

#[tokio::test]
async fn a_silent_server_is_given_up_in_time() {
    let silent = Answer { hangs: true, ..Answer::ok("") };
    let fake = Fake::start(vec![silent]).await;
    let timeout = Duration::from_millis(300);
    let client = StripeClient::new("sk_test_1", Some(&fake.url), timeout).unwrap();
    let started = std::time::Instant::now();
    let error = client.fetch(&codes_of_invoice()).await.unwrap_err();
    assert_eq!(error, FetchError::Timeout(timeout));
    assert!(error.is_transient());
    assert!(started.elapsed() < 10 * timeout);
}

#[tokio::test]
async fn nobody_there_is_transient() {
    let client =
        StripeClient::new("sk_test_1", Some("http://127.0.0.1:1"), Duration::from_millis(400)).unwrap();
    assert!(client.fetch(&codes_of_invoice()).await.unwrap_err().is_transient());
}

#[tokio::test]
async fn an_id_cannot_lead_to_another_path() {
    let fake = Fake::start(Vec::new()).await;
    for id in ["in_1/pay", "../customers", "in_1?x=y", ""] {
        let missing = Missing::InvoiceOfPayment { payment_intent: Key::stored(id.to_owned()), account: None };
        let error = client(&fake).fetch(&missing).await.unwrap_err();
        assert_eq!(error, FetchError::NotAnId(id.to_owned()));
    }
    assert!(fake.requests().is_empty());
}

#[test]
fn a_key_that_no_header_can_hold_is_a_setting_to_correct() {
    let error = StripeClient::new("sk_\u{e9}\n1", None, TIMEOUT).unwrap_err();
    assert!(matches!(error, FetchError::Settings(_)), "{error}");
    assert!(!error.to_string().contains("sk_"));
}

#[test]
fn a_gap_survives_the_queue() {
    for missing in [codes_of_invoice(), codes_of_session(), lines_of_invoice(), invoice_of_payment()] {
        let text = serde_json::to_string(&missing).unwrap();
        assert_eq!(serde_json::from_str::<Missing>(&text).unwrap(), missing);
    }
}

#[tokio::test]
async fn waiting_for_its_turn_takes_nothing_of_a_calls_time() {
    let none = Answer::ok(r#"{"object": "list", "data": [], "has_more": false}"#);
    let fake = Fake::start(vec![Answer { takes: Duration::from_millis(300), ..none }]).await;
    // Four at a time: the last of them has its turn long after a call's time.
    let client = StripeClient::new("sk_test_1", Some(&fake.url), Duration::from_secs(2)).unwrap();
    let client = std::sync::Arc::new(client);
    let asked: Vec<_> = (0..40)
        .map(|_| {
            let client = std::sync::Arc::clone(&client);
            tokio::spawn(async move { client.fetch(&invoice_of_payment()).await.map(drop) })
        })
        .collect();
    for answer in asked {
        assert_eq!(answer.await.unwrap(), Ok(()));
    }
}
