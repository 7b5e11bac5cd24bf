//! Sums of days and months are what they add up, whatever happened and however far they are behind.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests stop at the first surprise")]

#[path = "rollups/naive.rs"]
mod naive;
#[path = "rollups/world.rs"]
mod world;

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{AffiliateId, Mode, ProjectId, Realm};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, raw_sql};
use std::collections::BTreeMap;
use store::page::Page;
use store::rollups::roll_up;
use store::statements::{self, Period, Statement};
use store::statistics::{self, Interval, Series, Span};
use store::{PgConnection, PgPool, affiliates, verification};

const REALM: Realm = Realm { project: ProjectId(1), mode: Mode::Test };
const AFFILIATES: [AffiliateId; 3] = [AffiliateId(1), AffiliateId(2), AffiliateId(3)];

async fn add_all(connection: &mut PgConnection) {
    while roll_up(connection, 7).await.unwrap() > 0 {}
}

/// Stretches whose ends lie within days, at their ends, and where months meet.
fn span() -> impl Strategy<Value = Span> {
    let hours =
        |range| (range, any::<bool>()).prop_map(|(day, within)| day * 24 + if within { 7 } else { 0 });
    (hours(0..70_i64), hours(0..70), prop::sample::select(Interval::ALL.to_vec())).prop_map(
        |(one, other, interval)| Span {
            from: world::time(one.min(other)),
            before: world::time(one.max(other) + 1),
            interval,
        },
    )
}

async fn told(connection: &mut PgConnection, span: Span) -> naive::Told {
    let page = Page { limit: 10, offset: 0, after: None, may_stop: false };
    let (ranked, total) = statistics::ranking(connection, REALM, span, None, &page).await.unwrap();
    let mut each = statistics::of_each(connection, REALM, span, &AFFILIATES).await.unwrap();
    let all = statistics::of_all(connection, REALM, span).await.unwrap();
    each.retain(|_, series| !series.is_empty());
    naive::Told { ranked: ranked.rows.iter().map(|row| row.id).collect(), total, all, each }
}

/// Of the account and of its latest line: opening and closing balance and what of the latter is held, by currency.
async fn account(
    connection: &mut PgConnection,
    affiliate: AffiliateId,
    span: Span,
) -> Vec<(String, i64, i64, i64)> {
    let period = Period { from: Some(span.from), before: Some(span.before) };
    let statements = statements::of(connection, affiliate, None, period).await.unwrap();
    let latest = statements::latest(connection, affiliate, period, 1).await.unwrap();
    let ends = |statement: &Statement| {
        (statement.currency.to_string(), statement.closing.minor, statement.closing_held.minor)
    };
    assert!(statements.iter().map(ends).eq(latest.statements.iter().map(ends)));
    let told = statements.iter().map(|statement| {
        let moved: i64 = statement.lines.iter().map(|line| line.amount.minor).sum();
        assert_eq!(statement.opening.minor + moved, statement.closing.minor);
        let (currency, closing, held) = ends(statement);
        (currency, statement.opening.minor, closing, held)
    });
    told.collect()
}

/// Histories are told in rounds; after each, figures are compared with what all rows come to, sums that are behind included.
#[sqlx::test(migrations = "../../migrations")]
async fn figures_are_what_all_rows_come_to_whatever_happened(pool: PgPool) {
    let mut runner = TestRunner::deterministic();
    let mut connection = pool.acquire().await.unwrap();
    raw_sql(world::BEGINNING).execute(&mut *connection).await.unwrap();
    let mut lively = 0;
    for round in 0..60 {
        let acts = prop::collection::vec(world::act(), 1..12).new_tree(&mut runner).unwrap().current();
        for act in &acts {
            raw_sql(AssertSqlSafe(act.clone())).execute(&mut *connection).await.unwrap();
        }
        // No figure depends on where somebody is.
        let zone = ["UTC", "Asia/Tokyo", "America/Los_Angeles"][round % 3];
        raw_sql(AssertSqlSafe(format!("SET TIME ZONE '{zone}'"))).execute(&mut *connection).await.unwrap();
        // Some rounds leave all of it for later, some a part.
        let most = [0, 3, 1_000][round % 3];
        roll_up(&mut connection, most).await.unwrap();
        for _ in 0..6 {
            let span = span().new_tree(&mut runner).unwrap().current();
            let told = told(&mut connection, span).await;
            assert_eq!(told, naive::told(&mut connection, span).await, "{acts:?}");
            lively += usize::from(told.each.len() == AFFILIATES.len());
            for affiliate in AFFILIATES {
                let naive = naive::account(&mut connection, affiliate, span).await;
                assert_eq!(account(&mut connection, affiliate, span).await, naive, "{acts:?}");
            }
        }
        let now = world::time(24 * 40);
        let figures = affiliates::figures(&mut connection, &AFFILIATES, now).await.unwrap();
        assert_eq!(figures, naive::figures(&mut connection, &AFFILIATES, now).await, "{acts:?}");
        let balances = statements::balances(&mut connection, &AFFILIATES).await.unwrap();
        assert_eq!(balances, naive::balances(&mut connection, &AFFILIATES).await, "{acts:?}");
        assert_eq!(wrong_sums(&mut connection).await, Vec::<String>::new(), "{acts:?}");
    }
    assert!(lively > 100, "in {lively} of 360 stretches all affiliates brought something");
    add_all(&mut connection).await;
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM rollup_deltas").fetch_one(&mut *connection).await.unwrap();
    assert_eq!(left, 0);
    assert_eq!(wrong_sums(&mut connection).await, Vec::<String>::new());
}

