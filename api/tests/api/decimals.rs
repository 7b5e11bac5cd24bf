//! Amounts come back as the decimals that were sent.

use crate::settling::settle_for;
use crate::support::{affiliate, project, start};
use futures::{StreamExt, stream};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use store::PgPool;

const PATH: &str = "/api/v1/conversions";
const COUNT: usize = 10_001;
/// Clients at a time.
const CLIENTS: usize = 24;
/// Each so many is also read alone and changed.
const EACH: usize = 100;

/// Currencies with the decimals that people write. Stripe counts two of ISK, which are always zero.
const CURRENCIES: [(&str, u32); 8] =
    [("usd", 2), ("jpy", 0), ("kwd", 3), ("isk", 0), ("eur", 2), ("bhd", 3), ("krw", 0), ("gbp", 2)];

/// A sale: what was sent, to the letter.
#[derive(Clone, Debug)]
struct Sale {
    currency: &'static str,
    base: String,
    value: String,
}

#[sqlx::test(migrations = "../migrations")]
async fn ten_thousand_and_one_amounts_come_back_to_the_cent(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let affiliate = affiliate(&pool, project.realm, "ann@example.com", "ANN").await;
    let _worker = settle_for(&pool, &project, 0).await;
    let body = |sale: &Sale, more: &str| {
        let Sale { currency, base, value } = sale;
        format!(r#"{{"base_value": {base}, "value": {value}, "base_value_currency": "{currency}"{more}}}"#)
    };

    let posts = stream::iter(sales().into_iter().enumerate()).map(async |(number, sale)| {
        let body = body(&sale, &format!(r#", "affiliate_id": {affiliate}, "reference": "order-{number}""#));
        let answer = api.post(&project, PATH, &body).header("Prefer", "respond-async").send().await;
        let posted = answer.data(202);
        assert_eq!(posted["base_value"].to_string(), sale.base, "{sale:?}");
        (posted["id"].as_i64().unwrap(), sale)
    });
    let sent: BTreeMap<i64, Sale> = posts.buffer_unordered(CLIENTS).collect().await;
    assert_eq!(sent.len(), COUNT);
    settled(&pool, COUNT).await;

    let mut listed = 0;
    let mut cursor = String::new();
    loop {
        let page = api.get(&project, &format!("{PATH}?limit=500&cursor={cursor}")).send().await;
        for row in page.data(200).as_array().unwrap() {
            let sale = &sent[&row["id"].as_i64().unwrap()];
            assert_eq!(row["base_value"].to_string(), sale.base, "{row}");
            assert_eq!(row["value"].to_string(), sale.value, "{row}");
            assert_eq!(row["base_value_currency"], sale.currency);
            listed += 1;
        }
        match page.body["pagination"]["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(listed, COUNT);

    let some: Vec<(i64, Sale)> = sent.into_iter().step_by(EACH).collect();
    let changes = stream::iter(some).map(async |(id, sale)| {
        let path = format!("{PATH}/{id}");
        let read = api.get(&project, &path).send().await;
        assert_eq!(read.data(200)["base_value"].to_string(), sale.base);
        assert_eq!(read.data(200)["value"].to_string(), sale.value);
        let doubled = Sale { base: double(&sale.base), value: double(&sale.value), ..sale };
        let put = api.put(&project, &path, &body(&doubled, "")).header("Prefer", "wait=4").send().await;
        assert_eq!(put.data(200)["base_value"].to_string(), doubled.base);
        assert_eq!(put.data(200)["value"].to_string(), doubled.value);
    });
    changes.buffer_unordered(CLIENTS).collect::<()>().await;
}

/// The same sales in every run.
fn sales() -> Vec<Sale> {
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let mut below = |bound: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % bound
    };
    let fixed = [("49.99", "0.10", "usd"), ("0.10", "0.00", "usd"), ("1000000.01", "49.99", "eur")];
    let fixed = fixed.map(|(base, value, currency)| Sale {
        currency,
        base: base.to_owned(),
        value: value.to_owned(),
    });
    let mut sales = Vec::from(fixed);
    while sales.len() < COUNT {
        let (currency, decimals) = CURRENCIES[usize::try_from(below(8)).unwrap()];
        let largest = 10_u64.pow(u32::try_from(1 + below(10)).unwrap());
        let base = below(largest);
        let value = below(base + 1);
        sales.push(Sale { currency, base: text(base, decimals), value: text(value, decimals) });
    }
    sales
}

/// Minor units as a decimal, by moving the point.
fn text(minor: u64, decimals: u32) -> String {
    let unit = 10_u64.pow(decimals);
    match decimals {
        0 => minor.to_string(),
        decimals => {
            format!("{}.{:0width$}", minor / unit, minor % unit, width = usize::try_from(decimals).unwrap())
        }
    }
}

fn double(decimal: &str) -> String {
    let decimals = decimal.split_once('.').map_or(0, |(_, cents)| u32::try_from(cents.len()).unwrap());
    text(decimal.replace('.', "").parse::<u64>().unwrap() * 2, decimals)
}

async fn settled(pool: &PgPool, count: usize) {
    let deadline = Instant::now() + Duration::from_mins(3);
    loop {
        let pending = "SELECT count(*) FROM conversions WHERE status <> 'pending'";
        let settled: i64 = sqlx::query_scalar(pending).fetch_one(pool).await.unwrap();
        if settled == i64::try_from(count).unwrap() {
            return;
        }
        assert!(Instant::now() < deadline, "{settled} are settled");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
