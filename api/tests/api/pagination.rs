//! Every list, by offset and by cursor, with each of its filters.

use crate::document::operations;
use crate::support::{Api, Project, project, start, with_key};
use domain::ids::{Mode, Realm};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use store::PgPool;

/// Rows of each kind; more than every default limit.
const ROWS: i64 = 60;

/// A query, and the rows that it lets through.
pub(crate) type Filter = (&'static str, fn(&Value) -> bool);

pub(crate) struct List {
    pub(crate) path: &'static str,
    /// As docs/API.md says (Conventions, Pages).
    default_limit: i64,
    max_limit: i64,
    /// Whether it knows cursors.
    pub(crate) cursors: bool,
    /// Each filter.
    pub(crate) filters: &'static [Filter],
}

pub(crate) const LISTS: [List; 13] = [
    List {
        path: "/api/v1/payouts",
        default_limit: 50,
        max_limit: 500,
        cursors: true,
        filters: &[
            ("status=open", |row| row["status"] == "open"),
            ("affiliate=2%40example.com", |row| row["affiliate_id"] == 2),
            ("currency=EUR", |row| row["currency"] == "eur"),
            ("from=2026-03-10", |row| row["created_at"].as_str().unwrap() >= "2026-03-10"),
            ("to=2026-03-10", |row| row["created_at"].as_str().unwrap() < "2026-03-11"),
        ],
    },
    List {
        path: "/api/v1/dead-letters",
        default_limit: 50,
        max_limit: 500,
        cursors: true,
        filters: &[
            ("reason=NO+customer", |row| row["reason"].as_str().unwrap().contains("no customer")),
            ("source=stripe", |row| row["source"] == "stripe"),
            ("to=2026-03-10", |row| row["created_at"].as_str().unwrap() < "2026-03-11"),
        ],
    },
    List {
        path: "/api/v1/received-events",
        default_limit: 50,
        max_limit: 500,
        cursors: true,
        filters: &[
            ("event_id=evt_7", |row| row["event_id"] == "evt_7"),
            ("type=invoice.paid", |row| row["type"] == "invoice.paid"),
            ("source=api", |row| row["source"] == "api"),
            ("outcome=settled", |row| row["ignored"].is_null()),
            ("outcome=ignored&type=invoice.paid", |row| {
                row["outcome"] == "ignored" && row["type"] == "invoice.paid"
            }),
        ],
    },
    List {
        path: "/api/v1/decisions",
        default_limit: 50,
        max_limit: 500,
        cursors: true,
        filters: &[("subject=in_2", |row| row["subject"] == "in_2")],
    },
    List { path: "/api/v1/acts", default_limit: 50, max_limit: 500, cursors: true, filters: &[] },
    List { path: "/api/v1/keys", default_limit: 50, max_limit: 500, cursors: true, filters: &[] },
    List {
        path: "/api/v1/affiliates",
        default_limit: 20,
        max_limit: 500,
        cursors: true,
        filters: &[
            ("status=active", |row| row["status"] == "active"),
            ("status=inactive", |row| row["status"] == "inactive"),
        ],
    },
    List {
        path: "/api/v1/referrals",
        default_limit: 20,
        max_limit: 500,
        cursors: true,
        filters: &[
            ("affiliate_id=1", |row| row["affiliate_id"] == 1),
            ("status=pending", |row| row["conversion_status"] == "pending"),
            ("status=direct_signup", |row| row["conversion_status"] == "direct_signup"),
        ],
    },
    List {
        path: "/api/v1/coupons",
        default_limit: 50,
        max_limit: 500,
        cursors: true,
        filters: &[
            ("affiliate_id=2", |row| row["affiliate_id"] == 2),
            ("status=inactive", |row| row["status"] == "inactive"),
            ("coupon_code=sAVE_1", |row| row["coupon_code"].as_str().unwrap().contains("SAVE_1")),
        ],
    },
    List {
        path: "/api/v1/conversions",
        default_limit: 50,
        max_limit: 500,
        cursors: true,
        filters: &[
            ("affiliate_id=1", |row| row["affiliate_id"] == 1),
            ("type=signup", |row| row["type"] == "signup"),
            ("paid=true", |row| row["paid"] == true),
            ("paid=false", |row| row["paid"] == false),
            ("status=reversed", |row| row["status"] == "reversed"),
            ("from=2026-03-10", |row| row["created_at"].as_str().unwrap() >= "2026-03-10"),
            ("to=2026-03-10", |row| row["created_at"].as_str().unwrap() < "2026-03-11"),
            ("from=2026-03-05T01:00:00%2B01:00&to=2026-03-07T00:00:00Z", |row| {
                ("2026-03-05".."2026-03-07T00:00:00.001Z").contains(&row["created_at"].as_str().unwrap())
            }),
        ],
    },
    List {
        path: "/api/v1/webhook-endpoints",
        default_limit: 50,
        max_limit: 500,
        cursors: true,
        filters: &[],
    },
    List {
        path: "/api/v1/webhook-endpoints/1/deliveries",
        default_limit: 50,
        max_limit: 500,
        cursors: true,
        filters: &[
            ("status=parked", |row| row["status"] == "parked"),
            ("event=payout_paid", |row| row["event"] == "payout_paid"),
            ("from=2026-03-10", |row| row["created_at"].as_str().unwrap() >= "2026-03-10"),
            ("to=2026-03-10", |row| row["created_at"].as_str().unwrap() < "2026-03-11"),
        ],
    },
    List {
        path: "/api/v1/statistics",
        default_limit: 20,
        max_limit: 100,
        cursors: false,
        filters: &[
            ("affiliate_id=3", |row| row["affiliate_id"] == 3),
            ("from=2026-03-10", |row| has_within(row, 9..20)),
            ("to=2026-03-10", |row| has_within(row, 0..10)),
            ("interval=week", |_| true),
        ],
    },
];

/// Whether an affiliate has a click on one of these days of March, or a referral: those two have them on all.
fn has_within(row: &Value, days: std::ops::Range<i64>) -> bool {
    let id = id(row);
    id <= 2 || days.contains(&((id - 1) % 20))
}

/// Of each kind [`ROWS`], three at a time in one moment of March 2026.
pub(crate) async fn enter(pool: &PgPool, owner: &Project) {
    let at = "'2026-03-01Z'::timestamptz + (n - 1) % 20 * INTERVAL '1 day'";
    // Of what is listed in the order of writing.
    let in_order = "'2026-03-01Z'::timestamptz + (n - 1) / 3 * INTERVAL '1 day'";
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "INSERT INTO affiliates (project_id, livemode, user_email, email_normalised, referral_code, status, created_at)
         SELECT {project}, FALSE, n || '@example.com', n || '@example.com', 'CODE' || n,
                CASE WHEN n % 4 = 0 THEN 'inactive' ELSE 'active' END, {at} FROM generate_series(1, {ROWS}) n;
         INSERT INTO customers (project_id, livemode, cluster_id, anchor, user_email, status, affiliate_id, first_seen_at)
         SELECT {project}, FALSE, n, n, n || '@example.com',
                CASE WHEN n % 3 = 0 THEN 'pending' ELSE 'direct_signup' END,
                CASE WHEN n % 3 = 0 THEN n % 2 + 1 END, {at} FROM generate_series(1, {ROWS}) n;
         INSERT INTO coupons (project_id, livemode, affiliate_id, coupon_code, code_folded, status, created_at)
         SELECT {project}, FALSE, n % 3 + 1, CASE WHEN n % 2 = 0 THEN 'SAVE_' ELSE 'SAVE-' END || n,
                CASE WHEN n % 2 = 0 THEN 'save_' ELSE 'save-' END || n,
                CASE WHEN n % 4 = 0 THEN 'inactive' ELSE 'active' END, {at} FROM generate_series(1, {ROWS}) n;
         INSERT INTO conversions (project_id, livemode, payment_key, type, source, status, currency, affiliate_id, paid,
                                  occurred_at)
         SELECT {project}, FALSE, 'in_' || n, CASE WHEN n % 5 = 0 THEN 'signup' ELSE 'purchase' END, 'stripe',
                CASE WHEN n % 7 = 0 THEN 'reversed' ELSE 'unattributed' END, 'usd',
                CASE WHEN n % 6 = 0 THEN 1 END, n % 3 = 0, {at} FROM generate_series(1, {ROWS}) n;
         INSERT INTO webhook_endpoints (project_id, livemode, url, events, created_at)
         SELECT {project}, FALSE, 'https://' || n || '.example', '{{*}}', {at} FROM generate_series(1, {ROWS}) n;
         INSERT INTO webhook_deliveries (endpoint_id, notification_id, sequence, event, status, due_since, next_attempt_at,
                                         created_at)
         SELECT 1, n, n, CASE WHEN n % 2 = 0 THEN 'payout_paid' ELSE 'payout_created' END,
                CASE WHEN n % 3 = 0 THEN 'parked' ELSE 'failed' END, now(), now(),
                {in_order} FROM generate_series(1, {ROWS}) n;
         INSERT INTO payout_batches (project_id, livemode, idempotency_key, request, as_of, carried_over, actor)
         SELECT {project}, FALSE, 'batch-' || n, '{{}}', now(), '[]', 'test' FROM generate_series(1, {ROWS}) n;
         INSERT INTO payouts (batch_id, project_id, livemode, affiliate_id, currency, amount_minor, items_sha256, created_at)
         SELECT n, {project}, FALSE, n % 3 + 1, CASE WHEN n % 2 = 0 THEN 'eur' ELSE 'usd' END, 100, '', {at}
         FROM generate_series(1, {ROWS}) n;
         INSERT INTO payout_items (payout_id, conversion_id, affiliate_id, currency, amount_minor)
         SELECT id, id, affiliate_id, currency, 100 FROM payouts;
         INSERT INTO dead_letters (queue, project_id, livemode, headers, body, attempt, reason, died_at)
         SELECT 'tributary', {project}, FALSE, jsonb_build_object('source', CASE WHEN n % 3 = 0 THEN 'stripe' ELSE 'api' END), '', 1,
                CASE WHEN n % 2 = 0 THEN 'no customer' ELSE 'no JSON' END, {at} FROM generate_series(1, {ROWS}) n;
         INSERT INTO events (project_id, livemode, event_id, source, event_type, occurred_at, received_at, settled_at, ignored,
                             body_sha256, body)
         SELECT {project}, FALSE, 'evt_' || n, CASE WHEN n % 3 = 0 THEN 'api' ELSE 'stripe' END,
                CASE WHEN n % 2 = 0 THEN 'invoice.paid' ELSE 'charge.succeeded' END, now(), now(), {in_order},
                CASE WHEN n % 4 = 0 THEN 'nothing to do' END, '', '' FROM generate_series(1, {ROWS}) n;
         INSERT INTO decisions (project_id, livemode, kind, subject, decided, actor, reason, decided_at)
         SELECT {project}, FALSE, 'verdict', 'in_' || n % 5, 'hold', 'test', 'checked', {in_order} FROM generate_series(1, {ROWS}) n;
         INSERT INTO acts (at, actor, project_id, livemode, what, subject)
         SELECT {in_order}, 'ada', {project}, FALSE, 'key revoked', n::text FROM generate_series(1, {ROWS}) n;
         INSERT INTO api_keys (project_id, livemode, name, prefix, sha256, created_at)
         SELECT {project}, FALSE, 'key ' || n, 'rgk_' || n, sha256(n::text::bytea), {at} FROM generate_series(2, {ROWS}) n;
         INSERT INTO clicks (project_id, livemode, affiliate_id, click_id, code, occurred_at)
         SELECT {project}, FALSE, n, 'click-' || n, 'CODE' || n, {at} FROM generate_series(1, {ROWS}) n",
        project = owner.realm.project,
    )))
    .execute(pool)
    .await
    .unwrap();
}

