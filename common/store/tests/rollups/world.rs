//! What may happen to the rows that sums are of.

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

/// A project with three affiliates in test mode and one in live mode, and another project with one.
pub(crate) const BEGINNING: &str = "
    INSERT INTO projects (id, name) OVERRIDING SYSTEM VALUE VALUES (1, 'acme'), (2, 'another');
    INSERT INTO affiliates (id, project_id, livemode, user_email, email_normalised, referral_code) OVERRIDING SYSTEM VALUE
    VALUES (1, 1, FALSE, 'one@example.com', 'one@example.com', 'ONE'), (2, 1, FALSE, 'two@example.com', 'two@example.com', 'TWO'),
           (3, 1, FALSE, 'three@example.com', 'three@example.com', 'THREE'),
           (4, 1, TRUE, 'one@example.com', 'one@example.com', 'ONE'), (5, 2, FALSE, 'one@example.com', 'one@example.com', 'ONE')";

/// So many hours after a day in the middle of January.
pub(crate) fn time(hours: i64) -> DateTime<Utc> {
    "2026-01-15T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::hours(hours)
}

fn at() -> impl Strategy<Value = String> {
    // Among them the very beginning of a day.
    (0_i64..60, prop::sample::select(vec![0_i64, 6, 7, 23]))
        .prop_map(|(day, hour)| time(day * 24 + hour).to_rfc3339())
}

/// Somebody or nobody, and project and mode.
#[derive(Clone, Copy, Debug)]
struct Whose {
    affiliate: &'static str,
    project: i64,
    livemode: bool,
}

impl Whose {
    fn realm(self) -> String {
        format!("{}, {}", self.project, self.livemode)
    }

    fn is_theirs(self) -> String {
        format!("project_id = {} AND livemode = {}", self.project, self.livemode)
    }
}

fn whose() -> impl Strategy<Value = Whose> {
    let of = |affiliate, project, livemode| Whose { affiliate, project, livemode };
    prop::sample::select(vec![
        of("1", 1, false),
        of("1", 1, false),
        of("2", 1, false),
        of("3", 1, false),
        of("NULL", 1, false),
        of("4", 1, true),
        of("5", 2, false),
    ])
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
        1 => (0_i64..9).prop_map(|rest| format!("DELETE FROM clicks WHERE id % 9 = {rest}")),
        4 => posting(),
    ]
}

fn click() -> impl Strategy<Value = String> {
    (whose(), at(), any::<u64>()).prop_map(|(whose, at, name)| {
        format!(
            "INSERT INTO clicks (project_id, livemode, affiliate_id, click_id, code, occurred_at)
             SELECT {}, {}, 'clk_{name}', 'ONE', '{at}' WHERE {} IS NOT NULL",
            whose.realm(),
            whose.affiliate,
            whose.affiliate
        )
    })
}

fn customer() -> impl Strategy<Value = String> {
    (whose(), at(), any::<u64>()).prop_map(|(whose, at, name)| {
        let realm = whose.realm();
        format!(
            "WITH c AS (INSERT INTO clusters (project_id, livemode) VALUES ({realm}) RETURNING id)
             INSERT INTO customers (project_id, livemode, cluster_id, anchor, affiliate_id, status, first_seen_at)
             SELECT {realm}, id, 'customer:{name}', {}, 'pending', '{at}' FROM c",
            whose.affiliate
        )
    })
}

fn change_customers() -> impl Strategy<Value = String> {
    (whose(), at(), any::<bool>(), 0_i64..4).prop_map(|(whose, at, retired, rest)| {
        format!(
            "UPDATE customers SET affiliate_id = {}, first_seen_at = '{at}', retired = {retired} WHERE id % 4 = {rest} AND {}",
            whose.affiliate,
            whose.is_theirs()
        )
    })
}

fn kind_and_status(whose: Whose, number: usize) -> (&'static str, &'static str) {
    let kind = if number.is_multiple_of(5) { "signup" } else { "purchase" };
    let statuses = if whose.affiliate == "NULL" {
        ["unattributed", "pending", "rejected", "reversed"]
    } else {
        ["attributed", "held", "reversed", "pending"]
    };
    (kind, statuses.get(number % 4).copied().unwrap_or("reversed"))
}

fn conversion() -> impl Strategy<Value = String> {
    (whose(), at(), any::<u64>(), 0_usize..20, amounts(), any::<bool>()).prop_map(
        |(whose, at, name, number, (commission, back, held), is_euro)| {
            let (kind, status) = kind_and_status(whose, number);
            let currency = if is_euro { "eur" } else { "usd" };
            let released = if number % 3 == 0 {
                "NULL".to_owned()
            } else {
                format!("'{at}'::TIMESTAMPTZ + INTERVAL '30 days'")
            };
            format!(
                "INSERT INTO conversions (project_id, livemode, payment_key, type, source, status, affiliate_id, currency,
                                          base_minor, commission_minor, clawed_back_minor, held_minor, occurred_at, release_at)
                 SELECT {}, 'in_{name}_' || n, '{kind}', 'stripe', '{status}', {}, '{currency}', {commission} * 5,
                        {commission}, {back}, {held}, '{at}', {released}
                 FROM generate_series(0, {number} % 3) n",
                whose.realm(),
                whose.affiliate
            )
        },
    )
}

fn change_conversions() -> impl Strategy<Value = String> {
    (whose(), at(), 0_usize..20, amounts(), 0_i64..5, any::<bool>()).prop_map(
        |(whose, at, number, (commission, back, held), rest, in_time)| {
            let (kind, status) = kind_and_status(whose, number);
            let moved = if in_time {
                format!(", occurred_at = '{at}', currency = 'eur', release_at = '{at}'::TIMESTAMPTZ + INTERVAL '9 days'")
            } else {
                String::new()
            };
            format!(
                "UPDATE conversions SET affiliate_id = {}, type = '{kind}', status = '{status}', base_minor = {commission} * 5,
                     commission_minor = {commission}, clawed_back_minor = {back}, held_minor = {held}, paid = {in_time} {moved}
                 WHERE id % 5 = {rest} AND merged_into IS NULL AND {}",
                whose.affiliate,
                whose.is_theirs()
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

/// Something is posted of what some conversions earned: earned, earned and held, earned and taken back, paid, or what was paid comes back.
fn posting() -> impl Strategy<Value = String> {
    let accounts = [
        "('expense', 'payable')",
        "('expense', 'payable'), ('payable', 'held')",
        "('expense', 'payable'), ('payable', 'clawback')",
        "('payable', 'paid')",
        "('paid', 'payable')",
    ];
    (0_i64..5, 1_i64..900, at(), prop::sample::select(accounts.to_vec())).prop_map(
        |(rest, minor, at, accounts)| {
            format!(
                "INSERT INTO ledger_entries (project_id, livemode, conversion_id, affiliate_id, currency, from_account, to_account,
                                             amount_minor, cause, posted_at)
                 SELECT project_id, livemode, id, affiliate_id, currency, giving, taking, {minor}, 'earned', '{at}'
                 FROM conversions CROSS JOIN (VALUES {accounts}) AS accounts (giving, taking)
                 WHERE id % 5 = {rest} AND affiliate_id IS NOT NULL"
            )
        },
    )
}
