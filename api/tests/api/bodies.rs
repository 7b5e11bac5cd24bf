//! What every POST and PUT makes of bodies that are no JSON, of fields that are not as documented, and of all
//! the world's letters: by the OpenAPI document, so that a new field is tried as well.

use crate::document::{Field, Operation, anything, operations};
use crate::settling::settle_for;
use crate::support::{Answer, Api, Project, project, start};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use store::PgPool;

/// The longest body of the REST API, as documented.
const MAX_BODY: usize = 256 * 1024;

/// A project with one of everything that can be changed.
struct Stage {
    api: Api,
    project: Project,
    coupon: Value,
    conversion: Value,
    endpoint: Value,
    _worker: tokio_util::sync::DropGuard,
}

const PARTNER: &str = "partner@example.com";

impl Stage {
    async fn new(pool: &PgPool) -> Self {
        let (api, project) = (start(pool).await, project(pool).await);
        let worker = settle_for(pool, &project, 0).await;
        let post = async |path: &str, body: Value| {
            let call = api.post(&project, path, &body.to_string()).header("Prefer", "wait=4");
            call.send().await.data(201)["id"].clone()
        };
        let affiliate =
            post("/api/v1/affiliates", json!({"email": PARTNER, "referral_code": "PARTNER"})).await;
        let coupon =
            post("/api/v1/coupons", json!({"affiliate_id": affiliate, "coupon_code": "SAVE10"})).await;
        let conversion = post("/api/v1/conversions", json!({"amount": 10})).await;
        // Nobody listens there.
        let endpoint = json!({"url": "http://127.0.0.1:9/", "events": ["payout_paid"], "timeout_seconds": 1});
        let endpoint = post("/api/v1/webhook-endpoints", endpoint).await;
        Self { api, project, coupon, conversion, endpoint, _worker: worker }
    }

    fn path(&self, operation: &Operation) -> String {
        let segments: Vec<&str> = operation.path.split('/').collect();
        operation.path_with(|name| match name {
            "email" => encoded(PARTNER),
            _ if segments.contains(&"coupons") => self.coupon.to_string(),
            _ if segments.contains(&"webhook-endpoints") => self.endpoint.to_string(),
            _ => self.conversion.to_string(),
        })
    }

    async fn send(&self, operation: &Operation, content_type: Option<&str>, body: Vec<u8>) -> Answer {
        let url = self.api.url(&self.path(operation));
        let mut request = self.api.http.request(operation.method.clone(), url).body(body);
        if let Some(content_type) = content_type {
            request = request.header("Content-Type", content_type);
        }
        let request = request.bearer_auth(&self.project.key).header("Prefer", "respond-async");
        Answer::read(request.send().await.unwrap()).await
    }

