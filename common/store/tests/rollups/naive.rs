//! The same figures from every row, as SEMANTICS and the API's document have them.

use chrono::{DateTime, Utc};
use domain::ids::AffiliateId;
use domain::money::{Currency, Money};
use sqlx::FromRow;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use store::PgConnection;
use store::affiliates::{Earnings, Figures};
use store::statements::Balance;
use store::statistics::{Activity, Amounts, Series, Span};

/// What statistics say of a span.
#[derive(Debug, PartialEq)]
pub(crate) struct Told {
    pub(crate) ranked: Vec<AffiliateId>,
    pub(crate) total: i64,
    pub(crate) all: Series,
    pub(crate) each: BTreeMap<AffiliateId, Series>,
}

#[derive(FromRow)]
struct Conversion {
    id: i64,
    affiliate_id: i64,
    occurred_at: DateTime<Utc>,
    release_at: Option<DateTime<Utc>>,
    currency: String,
    is_purchase: bool,
    base_minor: i64,
    commission_minor: i64,
    clawed_back_minor: i64,
    held_minor: i64,
}

#[derive(FromRow)]
struct Paid {
    conversion_id: i64,
    affiliate_id: i64,
    currency: String,
    minor: i64,
}

async fn conversions(connection: &mut PgConnection) -> Vec<Conversion> {
    let rows = "SELECT id, affiliate_id, occurred_at, release_at, currency, type = 'purchase' AND status <> 'reversed' AS is_purchase,
                       base_minor, commission_minor, clawed_back_minor, held_minor
                FROM conversions WHERE affiliate_id IS NOT NULL AND merged_into IS NULL AND status <> 'pending'
                  AND project_id = 1 AND NOT livemode";
    sqlx::query_as(rows).fetch_all(connection).await.unwrap()
}

async fn times(connection: &mut PgConnection, of: &'static str) -> Vec<(i64, DateTime<Utc>)> {
    sqlx::query_as(of).fetch_all(connection).await.unwrap()
}

async fn clicks(connection: &mut PgConnection) -> Vec<(i64, DateTime<Utc>)> {
    times(connection, "SELECT affiliate_id, occurred_at FROM clicks WHERE project_id = 1 AND NOT livemode")
        .await
}

async fn signups(connection: &mut PgConnection) -> Vec<(i64, DateTime<Utc>)> {
    let rows =
        "SELECT affiliate_id, first_seen_at FROM customers WHERE affiliate_id IS NOT NULL AND NOT retired
                  AND project_id = 1 AND NOT livemode";
    times(connection, rows).await
}

pub(crate) async fn told(connection: &mut PgConnection, span: Span) -> Told {
    let is_in = |at: DateTime<Utc>| at >= span.from && at < span.before;
    let mut each: BTreeMap<AffiliateId, Series> = BTreeMap::new();
    let mut add = |affiliate: i64, at: DateTime<Utc>, activity: Activity| {
        if is_in(at) {
            let series = each.entry(AffiliateId(affiliate)).or_default();
            series.entry(span.interval.start(at).unwrap()).or_default().add(&activity);
        }
    };
    for (affiliate, at) in clicks(connection).await {
        add(affiliate, at, Activity { clicks: 1, ..Activity::default() });
    }
    for (affiliate, at) in signups(connection).await {
        add(affiliate, at, Activity { signups: 1, ..Activity::default() });
    }
    for row in conversions(connection).await {
        let amounts = Amounts {
            base: row.base_minor,
            value: row.commission_minor - row.clawed_back_minor,
            clawed_back: row.clawed_back_minor,
        };
        let amounts = BTreeMap::from([(Currency::stored(&row.currency).unwrap(), amounts)]);
        let purchases = i64::from(row.is_purchase);
        add(row.affiliate_id, row.occurred_at, Activity { purchases, amounts, ..Activity::default() });
    }
    let mut all = Series::new();
    for (start, activity) in each.values().flatten() {
        all.entry(*start).or_default().add(activity);
    }
    let mut ranked: Vec<(AffiliateId, Activity)> = each
        .iter()
        .map(|(affiliate, series)| {
            let mut brought = Activity::default();
            for activity in series.values() {
                brought.add(activity);
            }
            (*affiliate, brought)
        })
        .collect();
    ranked.sort_by_key(|(affiliate, brought)| {
        (Reverse(brought.purchases), Reverse(brought.signups), Reverse(brought.clicks), *affiliate)
    });
    let total = i64::try_from(ranked.len()).unwrap();
    Told { ranked: ranked.into_iter().map(|(affiliate, _)| affiliate).collect(), total, all, each }
}