/// One row more of each kind, younger than all.
async fn enter_newcomer(pool: &PgPool, owner: &Project, number: i64) {
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "INSERT INTO affiliates (project_id, livemode, user_email, email_normalised, referral_code)
         VALUES ({project}, FALSE, 'new-{number}', 'new-{number}', 'NEW-{number}');
         INSERT INTO customers (project_id, livemode, cluster_id, anchor, user_email, status, first_seen_at)
         VALUES ({project}, FALSE, 1000 + {number}, 'new-{number}', 'new', 'direct', now());
         INSERT INTO coupons (project_id, livemode, affiliate_id, coupon_code, code_folded)
         VALUES ({project}, FALSE, 1, 'NEW-{number}', 'new-{number}');
         INSERT INTO webhook_endpoints (project_id, livemode, url, events)
         VALUES ({project}, FALSE, 'https://new.example', '{{*}}');
         INSERT INTO webhook_deliveries (endpoint_id, notification_id, sequence, event, status, due_since, next_attempt_at,
                                         created_at)
         VALUES (1, 1000 + {number}, 1000 + {number}, 'payout_paid', 'failed', now(), now(), now());
         INSERT INTO conversions (project_id, livemode, payment_key, type, source, status, currency, occurred_at)
         VALUES ({project}, FALSE, 'in_new{number}', 'purchase', 'stripe', 'unattributed', 'usd', now());
         INSERT INTO payout_batches (project_id, livemode, idempotency_key, request, as_of, carried_over, actor)
         VALUES ({project}, FALSE, 'new-{number}', '{{}}', now(), '[]', 'test');
         INSERT INTO payouts (batch_id, project_id, livemode, affiliate_id, currency, amount_minor, items_sha256)
         SELECT max(id), {project}, FALSE, 1, 'usd', 100, '' FROM payout_batches;
         INSERT INTO payout_items (payout_id, conversion_id, affiliate_id, currency, amount_minor)
         SELECT max(id), (SELECT max(id) FROM conversions), 1, 'usd', 100 FROM payouts;
         INSERT INTO dead_letters (queue, project_id, livemode, headers, body, attempt, reason)
         VALUES ('tributary', {project}, FALSE, '{{}}', '', 1, 'new');
         INSERT INTO events (project_id, livemode, event_id, source, event_type, occurred_at, received_at, body_sha256, body)
         VALUES ({project}, FALSE, 'evt_new{number}', 'stripe', 'invoice.paid', now(), now(), '', '');
         INSERT INTO decisions (project_id, livemode, kind, subject, decided, actor, reason, decided_at)
         VALUES ({project}, FALSE, 'verdict', 'in_new', 'hold', 'test', 'new', now());
         INSERT INTO acts (at, actor, project_id, livemode, what, subject)
         VALUES (now(), 'ada', {project}, FALSE, 'key revoked', 'new');
         INSERT INTO api_keys (project_id, livemode, name, prefix, sha256)
         VALUES ({project}, FALSE, 'new', 'rgk_new', sha256('new-{number}'))",
        project = owner.realm.project,
    )))
    .execute(pool)
    .await
    .unwrap();
}