    async fn send_json(&self, operation: &Operation, body: &Value) -> Answer {
        self.send(operation, Some("application/json"), body.to_string().into_bytes()).await
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// The operations that take a JSON object.
fn writing() -> Vec<Operation> {
    let writes = |operation: &Operation| {
        matches!(operation.method, Method::POST | Method::PUT) && operation.takes_body()
    };
    let writing: Vec<_> =
        operations().into_iter().filter(|operation| operation.needs_key() && writes(operation)).collect();
    assert!(writing.iter().all(|operation| !operation.fields().is_empty()));
    assert!(writing.len() >= 8, "{}", writing.len());
    writing
}

/// A body with one field of it replaced.
fn with(operation: &Operation, field: &str, value: Value) -> Value {
    let mut body = if operation.method == Method::POST { anything() } else { Map::new() };
    // Of two names of one field the first one counts.
    if field.starts_with("customer_") {
        body.remove("email");
    }
    body.insert(field.to_owned(), value);
    Value::Object(body)
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_no_json_object_is_told(pool: PgPool) {
    let stage = Stage::new(&pool).await;
    let deep = format!(r#"{{"email": {}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
    let deep_objects = format!("{}1{}", r#"{"a":"#.repeat(10_000), "}".repeat(10_000));
    let bodies: [&[u8]; 24] = [
        b"",
        b" ",
        b"{",
        b"}",
        b"[]",
        br#"[{"email": "ann@example.com"}]"#,
        b"null",
        b"1",
        b"-0.0",
        br#""text""#,
        b"true",
        b"NaN",
        b"email=ann%40example.com",
        b"{'email': 'ann@example.com'}",
        br#"{"email": }"#,
        br#"{"email": "ann@example.com",}"#,
        br#"{"amount": 01}"#,
        br#"{"amount": NaN}"#,
        br#"{"email": "a"} {"email": "b"}"#,
        b"{\"email\": \"\xff@example.com\"}",
        b"\xef\xbb\xbf{}",
        br#"{"email": "\ud800@example.com"}"#,
        deep.as_bytes(),
        deep_objects.as_bytes(),
    ];
    for operation in writing() {
        for body in bodies
            .into_iter()
            .filter(|body| !(matches!(body.trim_ascii(), b"" | b"null") && operation.body_is_optional()))
        {
            let answer = stage.send(&operation, Some("application/json"), body.to_vec()).await;
            let shown = String::from_utf8_lossy(body.get(..40).unwrap_or(body));
            assert_eq!(answer.status, 400, "{} {shown}: {answer:?}", operation.name());
            answer.error(400, "invalid_json");
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_body_has_256_kib_at_most(pool: PgPool) {
    let stage = Stage::new(&pool).await;
    for operation in writing() {
        let mut body = if operation.method == Method::POST { Value::Object(anything()) } else { json!({}) }
            .to_string()
            .into_bytes();
        body.resize(MAX_BODY, b' ');
        let most = stage.send(&operation, Some("application/json"), body.clone()).await;
        assert_ne!(most.status, 413, "{}", operation.name());
        assert_ne!(most.body["error"]["code"], "invalid_json", "{}", operation.name());
        for length in [MAX_BODY + 1, 1024 * 1024 + 1] {
            body.resize(length, b' ');
            let large = stage.send(&operation, Some("application/json"), body.clone()).await;
            assert!(large.error(413, "payload_too_large").contains("262144"), "{}", operation.name());
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_body_has_to_be_called_json(pool: PgPool) {
    let stage = Stage::new(&pool).await;
    for operation in writing() {
        let body = || b"{}".to_vec();
        // A discarded letter has no fields that must be there.
        for odd in [
            None,
            Some(""),
            Some("text/plain"),
            Some("text/json"),
            Some("application/x-www-form-urlencoded"),
            Some("multipart/form-data; boundary=x"),
            Some("application/jsonx"),
            Some("json"),
            Some("*/*"),
        ] {
            let answer = stage.send(&operation, odd, body()).await;
            assert_eq!(answer.status, 415, "{} {odd:?}: {answer:?}", operation.name());
            answer.error(415, "unsupported_media_type");
        }
        for fine in [
            "application/json",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "Application/JSON",
            "application/vnd.api+json",
        ] {
            let answer = stage.send(&operation, Some(fine), body()).await;
            // An empty object changes nothing, and enters nothing but a bare signup.
            let expected: &[u16] = match (&operation.method, operation.name()) {
                (&Method::PUT, _) | (_, "rotate_webhook_endpoint_secret" | "test_webhook_endpoint") => &[200],
                // There is none, and everything that is due.
                (_, "discard_dead_letter") => &[404],
                (_, "create_payouts") => &[201],
                _ => &[400, 202],
            };
            assert!(expected.contains(&answer.status), "{} {fine}: {answer:?}", operation.name());
            assert_ne!(answer.body["error"]["code"], "invalid_json", "{}", operation.name());
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_field_of_the_wrong_type_is_named(pool: PgPool) {
    let stage = Stage::new(&pool).await;
    let mut tried = 0;
    for operation in writing() {
        for field in operation.fields() {
            for value in wrong(&field) {
                let answer = stage.send_json(&operation, &with(&operation, &field.name, value.clone())).await;
                let told = format!("{} {}: {value}: {}", operation.name(), field.name, answer.text);
                assert_eq!(answer.status, 400, "{told}");
                answer.error(400, "invalid_parameters");
                assert_eq!(answer.fields(), [field.name.as_str()], "{told}");
                tried += 1;
            }
        }
    }
    assert!(tried >= 200, "{tried}");
}

/// Values that the document does not allow.
fn wrong(field: &Field) -> Vec<Value> {
    let mut wrong = vec![json!([]), json!([null]), json!([{}])];
    if !field.may_be("array") {
        wrong.push(json!([1]));
    }
    let mut unless = |is_allowed: bool, value: Value| {
        if !is_allowed {
            wrong.push(value);
        }
    };
    let is_number = field.may_be("number") || field.may_be("integer");
    unless(field.may_be("boolean"), json!(true));
    unless(field.may_be("object"), json!({}));
    unless(is_number, json!(1));
    unless(field.may_be("number"), json!(1.5));
    unless(field.may_be("string"), json!("x"));
    if field.may_be("integer") {
        wrong.extend([json!(0), json!(-1), json!(1e300), json!(9_223_372_036_854_775_808_u64), json!("1.0")]);
    }
    if field.may_be("string") {
        wrong.push(json!("a\u{0}b"));
        wrong.extend(field.max_length.map(|length| json!("x".repeat(length + 1))));
    }
    if field.name == "affiliates" {
        // A list is what it is.
        wrong = vec![json!([]), json!(["x"]), json!([null]), json!([0]), json!(true), json!({}), json!("x")];
    }
    if ["Notes", "RulesText"].contains(&field.schema.as_str()) {
        wrong.extend([json!({"a": {"b": "\u{0}"}}), json!({"\u{0}": 1}), json!("x".repeat(8 * 1024))]);
    } else if field.may_be("string") {
        // What a screen would not show as it is.
        wrong.extend(["a\u{7}b", "a\nb", "a\u{7f}b", "a\u{85}b"].map(Value::from));
    }
    wrong
}

#[sqlx::test(migrations = "../migrations")]
async fn null_and_blank_are_absent_and_unknown_fields_are_passed_over(pool: PgPool) {
    let stage = Stage::new(&pool).await;
    for operation in writing().iter().filter(|operation| operation.method == Method::PUT) {
        let before = stage.send_json(operation, &json!({})).await.data(200).clone();
        // A null commission is a word of its own: it gives the commission back to the rules.
        let is_a_word = |name: &str| operation.name() == "update_conversion" && name == "value";
        let names = operation.fields().into_iter().map(|field| field.name).filter(|name| !is_a_word(name));
        let nulls: Map<String, Value> = names.map(|name| (name, Value::Null)).collect();
        assert_eq!(stage.send_json(operation, &nulls.into()).await.data(200), &before);
        let odd = json!({"nobody_knows": 1, "id": 99, "created_at": "2020-01-01", "__proto__": {}, "": []});
        assert_eq!(stage.send_json(operation, &odd).await.data(200), &before, "{}", operation.name());
        let texts = operation.fields().into_iter().filter(|field| field.may_be("string"));
        let blanks: Map<String, Value> = texts
            .filter(|field| !["Amount", "Notes"].contains(&field.schema.as_str()))
            .map(|field| (field.name, json!("  ")))
            .collect();
        assert_eq!(stage.send_json(operation, &blanks.into()).await.data(200), &before);
    }
    // Of a field that is there twice the last one counts, as in most languages' parsers.
    let twice = r#"{"email": "first@example.com", "email": "last@example.com"}"#;
    let entered = stage.api.post(&stage.project, "/api/v1/affiliates", twice).send().await;
    assert_eq!(entered.data(201)["user_email"], "last@example.com");
}

/// A text that is kept as it was sent, and the field of the answer that shows it.
struct Echo {
    operation: &'static str,
    field: &'static str,
    shown: &'static str,
}

const fn echo(operation: &'static str, field: &'static str, shown: &'static str) -> Echo {
    Echo { operation, field, shown }
}

const ECHOES: [Echo; 24] = [
    echo("create_key", "name", "name"),
    echo("create_affiliate", "email", "user_email"),
    echo("create_affiliate", "partner_slug", "partner_slug"),
    echo("create_affiliate", "payout_preferences", "payout_preferences"),
    echo("update_affiliate", "email", "user_email"),
    echo("update_affiliate", "partner_slug", "partner_slug"),
    echo("update_affiliate", "payout_preferences", "payout_preferences"),
    echo("create_coupon", "stripe_coupon_id", "stripe_coupon_id"),
    echo("create_coupon", "stripe_promotion_code_id", "stripe_promotion_code_id"),
    echo("create_coupon", "lemonsqueezy_discount_code", "lemonsqueezy_discount_code"),
    echo("update_coupon", "stripe_coupon_id", "stripe_coupon_id"),
    echo("update_coupon", "stripe_promotion_code_id", "stripe_promotion_code_id"),
    echo("update_coupon", "lemonsqueezy_discount_code", "lemonsqueezy_discount_code"),
    echo("create_conversion", "reference", "reference"),
    echo("create_conversion", "coupon_code_used", "coupon_code_used"),
    echo("create_conversion", "url", "url"),
    echo("update_conversion", "reference", "reference"),
    echo("update_conversion", "coupon_code_used", "coupon_code_used"),
    echo("create_click", "click_id", "click_id"),
    echo("create_click", "url", "url"),
    echo("create_referral", "email", "user_email"),
    echo("create_referral", "external_id", "external_id"),
    echo("create_webhook_endpoint", "description", "description"),
    echo("update_webhook_endpoint", "description", "description"),
];

/// Free texts that an answer does not show: codes that have to exist, and whom a sale belongs to, which its
/// referral shows.
const NOT_SHOWN: [(&str, &str); 16] = [
    // Shown by the explanation, or kept for the record.
    ("hold_conversion", "reason"),
    ("release_conversion", "reason"),
    ("reject_conversion", "reason"),
    ("lock_referral", "reason"),
    ("unlock_referral", "reason"),
    ("discard_dead_letter", "reason"),
    ("cancel_payout", "reason"),
    ("mark_payout_paid", "reference"),
    ("mark_payout_batch_paid", "reference"),
    // An affiliate that has to exist.
    ("lock_referral", "affiliate"),
    ("create_click", "referral_code"),
    ("create_referral", "referral_code"),
    ("create_conversion", "referral_code"),
    ("create_conversion", "email"),
    ("create_conversion", "customer_email"),
    ("create_conversion", "external_id"),
];

#[test]
fn every_free_text_is_tried() {
    let free = ["Text", "Url", "Notes", "Email", "Reason"];
    let mut documented = BTreeSet::new();
    for operation in writing() {
        for field in operation.fields().into_iter().filter(|field| free.contains(&field.schema.as_str())) {
            documented.insert((operation.name().to_owned(), field.name));
        }
    }
    let tried = ECHOES.iter().map(|echo| (echo.operation, echo.field)).chain(NOT_SHOWN);
    let tried: BTreeSet<_> =
        tried.map(|(operation, field)| (operation.to_owned(), field.to_owned())).collect();
    assert_eq!(tried, documented);
}

/// Emoji, right to left, combining, composed and decomposed, dotted and dotless i, beyond the first plane,
/// ligatures, quotes, what looks like SQL, HTML or an escape.
const TEXTS: [&str; 12] = [
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "שלום\u{200f}-مرحبا",
    "e\u{301}-é",
    "İstanbul-ı-I-i",
    "𝕏-𠜎",
    "ﬁ-ß-ẞ-Ǆ",
    "\u{feff}zero\u{200b}width",
    "'--;DROP",
    "<b>&amp;</b>",
    r"\u0000\n%00",
    "$1-${x}-{{y}}",
    "Ωmega-Ωhm",
];

#[sqlx::test(migrations = "../migrations")]
async fn every_text_comes_back_as_it_was_sent(pool: PgPool) {
    let stage = Stage::new(&pool).await;
    for operation in writing() {
        let fields = operation.fields();
        let mut partner = PARTNER.to_owned();
        for echo in ECHOES.iter().filter(|echo| echo.operation == operation.name()) {
            let field = fields.iter().find(|field| field.name == echo.field).unwrap();
            let longest = field.max_length.map(|length| "ü".repeat(length));
            let texts = TEXTS.iter().map(|text| (*text).to_owned()).chain(longest);
            for (number, text) in texts.enumerate() {
                let unique = format!("{}-{}-{number}", echo.operation, echo.field);
                let sent = match field.schema.as_str() {
                    "Email" if number < TEXTS.len() => format!("{number}{text}@{text}.{}", echo.operation),
                    "Email" => format!("{:ü<308}@example.com", operation.name()),
                    // The references of conversions that were posted are theirs.
                    _ if unique.starts_with("update_conversion-reference") && number < TEXTS.len() => {
                        format!("~{text}")
                    }
                    _ if unique.starts_with("update_conversion-reference") => text.replace('ü', "ö"),
                    _ => text.clone(),
                };
                let mut body = json!({echo.field: sent});
                if operation.method == Method::POST {
                    let others = json!({
                        "email": format!("{unique}@example.com"), "referral_code": (operation.name() == "create_click").then_some("PARTNER"),
                        "coupon_code": unique, "affiliate_id": (operation.name() == "create_coupon").then_some(1),
                    });
                    let others = match operation.name() {
                        "create_webhook_endpoint" => json!({"url": "https://1.1.1.1/hooks", "events": ["*"]}),
                        _ => others,
                    };
                    for (name, value) in others.as_object().unwrap() {
                        body.as_object_mut().unwrap().entry(name.clone()).or_insert_with(|| value.clone());
                    }
                }
                let path = operation.path_with(|name| match name {
                    "email" => encoded(&partner),
                    _ if operation.path.contains("coupons") => stage.coupon.to_string(),
                    _ if operation.path.contains("webhook-endpoints") => stage.endpoint.to_string(),
                    _ => stage.conversion.to_string(),
                });
                let call = stage.api.call(&stage.project, operation.method.clone(), &path);
                let answer = call.json(&body.to_string()).header("Prefer", "wait=4").send().await;
                let told = format!("{unique}: {body}: {}", answer.text);
                assert!([200, 201].contains(&answer.status), "{told}");
                assert_eq!(answer.body["data"][echo.shown], json!(sent), "{told}");
                if operation.name() == "update_affiliate" && echo.field == "email" {
                    partner = sent.clone();
                }
                let location = answer.header("location");
                if !location.is_empty() {
                    let again = stage.api.get(&stage.project, location).send().await;
                    assert_eq!(again.data(200)[echo.shown], json!(sent), "{told}");
                }
            }
        }
    }
}

/// An address is found as it was written, in lower and in upper case, blanks around it or not.
#[sqlx::test(migrations = "../migrations")]
async fn an_address_in_a_path_is_found_in_any_case_and_encoding(pool: PgPool) {
    let stage = Stage::new(&pool).await;
    for address in [
        "ann@example.com",
        "Ann+Tag@Example.COM",
        "o'brien/x?y#z=1&w;v@example.com",
        "100%@example.com",
        "%41@example.com",
        "änne@bücher.example",
        "用户@例子.公司",
        "ann@xn--bcher-kva.example",
        "İpek@example.com",
        "ılgaz@example.com",
        "a\u{301}@example.com",
        "a@b",
    ] {
        for list in ["affiliates", "referrals"] {
            let body = json!({"email": address}).to_string();
            let call = stage.api.post(&stage.project, &format!("/api/v1/{list}"), &body);
            let entered = call.header("Prefer", "wait=4").send().await;
            let shown = entered.data(201).clone();
            assert_eq!(shown["user_email"], address);
            let blanks = format!("  {address} ");
            let spellings =
                [address.to_owned(), address.to_lowercase(), address.to_ascii_uppercase(), blanks];
            for spelling in spellings {
                let path = format!("/api/v1/{list}/{}", encoded(&spelling));
                let found = stage.api.get(&stage.project, &path).send().await;
                assert_eq!(found.status, 200, "{list} {address} as {spelling}: {}", found.text);
                assert_eq!(found.data(200)["id"], shown["id"]);
            }
        }
    }
}
