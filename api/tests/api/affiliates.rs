//! `/api/v1/affiliates`

use crate::settling::{asked, sale, set, settle_for, settled};
use crate::support::{Answer, Api, Project, TEST_SECRET, affiliate, project, queued, start, with_key};
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{Mode, Realm};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use store::{PgPool, keys};

const PATH: &str = "/api/v1/affiliates";

fn at(email: &str) -> String {
    format!("{PATH}/{}", email.replace('%', "%25").replace('@', "%40").replace(' ', "%20"))
}

async fn post(api: &Api, project: &Project, body: &Value) -> Answer {
    api.post(project, PATH, &body.to_string()).send().await
}

#[sqlx::test(migrations = "../migrations")]
async fn an_affiliate_is_entered_and_read(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let answer = post(
        &api,
        &project,
        &json!({"email": " Änne+x@Example.com ", "referral_code": "ANNE-1", "partner_slug": "anne",
                "commission": "12.5%", "payout_preferences": {"method": "paypal", "to": "änne@example.com"}}),
    )
    .await;
    let entered = answer.data(201).clone();
    let expected = json!({
        "id": entered["id"], "user_email": "Änne+x@Example.com", "referral_code": "ANNE-1", "partner_slug": "anne",
        "status": "active", "clicks": 0, "signups": 0, "purchases": 0, "unpaid_earnings": "0.00",
        "total_earnings": "0.00", "eligible_earnings": "0.00", "held_earnings": "0.00", "next_release_date": null,
        "created_at": entered["created_at"], "currency": "usd", "earnings": [],
        "payout_preferences": {"method": "paypal", "to": "änne@example.com"}, "commission": "12.5%",
    });
    assert_eq!(entered, expected);
    let created_at = entered["created_at"].as_str().unwrap();
    assert!(created_at.ends_with('Z') && created_at.len() == 24, "{created_at}");
    assert_eq!(asked(&pool).await, (set(["anne-1"]), set(["email:änne+x@example.com"])));

    let location = answer.header("location").to_owned();
    assert_eq!(api.get(&project, &location).send().await.data(200), &expected);
    for email in ["%C3%A4nne%2Bx%40example.com", "%C3%84NNE+X@EXAMPLE.COM", "%20%C3%A4nne+x%40example.com%20"]
    {
        assert_eq!(api.get(&project, &format!("{PATH}/{email}")).send().await.data(200), &expected);
    }
    for email in ["nobody%40example.com", "%C3%A4nne", "a%00b"] {
        api.get(&project, &format!("{PATH}/{email}")).send().await.error(404, "not_found");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_code_is_made_when_none_is_named(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let mut codes = BTreeSet::new();
    for body in [json!({"email": "a@example.com"}), json!({"email": "b@example.com", "referral_code": ""})] {
        let code = post(&api, &project, &body).await.data(201)["referral_code"].as_str().unwrap().to_owned();
        assert!(code.len() >= 3 && code.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{code}");
        codes.insert(code);
    }
    assert_eq!(codes.len(), 2);
}

#[sqlx::test(migrations = "../migrations")]
async fn what_is_taken_is_a_conflict(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let first = json!({"email": "ann@example.com", "referral_code": "Ann"});
    post(&api, &project, &first).await.data(201);
    let same_email = post(&api, &project, &json!({"email": "ANN@example.com"})).await;
    assert!(same_email.error(409, "conflict").contains("email"));
    let same_code = post(&api, &project, &json!({"email": "bob@example.com", "referral_code": "aNN"})).await;
    assert!(same_code.error(409, "conflict").contains("referral_code"));
    post(&api, &project, &json!({"email": "bob@example.com", "referral_code": "bob"})).await.data(201);
    asked(&pool).await;
    for body in [r#"{"email": "Ann@Example.com"}"#, r#"{"referral_code": "ANN"}"#] {
        api.put(&project, &at("bob@example.com"), body).send().await.error(409, "conflict");
    }
    assert_eq!(asked(&pool).await, (set([]), set([])));
    assert_eq!(api.get(&project, &at("bob@example.com")).send().await.data(200)["referral_code"], "bob");
}

#[sqlx::test(migrations = "../migrations")]
async fn twenty_clients_enter_one_affiliate(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let body = json!({"email": "ann@example.com", "referral_code": "ANN"});
    let answers = futures::future::join_all((0..20).map(|_| post(&api, &project, &body))).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 19, "{statuses:?}");
    assert_eq!(queued(&pool).await.len(), 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn every_wrong_field_is_told_at_once(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let wrong = json!({"email": "ann", "referral_code": "a b", "status": "closed", "commission": "lots",
                       "partner_slug": "x".repeat(256), "payout_preferences": 7});
    let answer = post(&api, &project, &wrong).await;
    answer.error(400, "invalid_parameters");
    let all = ["commission", "email", "partner_slug", "payout_preferences", "referral_code", "status"];
    assert_eq!(answer.fields().into_iter().collect::<BTreeSet<_>>(), BTreeSet::from(all));
    let missing = post(&api, &project, &json!({})).await;
    assert_eq!(missing.error(400, "invalid_parameters"), "Missing required parameter: email");

    post(&api, &project, &json!({"email": "ann@example.com"})).await.data(201);
    let answer = api.put(&project, &at("ann@example.com"), &wrong.to_string()).send().await;
    assert_eq!(answer.fields().into_iter().collect::<BTreeSet<_>>(), BTreeSet::from(all));
}

#[sqlx::test(migrations = "../migrations")]
async fn a_code_has_3_to_64_plain_characters(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let enter = async |number: usize, code: &str| {
        let body = json!({"email": format!("{number}@example.com"), "referral_code": code});
        post(&api, &project, &body).await
    };
    for (number, code) in ["abc", "A-_", &"x".repeat(64), "007"].into_iter().enumerate() {
        assert_eq!(enter(number, code).await.data(201)["referral_code"], code);
    }
    for code in ["ab", &"x".repeat(65), "a.b", "a b", "äbc", "a/b", "a\u{0}b"] {
        assert_eq!(enter(9, code).await.fields(), ["referral_code"], "{code}");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_change_changes_what_it_names(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let body = json!({"email": "ann@example.com", "referral_code": "ANN", "partner_slug": "ann",
                      "commission": "15.00eur", "payout_preferences": "by letter"});
    let entered = post(&api, &project, &body).await.data(201).clone();
    asked(&pool).await;
    let put = async |email: &str, body: Value| {
        api.put(&project, &at(email), &body.to_string()).send().await.data(200).clone()
    };
    assert_eq!(put("ann@example.com", json!({})).await, entered);
    assert_eq!(put("ann@example.com", json!({"referral_code": "ANN", "status": "active"})).await, entered);
    assert_eq!(asked(&pool).await, (set([]), set([])), "nothing changed");

    let changed = put("ANN@example.com", json!({"commission": "5%", "partner_slug": null})).await;
    assert_eq!((&changed["commission"], &changed["partner_slug"]), (&json!("5%"), &json!(null)));
    assert_eq!(changed["payout_preferences"], "by letter");

    let moved = put("ann@example.com", json!({"email": "Bea@example.com"})).await;
    assert_eq!((&moved["id"], &moved["user_email"]), (&entered["id"], &json!("Bea@example.com")));
    assert_eq!(asked(&pool).await, (set([]), set(["email:ann@example.com", "email:bea@example.com"])));
    api.get(&project, &at("ann@example.com")).send().await.error(404, "not_found");

    let renamed = put("bea@example.com", json!({"referral_code": "BEA"})).await;
    assert_eq!(renamed["referral_code"], "BEA");
    assert_eq!(asked(&pool).await, (set(["ann", "bea"]), set([])));
    let taken = json!({"email": "ann@example.com", "referral_code": "ann"});
    post(&api, &project, &taken).await.error(409, "conflict");
    assert_eq!(put("bea@example.com", json!({"referral_code": "ANN"})).await["referral_code"], "ANN");
    asked(&pool).await;

    for status in ["inactive", "active", "inactive"] {
        assert_eq!(put("bea@example.com", json!({"status": status})).await["status"], status);
        assert_eq!(asked(&pool).await, (set(["ann", "bea"]), set([])));
    }
    let spans: Vec<bool> = sqlx::query_scalar("SELECT suspended_until IS NULL FROM suspensions ORDER BY id")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(spans, [false, true]);
    api.put(&project, &at("nobody@example.com"), "{}").send().await.error(404, "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_closed_affiliate_is_gone_and_its_code_stays_its_own(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let body = json!({"email": "ann@example.com", "referral_code": "ANN"});
    let entered = post(&api, &project, &body).await.data(201).clone();
    asked(&pool).await;
    let closed = api.delete(&project, &at("ANN@example.com")).send().await;
    assert_eq!((&closed.data(200)["id"], &closed.data(200)["status"]), (&entered["id"], &json!("inactive")));
    assert_eq!(asked(&pool).await, (set(["ann"]), set(["email:ann@example.com"])));
    api.get(&project, &at("ann@example.com")).send().await.error(404, "not_found");
    api.put(&project, &at("ann@example.com"), "{}").send().await.error(404, "not_found");
    api.delete(&project, &at("ann@example.com")).send().await.error(404, "not_found");
    assert_eq!(api.get(&project, PATH).send().await.data(200), &json!([]));
    let other = json!({"email": "eve@example.com", "referral_code": "ann"});
    post(&api, &project, &other).await.error(409, "conflict");
    let listed = api.get(&project, &format!("{PATH}?status=closed")).send().await;
    assert_eq!(listed.body["pagination"]["total"], 1);
    let listed = &listed.data(200)[0];
    assert_eq!((&listed["id"], &listed["status"]), (&entered["id"], &json!("inactive")));
    assert_eq!(listed["closed_at"], closed.data(200)["closed_at"]);
    assert!(listed["closed_at"].is_string() && entered.get("closed_at").is_none());
}

#[sqlx::test(migrations = "../migrations")]
async fn a_closed_affiliate_comes_back_with_its_code(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let body = json!({
        "email": "ann@example.com", "referral_code": "ANN", "commission": "25%", "partner_slug": "ann",
        "payout_preferences": {"paypal_email": "ann@pay.example"},
    });
    let entered = post(&api, &project, &body).await.data(201).clone();
    let close = async || api.delete(&project, &at("ann@example.com")).send().await.data(200).clone();
    close().await;
    asked(&pool).await;
    // What is not said is as it was.
    let again = post(&api, &project, &json!({"email": " ANN@example.com"})).await;
    let mut expected = entered.clone();
    expected["user_email"] = json!("ANN@example.com");
    assert_eq!(again.data(201), &expected);
    assert_eq!(asked(&pool).await, (set(["ann"]), set(["email:ann@example.com"])));
    post(&api, &project, &json!({"email": "ann@example.com"})).await.error(409, "conflict");
    assert_eq!(api.get(&project, &format!("{PATH}?status=closed")).send().await.data(200), &json!([]));

    close().await;
    let body = json!({"email": "ann@example.com", "referral_code": "ANN2", "commission": null, "status": "inactive"});
    let renamed = post(&api, &project, &body).await.data(201).clone();
    let told = |name: &str| renamed[name].clone();
    assert_eq!(told("id"), entered["id"]);
    assert_eq!((told("referral_code"), told("status")), (json!("ANN2"), json!("inactive")));
    assert_eq!((told("commission"), told("partner_slug")), (json!(null), json!("ann")));

    // Somebody else's code is still somebody else's, and then nobody comes back.
    post(&api, &project, &json!({"email": "bob@example.com", "referral_code": "BOB"})).await.data(201);
    close().await;
    let taken = json!({"email": "ann@example.com", "referral_code": "bob"});
    post(&api, &project, &taken).await.error(409, "conflict");
    api.get(&project, &at("ann@example.com")).send().await.error(404, "not_found");

    // Who has taken the address meanwhile has it.
    api.put(&project, &at("bob@example.com"), r#"{"email": "ann@example.com"}"#).send().await.data(200);
    post(&api, &project, &json!({"email": "ann@example.com"})).await.error(409, "conflict");
}

#[sqlx::test(migrations = "../migrations")]
async fn another_project_or_mode_sees_nothing(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let body = json!({"email": "ann@example.com", "referral_code": "ANN"});
    let entered = post(&api, &project, &body).await.data(201).clone();
    let live = with_key(&pool, Realm { mode: Mode::Live, ..project.realm }).await;
    for stranger in [crate::support::project(&pool).await, live] {
        api.get(&stranger, &at("ann@example.com")).send().await.error(404, "not_found");
        api.put(&stranger, &at("ann@example.com"), "{}").send().await.error(404, "not_found");
        api.delete(&stranger, &at("ann@example.com")).send().await.error(404, "not_found");
        assert_eq!(api.get(&stranger, PATH).send().await.data(200), &json!([]));
        assert_ne!(post(&api, &stranger, &body).await.data(201)["id"], entered["id"]);
    }
    assert_eq!(api.get(&project, PATH).send().await.body["pagination"]["total"], 1);
}

#[sqlx::test(migrations = "../migrations")]
async fn without_a_valid_key_nothing_is_done(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    assert!(
        keys::revoke(&mut pool.acquire().await.unwrap(), project.realm.project, project.key_id)
            .await
            .unwrap()
    );
    let keyless = Project { key: String::new(), ..project };
    let revoked = Project { key: project.key.clone(), ..keyless };
    for project in [&keyless, &revoked] {
        api.get(project, PATH).send().await.error(401, "unauthorized");
        post(&api, project, &json!({"email": "ann@example.com"})).await.error(401, "unauthorized");
        api.get(project, &at("ann@example.com")).send().await.error(401, "unauthorized");
        api.put(project, &at("ann@example.com"), "{}").send().await.error(401, "unauthorized");
        api.delete(project, &at("ann@example.com")).send().await.error(401, "unauthorized");
    }
    assert!(queued(&pool).await.is_empty());
}

#[sqlx::test(migrations = "../migrations")]
async fn a_list_is_filtered_and_paged(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    for number in 1..=25 {
        let status = if number % 5 == 0 { "inactive" } else { "active" };
        let body = json!({"email": format!("{number}@example.com"), "status": status});
        post(&api, &project, &body).await.data(201);
    }
    let page = async |query: &str| {
        let answer = api.get(&project, &format!("{PATH}{query}")).send().await;
        let rows = answer.data(200).as_array().unwrap().iter();
        let emails =
            rows.map(|row| row["user_email"].as_str().unwrap().split('@').next().unwrap().to_owned());
        (emails.collect::<Vec<_>>(), answer.body["pagination"].clone())
    };
    let (rows, pagination) = page("").await;
    assert_eq!((rows.len(), rows[0].as_str()), (20, "25"));
    assert_eq!(
        (&pagination["total"], &pagination["has_more"], &pagination["limit"]),
        (&json!(25), &json!(true), &json!(20))
    );
    assert_eq!(page("?limit=2&offset=24").await.0, ["1"]);
    let (rows, pagination) = page("?status=inactive&limit=2&offset=1").await;
    assert_eq!((rows.as_slice(), &pagination["total"]), (&["20".to_owned(), "15".to_owned()][..], &json!(5)));
    assert_eq!(page("?offset=1000").await.1["total"], 25);

    // By cursor, with a newcomer between the pages.
    let (mut seen, first) = page("?limit=10").await;
    post(&api, &project, &json!({"email": "26@example.com"})).await.data(201);
    let mut next = first["next_cursor"].as_str().map(str::to_owned);
    while let Some(cursor) = next {
        let (rows, pagination) = page(&format!("?limit=10&cursor={cursor}")).await;
        seen.extend(rows);
        next = pagination["next_cursor"].as_str().map(str::to_owned);
    }
    assert_eq!(seen, (1..=25).rev().map(|number| number.to_string()).collect::<Vec<_>>());
    for query in ["limit=0", "limit=501", "limit=x", "offset=-1", "status=gone", "cursor=x"] {
        let answer = api.get(&project, &format!("{PATH}?{query}")).send().await;
        answer.error(400, "invalid_parameters");
        assert_eq!(answer.fields(), [query.split('=').next().unwrap()]);
    }
    assert_eq!(page("?limit=500").await.0.len(), 26);
}

#[sqlx::test(migrations = "../migrations")]
async fn earnings_are_told_by_currency(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let ann = affiliate(&pool, project.realm, "ann@example.com", "ANN").await;
    let idle = affiliate(&pool, project.realm, "idle@example.com", "IDLE").await;
    assert_ne!(ann, idle);
    // Commission, taken back, held by a dispute, paid, released, kind.
    let rows = [
        ("usd", 10_00, 0, 0, false, "past", "purchase", "attributed"),
        ("usd", 20_00, 5_00, 0, false, "future", "purchase", "attributed"),
        ("usd", 30_00, 0, 4_00, false, "past", "purchase", "attributed"),
        ("usd", 40_00, 0, 0, true, "past", "purchase", "attributed"),
        ("usd", 8_00, 8_00, 0, false, "past", "purchase", "reversed"),
        ("usd", 0, 0, 0, false, "past", "signup", "attributed"),
        ("jpy", 700, 0, 0, false, "past", "purchase", "attributed"),
    ];
    for (number, (currency, commission, back, held, paid, release, kind, status)) in
        rows.into_iter().enumerate()
    {
        sqlx::query(
            "INSERT INTO conversions (project_id, livemode, payment_key, type, source, status, currency, affiliate_id,
                                      commission_minor, clawed_back_minor, held_minor, paid, occurred_at, release_at)
             VALUES ($1, FALSE, $2, $3, 'stripe', $4, $5, $6, $7, $8, $9, $10, now(), $11)",
        )
        .bind(project.realm.project.0)
        .bind(format!("in_{number}"))
        .bind(kind)
        .bind(status)
        .bind(currency)
        .bind(ann)
        .bind(i64::from(commission))
        .bind(i64::from(back))
        .bind(i64::from(held))
        .bind(paid)
        .bind(if release == "past" { Utc::now() - TimeDelta::days(1) } else { "2099-01-02T03:04:05Z".parse().unwrap() })
        .execute(&pool)
        .await
        .unwrap();
    }
    // What is paid is the ledger's to tell.
    sqlx::query(
        "INSERT INTO ledger_entries (project_id, livemode, conversion_id, affiliate_id, currency, from_account, to_account,
                                     amount_minor, cause)
         SELECT project_id, livemode, id, affiliate_id, currency, 'payable', 'paid', commission_minor, 'test'
         FROM conversions WHERE paid",
    )
    .execute(&pool)
    .await
    .unwrap();
    let shown = api.get(&project, &at("ann@example.com")).send().await.data(200).clone();
    assert_eq!(shown["total_earnings"], "95.00");
    assert_eq!(shown["unpaid_earnings"], "55.00");
    assert_eq!(shown["held_earnings"], "19.00", "15 before their release, 4 in dispute");
    assert_eq!(shown["eligible_earnings"], "36.00");
    assert_eq!(shown["purchases"], 5);
    assert_eq!(shown["currency"], "usd");
    assert_eq!(shown["next_release_date"], "2099-01-02T03:04:05.000Z");
    let yen = json!({"currency": "jpy", "unpaid_earnings": "700", "total_earnings": "700",
                     "eligible_earnings": "700", "held_earnings": "0", "next_release_date": null});
    assert_eq!(shown["earnings"].as_array().unwrap().len(), 2);
    assert_eq!(shown["earnings"][0], yen);
    assert_eq!(shown["earnings"][1]["total_earnings"], "95.00");
    let listed = api.get(&project, PATH).send().await;
    let by_email = |email: &str| {
        listed.data(200).as_array().unwrap().iter().find(|row| row["user_email"] == email).cloned().unwrap()
    };
    assert_eq!(by_email("ann@example.com"), shown);
    assert_eq!(by_email("idle@example.com")["total_earnings"], "0.00");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_payment_that_waits_for_a_code_finds_it(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let _worker = settle_for(&pool, &project, 0).await;
    let sale = sale(1, "LATE", Utc::now() - TimeDelta::hours(1));
    let sent = api.post_webhook(project.realm.project, TEST_SECRET, sale.invoice_paid().as_bytes()).await;
    assert_eq!(sent.status(), 200);
    settled(&pool).await;
    post(&api, &project, &json!({"email": "late@example.org", "referral_code": "late"})).await.data(201);
    settled(&pool).await;
    let shown = api.get(&project, &at("late@example.org")).send().await.data(200).clone();
    assert_eq!((&shown["total_earnings"], &shown["eligible_earnings"]), (&json!("9.80"), &json!("9.80")));
    assert_eq!((&shown["signups"], &shown["purchases"]), (&json!(1), &json!(1)));
}

#[sqlx::test(migrations = "../migrations")]
async fn an_old_code_keeps_earning_and_a_closed_affiliates_code_does_not(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let _worker = settle_for(&pool, &project, 30).await;
    post(&api, &project, &json!({"email": "ann@example.org", "referral_code": "OLD"})).await.data(201);
    api.put(&project, &at("ann@example.org"), r#"{"referral_code": "NEW"}"#).send().await.data(200);
    let pay = async |number: u64, code: &str, at: DateTime<Utc>| {
        let body = sale(number, code, at).invoice_paid();
        let sent = api.post_webhook(project.realm.project, TEST_SECRET, body.as_bytes()).await;
        assert_eq!(sent.status(), 200);
        settled(&pool).await;
    };
    pay(1, "old", Utc::now()).await;
    pay(2, "new", Utc::now()).await;
    let shown = api.get(&project, &at("ann@example.org")).send().await.data(200).clone();
    assert_eq!((&shown["total_earnings"], &shown["held_earnings"]), (&json!("19.60"), &json!("19.60")));
    let closed = api.delete(&project, &at("ann@example.org")).send().await.data(200).clone();
    assert_eq!(closed["total_earnings"], "19.60");
    pay(3, "NEW", Utc::now() + TimeDelta::minutes(1)).await;
    let statuses: Vec<String> =
        sqlx::query_scalar("SELECT status FROM conversions ORDER BY id").fetch_all(&pool).await.unwrap();
    assert_eq!(statuses, ["attributed", "attributed", "unattributed"]);
    // Closed, it is still owed; open again, it earns again.
    let listed = api.get(&project, &format!("{PATH}?status=closed")).send().await.data(200)[0].clone();
    assert_eq!((&listed["id"], &listed["unpaid_earnings"]), (&closed["id"], &json!("19.60")));
    let back = post(&api, &project, &json!({"email": "ann@example.org"})).await.data(201).clone();
    assert_eq!((&back["id"], &back["total_earnings"]), (&closed["id"], &json!("19.60")));
    settled(&pool).await;
    pay(4, "new", Utc::now() + TimeDelta::minutes(1)).await;
    let statuses: Vec<String> =
        sqlx::query_scalar("SELECT status FROM conversions ORDER BY id").fetch_all(&pool).await.unwrap();
    assert_eq!(statuses[3..], ["attributed"]);
}
