//! The edges of what a field takes: codes, addresses, ids, amounts, times, words.

use crate::settling::settle_for;
use crate::support::{Answer, Api, Project, project, start};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use store::PgPool;

async fn post(api: &Api, project: &Project, path: &str, body: &Value) -> Answer {
    let call = api.post(project, path, &body.to_string()).header("Prefer", "respond-async");
    call.send().await
}

fn refused(answer: &Answer, field: &str, sent: &str) {
    assert_eq!(answer.status, 400, "{field} = {sent}: {answer:?}");
    answer.error(400, "invalid_parameters");
    assert_eq!(answer.fields(), [field], "{sent}");
}

#[sqlx::test(migrations = "../migrations")]
async fn codes_have_three_plain_characters_at_least_and_an_end(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let owner = post(&api, &project, "/api/v1/affiliates", &json!({"email": "owner@example.com"})).await;
    let owner = owner.data(201)["id"].clone();
    for (path, field, longest) in
        [("/api/v1/affiliates", "referral_code", 64), ("/api/v1/coupons", "coupon_code", 255)]
    {
        let mut number = 0;
        let mut enter = async |code: &str| {
            number += 1;
            let body = json!({"email": format!("{number}@example.com"), "affiliate_id": owner, field: code});
            post(&api, &project, path, &body).await
        };
        let most = "m".repeat(longest);
        for code in ["abc", "-_-", "007", "A-Z_a-z0-9", "null", "undefined", &most] {
            assert_eq!(enter(code).await.data(201)[field], code);
        }
        // Blanks around it are none of it.
        assert_eq!(enter("  spaced  ").await.data(201)[field], "spaced");
        let long = "m".repeat(longest + 1);
        for code in [
            "a",
            "ab",
            &long,
            "a b",
            "a.b",
            "a+b",
            "a%20b",
            "a/b",
            "a\\b",
            "äbc",
            "ａｂｃ",
            "абв",
            "a\u{200b}bc",
            "١٢٣",
            "SAVE%",
            "'--",
            "😀😀😀",
        ] {
            refused(&enter(code).await, field, code);
        }
        assert_eq!(enter("ABC").await.error(409, "conflict").split(':').next(), Some(field));
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn an_address_has_one_at_sign_with_something_on_both_sides(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let enter =
        async |field: &str, path: &str, email: &str| post(&api, &project, path, &json!({field: email})).await;
    let longest = format!("{}@example.com", "x".repeat(308));
    let too_long = format!("x{longest}");
    for (field, path) in [
        ("email", "/api/v1/affiliates"),
        ("email", "/api/v1/referrals"),
        ("email", "/api/v1/conversions"),
        ("customer_email", "/api/v1/conversions"),
    ] {
        for email in [
            "a@b",
            "first.last+tag@sub.example.co.uk",
            "UPPER@EXAMPLE.COM",
            "o'brien!#$%&*/=?^_`{|}~@example.com",
            "üser@exämple.de",
            "user@[192.0.2.1]",
            longest.as_str(),
        ] {
            let answer = enter(field, path, email).await;
            assert!(answer.status < 300, "{path} {email}: {}", answer.text);
        }
        for email in
            ["@", "a@", "@b", "ab", "a@b@c", "a b@c.d", "a@b c.d", "a\t@b", "a@b,c@d", "<a@b> c", &too_long]
        {
            refused(&enter(field, path, email).await, field, email);
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn ids_are_positive_integers_of_64_bits(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let odd = ["0", "-1", "1.5", "1e3", "9223372036854775808", "99999999999999999999999", "x", "0x1", "١"];
    for path in ["/api/v1/coupons/{}", "/api/v1/conversions/{}", "/api/v1/conversions/{}/explanation"] {
        for id in odd {
            refused(&api.get(&project, &path.replace("{}", id)).send().await, "id", id);
        }
        let most = path.replace("{}", "9223372036854775807");
        api.get(&project, &most).send().await.error(404, "not_found");
    }
    for id in odd {
        let path = format!("/api/v1/projects/{id}/stripe-customer-referral-info/cus_1");
        refused(&api.get(&project, &path).send().await, "projectId", id);
    }
    for (path, field) in [
        ("/api/v1/conversions", "affiliate_id"),
        ("/api/v1/conversions", "referred_user_id"),
        ("/api/v1/referrals", "affiliate_id"),
        ("/api/v1/coupons", "affiliate_id"),
    ] {
        for id in ["0", "-1", "1.5", "1e3", "9223372036854775808", "\"x\"", "\"1.5\"", "true", "\"0\""] {
            let body = format!(r#"{{"email": "ann@example.com", "coupon_code": "ABC", "{field}": {id}}}"#);
            refused(&api.post(&project, path, &body).send().await, field, id);
        }
        // It could be one, in quotes too, but is nobody's: the answer names it.
        for id in ["9223372036854775807", "\"9223372036854775807\""] {
            let body = format!(r#"{{"email": "ann@example.com", "coupon_code": "ABC", "{field}": {id}}}"#);
            let answer = api.post(&project, path, &body).send().await;
            refused(&answer, field, id);
            assert!(answer.text.contains("9223372036854775807"), "{}", answer.text);
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn amounts_have_the_decimals_of_their_currency_and_no_more(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    for (field, currency_field) in
        [("base_value", "base_value_currency"), ("value", "base_value_currency"), ("amount", "currency")]
    {
        let send = async |amount: &str, currency: &str| {
            let body = format!(r#"{{"{field}": {amount}, "{currency_field}": "{currency}"}}"#);
            api.post(&project, "/api/v1/conversions", &body).header("Prefer", "respond-async").send().await
        };
        for (amount, currency, shown) in [
            ("0", "usd", "0.00"),
            ("-0", "usd", "0.00"),
            ("0.01", "usd", "0.01"),
            ("1e2", "usd", "100.00"),
            ("1E+2", "usd", "100.00"),
            ("100e-2", "usd", "1.00"),
            ("49.990000", "usd", "49.99"),
            ("10000000000.00", "usd", "10000000000.00"),
            ("\"49.99\"", "USD", "49.99"),
            ("500", "jpy", "500"),
            ("1000000000000", "jpy", "1000000000000"),
            ("1000000000000", "isk", "1000000000000"),
            ("500.0", "jpy", "500"),
            ("0.001", "kwd", "0.001"),
            ("5", "isk", "5"),
            ("33.00", "isk", "33"),
            ("5", "ugx", "5"),
            ("5000", "mga", "5000"),
            ("0.5", "huf", "0.50"),
            ("1.255", "lyd", "1.255"),
            ("0.30000000000000004", "usd", "0.30"),
            ("49.989999999999995", "usd", "49.99"),
        ] {
            let answer = send(amount, currency).await;
            // The commission that is shown is the verdict's.
            if field != "value" {
                assert_eq!(answer.data(202)["base_value"].to_string(), shown, "{amount} {currency}");
            }
            assert_eq!(answer.data(202)["base_value_currency"], currency.to_lowercase());
        }
        for (amount, currency) in [
            ("0.001", "usd"),
            ("49.999", "usd"),
            ("0.1", "jpy"),
            ("0.0001", "kwd"),
            ("0.001", "isk"),
            ("33.50", "isk"),
            ("0.2", "mga"),
            ("0.5", "ugx"),
            ("-0.01", "usd"),
            ("-1", "jpy"),
            ("1e-400", "usd"),
            ("1e400", "usd"),
            ("1e999999999999", "usd"),
            ("12345678901234567890", "usd"),
            ("10000000000.01", "usd"),
            ("1000000000001", "jpy"),
            ("1000000000001", "isk"),
            ("0.00000000000000000000000000000000000001", "usd"),
            ("\"\"", "usd"),
            ("\" \"", "usd"),
            ("\"NaN\"", "usd"),
            ("\"Infinity\"", "usd"),
            ("\"-Infinity\"", "usd"),
            ("\"1,99\"", "usd"),
            ("\"1.000,50\"", "usd"),
            ("\"$5\"", "usd"),
            ("\"5 usd\"", "usd"),
            ("\"0x10\"", "usd"),
            ("\"١\"", "usd"),
            ("true", "usd"),
            ("[5]", "usd"),
            ("{\"amount\": 5}", "usd"),
        ] {
            refused(&send(amount, currency).await, field, &format!("{amount} {currency}"));
        }
        for currency in ["us", "usdt", "u$d", "üsd", "123", "€", "u d", "xyz", "xau", "hrk"] {
            refused(&send("5", currency).await, currency_field, currency);
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_change_of_an_amount_has_the_same_bounds(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let entered =
        post(&api, &project, "/api/v1/conversions", &json!({"amount": 500, "currency": "jpy"})).await;
    let path = entered.header("location");
    for field in ["base_value", "value"] {
        for amount in ["0.5", "-1", "1e-400", "12345678901234567890", "\"NaN\"", "true"] {
            let body = format!(r#"{{"{field}": {amount}}}"#);
            refused(&api.put(&project, path, &body).send().await, field, amount);
        }
    }
    refused(
        &api.put(&project, path, r#"{"base_value_currency": "yen!"}"#).send().await,
        "base_value_currency",
        "yen!",
    );
}

#[sqlx::test(migrations = "../migrations")]
async fn a_range_takes_days_and_times_with_an_offset(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    for path in ["/api/v1/conversions", "/api/v1/statistics"] {
        let ask = async |query: &str| api.get(&project, &format!("{path}?{query}")).send().await;
        for query in [
            "from=2026-01-31&to=2026-01-31",
            "from=2024-02-29&to=2024-03-01",
            "from=2026-01-31T12:00:00Z&to=2026-01-31T12:00:00Z",
            "from=2026-01-31T12:00:00.123456Z&to=2026-02-01",
            "from=2026-01-31T12:00:00%2B05:30&to=2026-02-01",
            "from=2026-01-31T12:00:00+05:30&to=2026-02-01",
            "from=2026-01-31T12:00:00-12:00&to=2026-02-02",
            "from=2026-01-31t12:00:00z&to=2026-02-01",
            // The leap second at the end of 2016.
            "from=2016-12-31T23:59:60Z&to=2017-01-01",
            "from=2016-12-31&to=2016-12-31T23:59:60Z",
            "from=0001-01-01&to=0001-01-02",
            "from=9999-12-30&to=9999-12-31",
            "from=9999-12-31T23:59:59.999999Z&to=9999-12-31T23:59:59.999999Z",
            "from=&to=",
        ] {
            let answer = ask(query).await;
            assert_eq!(answer.status, 200, "{path}?{query}: {}", answer.text);
        }
        for (field, text) in ["from", "to"].into_iter().flat_map(|field| {
            [
                "yesterday",
                "2026",
                "2026-01",
                "2026-13-01",
                "2026-02-29",
                "2026-02-30",
                "31.01.2026",
                "01/31/2026",
                "2026-01-31T12:00:00",
                "2026-01-31T25:00:00Z",
                "2026-01-31T12:00:00%2B25:00",
                "0000-01-01",
                "-0001-01-01",
                "10000-01-01",
                "%2B262142-12-31",
                "1769860800",
                "2026-01-31%00",
            ]
            .map(|text| (field, text))
        }) {
            refused(&ask(&format!("{field}={text}")).await, field, text);
        }
    }
    // The end before the beginning holds nothing; time series cannot be told of it.
    let backwards = "from=2026-02-01&to=2026-01-31";
    let list = api.get(&project, &format!("/api/v1/conversions?{backwards}")).send().await;
    assert_eq!(list.data(200), &json!([]));
    refused(&api.get(&project, &format!("/api/v1/statistics?{backwards}")).send().await, "to", backwards);
}

#[sqlx::test(migrations = "../migrations")]
async fn words_are_those_of_the_document_in_lower_case(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let words: [(&str, &str, &[&str]); 7] = [
        ("affiliates", "status", &["active", "inactive", "closed"]),
        ("coupons", "status", &["active", "inactive"]),
        ("referrals", "status", &["pending", "converted", "direct", "direct_signup"]),
        ("conversions", "type", &["signup", "purchase"]),
        ("conversions", "status", &["pending", "attributed", "unattributed", "held", "rejected", "reversed"]),
        ("conversions", "paid", &["true", "false"]),
        ("statistics", "interval", &["day", "week", "month"]),
    ];
    for (path, field, words) in words {
        let ask =
            async |word: &str| api.get(&project, &format!("/api/v1/{path}?{field}={word}")).send().await;
        for word in words {
            assert_eq!(ask(word).await.status, 200, "{path} {field}={word}");
            refused(&ask(&word.to_uppercase()).await, field, word);
        }
        for word in ["open", "1", "yes", "null", "active,inactive", "%F0%9F%98%80", "%00"] {
            refused(&ask(word).await, field, word);
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn what_happened_lies_in_the_past(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let owner = json!({"email": "owner@example.com", "referral_code": "OWNER"});
    post(&api, &project, "/api/v1/affiliates", &owner).await.data(201);
    let now = Utc::now();
    let text = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    for path in ["/api/v1/conversions", "/api/v1/clicks"] {
        let tell = async |at: &str| {
            let body = json!({"email": "ann@example.com", "referral_code": "OWNER", "occurred_at": at});
            post(&api, &project, path, &body).await
        };
        for (at, shown) in [
            ("1970-01-01T00:00:00Z".to_owned(), "1970-01-01T00:00:00.000Z".to_owned()),
            ("2026-01-31T12:00:00.123456789+01:00".to_owned(), "2026-01-31T11:00:00.123Z".to_owned()),
            ("2016-12-31T23:59:60Z".to_owned(), "2017-01-01T00:00:00.000Z".to_owned()),
            // A caller's clock may be a little ahead of ours.
            (text(now + TimeDelta::minutes(4)), text(now + TimeDelta::minutes(4))),
        ] {
            let answer = tell(&at).await;
            assert!(answer.status < 300, "{path} {at}: {}", answer.text);
            assert_eq!(answer.body["data"]["created_at"], shown, "{path} {at}");
        }
        for at in [
            text(now + TimeDelta::hours(1)).as_str(),
            "9999-12-31T23:59:59Z",
            "1969-12-31T23:59:59Z",
            "0000-01-01T00:00:00Z",
            "2026-01-31",
            "2026-01-31T12:00:00",
            "2026-02-30T12:00:00Z",
            "1769860800",
            "now",
        ] {
            refused(&tell(at).await, "occurred_at", at);
        }
    }
}

/// A preference that cannot be read is no error (RFC 7240, section 2): the default stands.
#[sqlx::test(migrations = "../migrations")]
async fn a_preference_that_cannot_be_read_is_passed_over(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let _worker = settle_for(&pool, &project, 0).await;
    for prefer in [
        "",
        "wait",
        "wait=",
        "wait=x",
        "wait=-1",
        "wait=1.5",
        "wait=99999999999999999999",
        "=;,=",
        "respond-async;wait=3",
        "wait=3, wait=x",
        "handling=strict",
        "return=minimal",
    ] {
        for (path, body) in [
            ("/api/v1/conversions", json!({"amount": 1})),
            ("/api/v1/referrals", json!({"email": format!("p{}@example.com", hex::encode(prefer))})),
        ] {
            let answer = api.post(&project, path, &body.to_string()).header("Prefer", prefer).send().await;
            assert!([201, 202].contains(&answer.status), "{path} {prefer}: {answer:?}");
        }
    }
}