struct Page {
    rows: Vec<Value>,
    pagination: Value,
}

impl Page {
    fn ids(&self) -> Vec<i64> {
        self.rows.iter().map(id).collect()
    }
}

fn id(row: &Value) -> i64 {
    row.get("id").or_else(|| row.get("affiliate_id")).unwrap().as_i64().unwrap()
}

impl List {
    /// The list with a query of its own; statistics begin when the rows do.
    fn asked(&self, query: &str) -> String {
        let span = |name: &str, day: &str| {
            let is_said = self.cursors || query.contains(&format!("{name}="));
            if is_said { String::new() } else { format!("&{name}={day}") }
        };
        format!("{}?{query}{}{}", self.path, span("from", "2026-03-01"), span("to", "2026-03-31"))
    }

    async fn page(&self, api: &Api, owner: &Project, query: &str) -> Page {
        let answer = api.get(owner, &self.asked(query)).send().await;
        let data = answer.data(200);
        let rows = data.as_array().or_else(|| data["affiliates"].as_array()).unwrap();
        Page { rows: rows.clone(), pagination: answer.body["pagination"].clone() }
    }

    /// All rows, page after page by offset; each page tells its place.
    async fn by_offset(&self, api: &Api, owner: &Project, filter: &str) -> Vec<i64> {
        let mut ids: Vec<i64> = Vec::new();
        let total = self.page(api, owner, &format!("{filter}&limit=1")).await.pagination["total"].clone();
        loop {
            let query = format!("{filter}&limit=7&offset={}", ids.len());
            let page = self.page(api, owner, &query).await;
            let place = (&page.pagination["limit"], &page.pagination["offset"], &page.pagination["total"]);
            assert_eq!(place, (&json!(7), &json!(ids.len()), &total), "{}?{query}", self.path);
            ids.extend(page.ids());
            assert_eq!(page.pagination["has_more"], json!(json!(ids.len()) != total));
            if page.pagination["has_more"] == false {
                assert_eq!(page.pagination["next_cursor"], Value::Null);
                return ids;
            }
        }
    }

