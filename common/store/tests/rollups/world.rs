//! What may happen to the rows that sums are of.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

/// A project with three affiliates.
pub(crate) const BEGINNING: &str = "
    INSERT INTO projects (id, name) OVERRIDING SYSTEM VALUE VALUES (1, 'acme');
    INSERT INTO affiliates (id, project_id, livemode, user_email, email_normalised, referral_code) OVERRIDING SYSTEM VALUE
    VALUES (1, 1, FALSE, 'one@example.com', 'one@example.com', 'ONE'), (2, 1, FALSE, 'two@example.com', 'two@example.com', 'TWO'),
           (3, 1, FALSE, 'three@example.com', 'three@example.com', 'THREE')";

/// So many hours after a day in the middle of January.
pub(crate) fn time(hours: i64) -> DateTime<Utc> {
    "2026-01-15T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::hours(hours)
}

fn at() -> impl Strategy<Value = String> {
    // Among them the very beginning of a day.
    (0_i64..60, prop::sample::select(vec![0_i64, 6, 7, 23]))
        .prop_map(|(day, hour)| time(day * 24 + hour).to_rfc3339())
}

fn affiliate() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["1", "2", "3", "NULL"]).prop_map(str::to_owned)
}

/// Of a row: commission, what of it was taken back, what is held.
fn amounts() -> impl Strategy<Value = (i64, i64, i64)> {
    (0_i64..2_000, 0_i64..3, 0_i64..3)
        .prop_map(|(commission, back, held)| (commission, commission * back / 4, commission * held / 8))
}

/// One statement.
pub(crate) fn act() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => click(),
        2 => customer(),
        2 => change_customers(),
        6 => conversion(),
        6 => change_conversions(),
        1 => merge(),
        1 => (0_i64..9).prop_map(|rest| format!(
            "DELETE FROM conversions c WHERE id % 9 = {rest} AND merged_into IS NULL
             AND NOT EXISTS (SELECT FROM conversions o WHERE o.merged_into = c.id)
             AND NOT EXISTS (SELECT FROM ledger_entries l WHERE l.conversion_id = c.id)"
        )),
        3 => posting(),
    ]
}

fn click() -> impl Strategy<Value = String> {
    (1..4, at(), any::<u64>()).prop_map(|(affiliate, at, name)| {
        format!(
            "INSERT INTO clicks (project_id, livemode, affiliate_id, click_id, code, occurred_at)
             VALUES (1, FALSE, {affiliate}, 'clk_{name}', 'ONE', '{at}') ON CONFLICT DO NOTHING"
        )
    })
}

fn customer() -> impl Strategy<Value = String> {
    (affiliate(), at(), any::<u64>()).prop_map(|(affiliate, at, name)| {
        format!(
            "WITH c AS (INSERT INTO clusters (project_id, livemode) VALUES (1, FALSE) RETURNING id)
             INSERT INTO customers (project_id, livemode, cluster_id, anchor, affiliate_id, status, first_seen_at)
             SELECT 1, FALSE, id, 'customer:{name}', {affiliate}, 'pending', '{at}' FROM c"
        )
    })
}

fn change_customers() -> impl Strategy<Value = String> {
    (affiliate(), at(), any::<bool>(), 0_i64..4).prop_map(|(affiliate, at, retired, rest)| {
        format!(
            "UPDATE customers SET affiliate_id = {affiliate}, first_seen_at = '{at}', retired = {retired} WHERE id % 4 = {rest}"
        )
    })
}

fn kind_and_status(affiliate: &str, number: usize) -> (&'static str, &'static str) {
    let kind = if number % 5 == 0 { "signup" } else { "purchase" };
    let statuses = if affiliate == "NULL" {
        ["unattributed", "pending", "rejected", "reversed"]
    } else {
        ["attributed", "held", "reversed", "pending"]
    };
    (kind, statuses.get(number % 4).copied().unwrap_or("reversed"))
}

fn conversion() -> impl Strategy<Value = String> {
    (affiliate(), at(), any::<u64>(), 0_usize..20, amounts(), any::<bool>()).prop_map(
        |(affiliate, at, name, number, (commission, back, held), is_euro)| {
            let (kind, status) = kind_and_status(&affiliate, number);
            let currency = if is_euro { "eur" } else { "usd" };
            let released = if number % 3 == 0 { "NULL".to_owned() } else { format!("'{at}'::TIMESTAMPTZ + INTERVAL '30 days'") };
            format!(
                "INSERT INTO conversions (project_id, livemode, payment_key, type, source, status, affiliate_id, currency,
                                          base_minor, commission_minor, clawed_back_minor, held_minor, occurred_at, release_at)
                 SELECT 1, FALSE, 'in_{name}_' || n, '{kind}', 'stripe', '{status}', {affiliate}, '{currency}', {commission} * 5,
                        {commission}, {back}, {held}, '{at}', {released}
                 FROM generate_series(0, {number} % 3) n"
            )
        },
    )
}

fn change_conversions() -> impl Strategy<Value = String> {
    (affiliate(), at(), 0_usize..20, amounts(), 0_i64..5, any::<bool>()).prop_map(
        |(affiliate, at, number, (commission, back, held), rest, in_time)| {
            let (kind, status) = kind_and_status(&affiliate, number);
            let moved = if in_time { format!(", occurred_at = '{at}'") } else { String::new() };
            format!(
                "UPDATE conversions SET affiliate_id = {affiliate}, type = '{kind}', status = '{status}', base_minor = {commission} * 5,
                     commission_minor = {commission}, clawed_back_minor = {back}, held_minor = {held}, paid = {in_time} {moved}
                 WHERE id % 5 = {rest} AND merged_into IS NULL"
            )
        },
    )
}

fn merge() -> impl Strategy<Value = String> {
    (0_i64..7).prop_map(|rest| {
        format!(
            "UPDATE conversions c SET merged_into = w.id, status = 'reversed', affiliate_id = NULL, commission_minor = 0,
                 clawed_back_minor = 0, held_minor = 0
             FROM (SELECT min(id) AS id FROM conversions WHERE merged_into IS NULL) w
             WHERE c.id % 7 = {rest} AND c.id <> w.id AND c.merged_into IS NULL
               AND NOT EXISTS (SELECT FROM conversions o WHERE o.merged_into = c.id)"
        )
    })
}

/// Something is posted of what some conversions earned: earned, earned and held, paid, or what was paid comes back.
fn posting() -> impl Strategy<Value = String> {
    let accounts = [
        "('expense', 'payable')",
        "('expense', 'payable'), ('payable', 'held')",
        "('payable', 'paid')",
        "('paid', 'payable')",
    ];
    (0_i64..5, 1_i64..900, at(), prop::sample::select(accounts.to_vec())).prop_map(|(rest, minor, at, accounts)| {
        format!(
            "INSERT INTO ledger_entries (project_id, livemode, conversion_id, affiliate_id, currency, from_account, to_account,
                                         amount_minor, cause, posted_at)
             SELECT 1, FALSE, id, affiliate_id, currency, giving, taking, {minor}, 'earned', '{at}'
             FROM conversions CROSS JOIN (VALUES {accounts}) AS accounts (giving, taking)
             WHERE id % 5 = {rest} AND affiliate_id IS NOT NULL"
        )
    })
}