/// What `verify` finds of sums.
async fn wrong_sums(connection: &mut PgConnection) -> Vec<String> {
    let findings = verification::verify(connection, None).await.unwrap();
    let of_sums = findings.into_iter().filter(|finding| finding.rule.starts_with("the sums of"));
    of_sums.flat_map(|finding| finding.examples).collect()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_sum_that_is_wrong_is_found_and_added_up_anew(pool: PgPool) {
    let mut connection = pool.acquire().await.unwrap();
    raw_sql(world::BEGINNING).execute(&mut *connection).await.unwrap();
    let day = "INSERT INTO clicks (project_id, livemode, affiliate_id, click_id, code, occurred_at)
               VALUES (1, FALSE, 2, 'clk_1', 'TWO', '2026-02-03T10:00:00Z')";
    raw_sql(day).execute(&mut *connection).await.unwrap();
    add_all(&mut connection).await;
    for (changed, found) in [
        (
            "affiliate_id = 2 AND unit = 'day'",
            &["affiliate 2, day 2026-02-03", "all affiliates, day 2026-02-03"][..],
        ),
        ("affiliate_id = 2 AND unit = 'month'", &["affiliate 2, month 2026-02-01"]),
        ("affiliate_id = 0 AND unit = 'day'", &["all affiliates, day 2026-02-03"]),
        ("affiliate_id = 0 AND unit = 'month'", &["all affiliates, month 2026-02-01"]),
    ] {
        let change = format!("UPDATE rollups SET clicks = clicks + 1 WHERE {changed}");
        raw_sql(AssertSqlSafe(change)).execute(&mut *connection).await.unwrap();
        let wrong = wrong_sums(&mut connection).await;
        for example in found {
            assert!(wrong.iter().any(|wrong| wrong == example), "{changed}: {wrong:?}");
        }
        raw_sql("SELECT rebuild_rollups()").execute(&mut *connection).await.unwrap();
        assert_eq!(wrong_sums(&mut connection).await, Vec::<String>::new());
    }
}

/// Two who add, one who adds up anew, and four who write, in transactions that stay open for a while: nothing is added twice, and nothing
/// is left out, at any moment.
#[sqlx::test(migrations = "../../migrations")]
async fn several_add_while_others_write(_: PgPoolOptions, options: PgConnectOptions) {
    let pool = PgPoolOptions::new().max_connections(8).connect_with(options).await.unwrap();
    raw_sql(world::BEGINNING).execute(&pool).await.unwrap();
    let write = async |writer: i64| {
        let mut connection = pool.acquire().await.unwrap();
        for number in 0..40 {
            let (affiliate, at) = (1 + number % 3, world::time(number % 5 * 24));
            let acts = format!(
                "BEGIN;
                 INSERT INTO clicks (project_id, livemode, affiliate_id, click_id, code, occurred_at)
                 VALUES (1, FALSE, {affiliate}, 'clk_{writer}_{number}', 'ONE', '{at}');
                 INSERT INTO clicks (project_id, livemode, affiliate_id, click_id, code, occurred_at)
                 VALUES (1, FALSE, {affiliate}, 'clk_{writer}_{number}', 'ONE', '{at}') ON CONFLICT DO NOTHING;
                 INSERT INTO conversions (project_id, livemode, payment_key, type, source, status, affiliate_id, currency,
                                          base_minor, commission_minor, occurred_at)
                 VALUES (1, FALSE, 'in_{writer}_{number}', 'purchase', 'stripe', 'attributed', {affiliate}, 'usd', 5, 1, '{at}');
                 SELECT pg_sleep(0.002);
                 UPDATE conversions SET commission_minor = 2, affiliate_id = 1 WHERE payment_key = 'in_{writer}_{number}';
                 COMMIT"
            );
            raw_sql(AssertSqlSafe(acts)).execute(&mut *connection).await.unwrap();
        }
    };
    let add = async || {
        let mut connection = pool.acquire().await.unwrap();
        for _ in 0..60 {
            roll_up(&mut connection, 5).await.unwrap();
        }
    };
    let rebuild = async {
        let mut connection = pool.acquire().await.unwrap();
        for _ in 0..20 {
            raw_sql("SELECT rebuild_rollups()").execute(&mut *connection).await.unwrap();
        }
    };
    let look = async {
        for _ in 0..20 {
            let mut snapshot = store::snapshot(&pool).await.unwrap();
            assert_eq!(wrong_sums(&mut snapshot).await, Vec::<String>::new());
        }
    };
    tokio::join!(write(0), write(1), write(2), write(3), add(), add(), rebuild, look);
    let mut connection = pool.acquire().await.unwrap();
    let span = Span { from: world::time(0), before: world::time(24 * 9), interval: Interval::Month };
    let sums = |series: &Series| {
        let amounts = series.values().flat_map(|activity| activity.amounts.values());
        (
            series.values().map(|activity| activity.clicks).sum::<i64>(),
            amounts.map(|amounts| amounts.value).sum(),
        )
    };
    assert_eq!(sums(&statistics::of_all(&mut connection, REALM, span).await.unwrap()), (160, 320));
    add_all(&mut connection).await;
    assert_eq!(sums(&statistics::of_all(&mut connection, REALM, span).await.unwrap()), (160, 320));
    assert_eq!(wrong_sums(&mut connection).await, Vec::<String>::new());
}

/// Ten thousand conversions of one affiliate are read as the months that they lie in.
#[sqlx::test(migrations = "../../migrations")]
async fn a_long_history_is_read_as_its_months(pool: PgPool) {
    raw_sql(world::BEGINNING).execute(&pool).await.unwrap();
    let many = "INSERT INTO conversions (project_id, livemode, payment_key, type, source, status, affiliate_id, currency, base_minor,
                                         commission_minor, occurred_at, release_at)
                SELECT 1, FALSE, 'in_' || n, 'purchase', 'stripe', 'attributed', 1, 'usd', 100, 20, at, at + INTERVAL '30 days'
                FROM (SELECT n, '2024-01-01T00:00:00Z'::TIMESTAMPTZ + n * INTERVAL '1 hour' AS at FROM generate_series(1, 10000) n) s";
    raw_sql(many).execute(&pool).await.unwrap();
    let mut transaction = pool.begin().await.unwrap();
    while roll_up(&mut transaction, 1_000).await.unwrap() > 0 {}
    transaction.commit().await.unwrap();

    let mut transaction = pool.begin().await.unwrap();
    let before = read(&mut transaction).await;
    let now: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
    let figures = affiliates::figures(&mut transaction, &AFFILIATES, now).await.unwrap();
    assert_eq!(figures.get(&AffiliateId(1)).unwrap().earnings.first().unwrap().total.minor, 200_000);
    let after_figures = read(&mut transaction).await;
    assert!((14..500).contains(&(after_figures - before)), "figures read {} rows", after_figures - before);
    let span = Span { from: now - TimeDelta::days(3_650), before: now, interval: Interval::Month };
    let series: BTreeMap<_, _> =
        statistics::of_each(&mut transaction, REALM, span, &AFFILIATES).await.unwrap();
    assert_eq!(series.get(&AffiliateId(1)).unwrap().len(), 14);
    let after_series = read(&mut transaction).await;
    assert!(
        (14..500).contains(&(after_series - after_figures)),
        "series read {} rows",
        after_series - after_figures
    );
}