    /// All rows, page after page by cursor; between the pages something happens.
    async fn by_cursor(
        &self,
        api: &Api,
        owner: &Project,
        filter: &str,
        between: impl AsyncFn(i64),
    ) -> Vec<i64> {
        let mut page = self.page(api, owner, &format!("{filter}&limit=7")).await;
        let mut ids = page.ids();
        let mut pages = 0;
        while let Some(cursor) = page.pagination["next_cursor"].as_str() {
            assert_eq!(page.pagination["has_more"], true);
            pages += 1;
            between(pages).await;
            page = self.page(api, owner, &format!("{filter}&limit=7&cursor={cursor}")).await;
            assert_eq!(page.pagination["total"], Value::Null);
            ids.extend(page.ids());
        }
        assert_eq!(page.pagination["has_more"], false);
        ids
    }

    /// The order that is documented: newest first, then by id; of statistics, the two with referrals and then
    /// the others, all having one click, by id.
    fn sort(&self, rows: &mut [Value]) {
        if self.cursors {
            rows.sort_by_key(|row| (row["created_at"].as_str().unwrap().to_owned(), id(row)));
            rows.reverse();
        } else {
            rows.sort_by_key(id);
        }
    }
}

#[test]
fn every_list_and_every_filter_is_tried() {
    let documented: BTreeSet<(String, String)> = operations()
        .iter()
        // The feed goes by places in its sequence, and has tests of its own.
        .filter(|operation| operation.query().contains("limit") && operation.path != "/api/v1/events")
        .flat_map(|operation| operation.query().into_iter().map(|name| (operation.path.clone(), name)))
        .filter(|(_, name)| !["limit", "offset", "cursor"].contains(&name.as_str()))
        .collect();
    let tried = LISTS.iter().flat_map(|list| {
        let names = list.filters.iter().flat_map(|(filter, _)| filter.split('&'));
        names.map(|filter| (list.path.replace("/1/", "/{id}/"), filter.split('=').next().unwrap().to_owned()))
    });
    assert_eq!(tried.collect::<BTreeSet<_>>(), documented);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_walk_shows_every_row_once_in_order_with_every_filter(pool: PgPool) {
    let (api, owner) = (start(&pool).await, project(&pool).await);
    enter(&pool, &owner).await;
    for list in &LISTS {
        let mut all = list.page(&api, &owner, "limit=100").await.rows;
        assert_eq!(all.len(), 60, "{}", list.path);
        let shown: Vec<i64> = all.iter().map(id).collect();
        list.sort(&mut all);
        assert_eq!(shown, all.iter().map(id).collect::<Vec<_>>(), "{}", list.path);
        assert_eq!(shown.iter().collect::<BTreeSet<_>>().len(), 60);
        let everything: Filter = ("", |_| true);
        for (filter, lets_through) in list.filters.iter().chain([&everything]) {
            let expected: Vec<i64> = all.iter().filter(|row| lets_through(row)).map(id).collect();
            assert!(!expected.is_empty(), "{}?{filter}", list.path);
            assert_eq!(list.by_offset(&api, &owner, filter).await, expected, "{}?{filter}", list.path);
            if list.cursors {
                let walked = list.by_cursor(&api, &owner, filter, async |_| ()).await;
                assert_eq!(walked, expected, "{}?{filter}", list.path);
            }
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_walk_by_cursor_is_not_moved_by_what_is_entered_meanwhile(pool: PgPool) {
    let (api, owner) = (start(&pool).await, project(&pool).await);
    enter(&pool, &owner).await;
    for (number, list) in (0_i64..).zip(LISTS.iter().filter(|list| list.cursors)) {
        let expected = list.page(&api, &owner, "limit=500").await.ids();
        let between = async |page: i64| enter_newcomer(&pool, &owner, number * 100 + page).await;
        assert_eq!(list.by_cursor(&api, &owner, "", between).await, expected, "{}", list.path);
        let after = list.page(&api, &owner, "limit=500").await.ids();
        assert!(after.len() > expected.len() && after.ends_with(&expected), "{}", list.path);
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn limits_and_offsets_have_their_bounds(pool: PgPool) {
    let (api, owner) = (start(&pool).await, project(&pool).await);
    enter(&pool, &owner).await;
    for list in &LISTS {
        let rows = async |query: &str| list.page(&api, &owner, query).await;
        let first = rows("").await;
        assert_eq!(
            (first.rows.len(), &first.pagination["limit"]),
            (usize::try_from(list.default_limit).unwrap(), &json!(list.default_limit))
        );
        assert_eq!(first.pagination["offset"], 0, "{}", list.path);
        // A blank parameter is absent.
        assert_eq!(rows("limit=&offset=&cursor=").await.ids(), first.ids(), "{}", list.path);
        assert_eq!(rows("limit=1").await.ids(), first.ids()[..1]);
        assert_eq!(rows("limit=2&limit=1").await.ids(), first.ids()[..1], "the last one counts");
        let most = rows(&format!("limit={}", list.max_limit)).await;
        assert_eq!((most.rows.len(), &most.pagination["has_more"]), (60, &json!(false)));
        for offset in ["60", "61", "1000000", "9223372036854775807"] {
            let beyond = rows(&format!("offset={offset}")).await;
            assert!(beyond.rows.is_empty(), "{}", list.path);
            assert_eq!(beyond.pagination["total"], 60, "{} {offset}", list.path);
            assert_eq!(beyond.pagination["has_more"], false);
            assert_eq!(beyond.pagination["next_cursor"], Value::Null);
        }
        let too_many = format!("limit={}", list.max_limit + 1);
        for query in [
            "limit=0",
            "limit=-1",
            &too_many,
            "limit=501",
            "limit=x",
            "limit=1.5",
            "limit=1e1",
            "limit=9223372036854775808",
            "limit=%00",
            "limit=%EF%BC%91",
            "offset=-1",
            "offset=x",
            "offset=0.5",
            "offset=9223372036854775808",
        ] {
            let answer = api.get(&owner, &list.asked(query)).send().await;
            answer.error(400, "invalid_parameters");
            assert_eq!(answer.fields(), [query.split('=').next().unwrap()], "{}?{query}", list.path);
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_broken_cursor_is_refused(pool: PgPool) {
    let (api, owner) = (start(&pool).await, project(&pool).await);
    enter(&pool, &owner).await;
    for list in &LISTS {
        for cursor in [
            "x",
            "1",
            "-",
            "--",
            "1-",
            "1-x",
            "x-1",
            "1.5-1",
            "1-+1",
            "1-1-1x",
            "99999999999999999999-1",
            "1-99999999999999999999",
            "9223372036854775807-1",
            "-9223372036854775808-1",
            "-8000000000000000000-1",
            "8000000000000000000-1",
            "%00",
            "1-1%00",
            "%F0%9F%92%A9",
            "null",
            "2026-03-01",
        ] {
            let answer = api.get(&owner, &list.asked(&format!("cursor={cursor}"))).send().await;
            answer.error(400, "invalid_parameters");
            assert_eq!(answer.fields(), ["cursor"], "{} {cursor}", list.path);
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_cursor_is_of_its_own_list_in_its_project_and_mode(pool: PgPool) {
    let (api, owner) = (start(&pool).await, project(&pool).await);
    enter(&pool, &owner).await;
    let other_mode = with_key(&pool, Realm { mode: Mode::Live, ..owner.realm }).await;
    let other_project = project(&pool).await;
    let second = with_key(&pool, owner.realm).await;
    for list in LISTS.iter().filter(|list| list.cursors) {
        let page = list.page(&api, &owner, "limit=1").await;
        let cursor = page.pagination["next_cursor"].as_str().unwrap();
        let refused = async |key: &Project, list: &List, query: String| {
            let answer = api.get(key, &list.asked(&query)).send().await;
            answer.error(400, "invalid_parameters");
            answer.fields()[0].to_owned()
        };
        for stranger in [&other_mode, &other_project] {
            assert_eq!(refused(stranger, list, format!("cursor={cursor}")).await, "cursor");
        }
        for other in LISTS.iter().filter(|other| other.path != list.path) {
            assert_eq!(refused(&owner, other, format!("cursor={cursor}")).await, "cursor");
        }
        assert_eq!(refused(&owner, list, format!("cursor={cursor}&offset=1")).await, "offset");
        // Another key of the same project and mode goes on where the first one was.
        let next = list.page(&api, &second, &format!("limit=1&cursor={cursor}&offset=0")).await;
        assert_eq!(next.ids(), list.page(&api, &owner, "limit=1&offset=1").await.ids());
    }
}