pub(crate) async fn figures(
    connection: &mut PgConnection,
    affiliates: &[AffiliateId],
    now: DateTime<Utc>,
) -> BTreeMap<AffiliateId, Figures> {
    let (clicks, signups) = (clicks(connection).await, signups(connection).await);
    let conversions = conversions(connection).await;
    let paid: Vec<Paid> = sqlx::query_as(
        "SELECT conversion_id, affiliate_id, currency, paid AS minor FROM ledger_movements WHERE paid <> 0",
    )
    .fetch_all(connection)
    .await
    .unwrap();
    let of = |affiliate: AffiliateId| {
        let count = |rows: &[(i64, DateTime<Utc>)]| {
            i64::try_from(rows.iter().filter(|(whose, _)| *whose == affiliate.0).count()).unwrap()
        };
        let own: Vec<&Conversion> =
            conversions.iter().filter(|row| row.affiliate_id == affiliate.0).collect();
        let earnings = ["eur", "usd"].into_iter().filter_map(|currency| {
            let rows: Vec<&&Conversion> = own.iter().filter(|row| row.currency == currency).collect();
            let paid: Vec<&Paid> = paid
                .iter()
                .filter(|paid| paid.affiliate_id == affiliate.0 && paid.currency == currency)
                .collect();
            earned(&rows, &paid, Currency::stored(currency).unwrap(), now)
        });
        Figures {
            clicks: count(&clicks),
            signups: count(&signups),
            purchases: i64::try_from(own.iter().filter(|row| row.is_purchase).count()).unwrap(),
            earnings: earnings.collect(),
        }
    };
    affiliates.iter().map(|affiliate| (*affiliate, of(*affiliate))).collect()
}

fn earned(rows: &[&&Conversion], paid: &[&Paid], currency: Currency, now: DateTime<Utc>) -> Option<Earnings> {
    let net = |row: &Conversion| row.commission_minor - row.clawed_back_minor;
    let total: i64 = rows.iter().map(|row| net(row)).sum();
    let unpaid = total - paid.iter().map(|paid| paid.minor).sum::<i64>();
    let due = |row: &Conversion| {
        let paid: i64 = paid.iter().filter(|paid| paid.conversion_id == row.id).map(|paid| paid.minor).sum();
        net(row) - row.held_minor - paid
    };
    let unreleased: Vec<&&&Conversion> =
        rows.iter().filter(|row| row.release_at.is_some_and(|at| at > now) && due(row) > 0).collect();
    let held = rows.iter().map(|row| row.held_minor).sum::<i64>()
        + unreleased.iter().map(|row| due(row)).sum::<i64>();
    let money = |minor| Money { minor, currency };
    (!rows.is_empty() || unpaid != 0).then(|| Earnings {
        conversions: i64::try_from(rows.len()).unwrap(),
        total: money(total),
        unpaid: money(unpaid),
        eligible: money(unpaid - held),
        held: money(held),
        next_release_at: unreleased.iter().filter_map(|row| row.release_at).min(),
    })
}

/// Opening and closing balance of an affiliate's account, and what of the latter is held, by currency: of entries before two times.
pub(crate) async fn account(
    connection: &mut PgConnection,
    affiliate: AffiliateId,
    span: Span,
) -> Vec<(String, i64, i64, i64)> {
    let entries: Vec<(String, DateTime<Utc>, i64, i64)> = sqlx::query_as(
        "SELECT currency, posted_at, payable + held, held FROM ledger_movements WHERE affiliate_id = $1 AND posted_at < $2",
    )
    .bind(affiliate.0)
    .bind(span.before)
    .fetch_all(connection)
    .await
    .unwrap();
    let mut accounts: BTreeMap<String, (i64, i64, i64)> = BTreeMap::new();
    for (currency, posted_at, owed, held) in entries {
        let (opening, closing, closing_held) = accounts.entry(currency).or_default();
        *opening += if posted_at < span.from { owed } else { 0 };
        *closing += owed;
        *closing_held += held;
    }
    accounts
        .into_iter()
        .map(|(currency, (opening, closing, held))| (currency, opening, closing, held))
        .collect()
}

/// What an affiliate's accounts come to, by currency.
pub(crate) async fn balances(connection: &mut PgConnection, affiliates: &[AffiliateId]) -> Vec<Balance> {
    let entries: Vec<(i64, String, i64, i64, i64, i64, i64)> = sqlx::query_as(
        "SELECT affiliate_id, currency, earned, clawed_back, held, paid, payable FROM ledger_movements",
    )
    .fetch_all(connection)
    .await
    .unwrap();
    let mut balances: BTreeMap<(i64, String), Balance> = BTreeMap::new();
    for (affiliate, currency, earned, clawed_back, held, paid, payable) in entries {
        if !affiliates.contains(&AffiliateId(affiliate)) {
            continue;
        }
        let balance = balances.entry((affiliate, currency.clone())).or_insert(Balance {
            affiliate: AffiliateId(affiliate),
            currency: Currency::stored(&currency).unwrap(),
            earned: 0,
            clawed_back: 0,
            held: 0,
            paid: 0,
            payable: 0,
        });
        balance.earned += earned;
        balance.clawed_back += clawed_back;
        balance.held += held;
        balance.paid += paid;
        balance.payable += payable;
    }
    balances.into_values().collect()
}