/// Sums of many others are not read, though nothing is known of the table yet.
#[sqlx::test(migrations = "../../migrations")]
async fn one_affiliates_sums_are_read_without_those_of_others(pool: PgPool) {
    raw_sql(world::BEGINNING).execute(&pool).await.unwrap();
    let many =
        "INSERT INTO rollups SELECT 1, FALSE, unit, CASE WHEN n = 0 THEN 1 ELSE 1000 + n END, day::DATE, 'usd', 0, 0, 1, 1, 5, 1, 0, 0, 1, 1, 0, 0, 0
                FROM (VALUES ('day'), ('month')) u (unit), generate_series(0, 300) n,
                     generate_series('2025-01-01'::TIMESTAMP, '2025-05-01', '1 month') AS day";
    raw_sql(many).execute(&pool).await.unwrap();
    let mut transaction = pool.begin().await.unwrap();
    let span = Span {
        from: "2025-01-01T00:00:00Z".parse().unwrap(),
        before: "2025-04-02T09:00:00Z".parse().unwrap(),
        interval: Interval::Week,
    };
    let before = read(&mut transaction).await;
    let series = statistics::of_each(&mut transaction, REALM, span, &AFFILIATES[..1]).await.unwrap();
    assert_eq!(series.get(&AFFILIATES[0]).unwrap().len(), 4);
    let now = read(&mut transaction).await;
    assert!((4..60).contains(&(now - before)), "series read {} rows", now - before);
    assert_eq!(statements::balances(&mut transaction, &AFFILIATES[..1]).await.unwrap()[0].earned, 5);
    let balances = read(&mut transaction).await - now;
    assert!((5..60).contains(&balances), "balances read {balances} rows");
}

/// Rows that this session has read since it last told of them: of two looks the difference counts.
async fn read(connection: &mut PgConnection) -> i64 {
    let read =
        "SELECT sum(pg_stat_get_xact_tuples_fetched(oid) + pg_stat_get_xact_tuples_returned(oid))::BIGINT
                FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    sqlx::query_scalar(read).fetch_one(connection).await.unwrap()
}
