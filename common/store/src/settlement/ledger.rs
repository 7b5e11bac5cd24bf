//! Posts the difference between what the ledger says and what the fold implies.

use super::cause::Cause;
use super::conversions::Written;
use super::said_paid;
use crate::{PgConnection, StoreError};
use domain::ids::{AffiliateId, ConversionId};
use std::collections::BTreeMap;

/// Amounts of one conversion, affiliate and currency, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amounts {
    /// First earned.
    pub(super) earned: i64,
    /// Taken back.
    pub(super) clawed_back: i64,
    /// Held by a dispute.
    pub(super) held: i64,
    /// Left by the word of callers of the REST API; payouts are not in it.
    pub(super) paid: i64,
}

impl Amounts {
    /// What a conversion's row says; what has left is told apart ([`super::said_paid`]).
    pub(super) fn of_row(earned: i64, clawed_back: i64, held: i64) -> Self {
        Self { earned, clawed_back, held, paid: 0 }
    }
}

/// One movement: amounts go from an account to another, and back when they shrink.
struct Movement {
    from: &'static str,
    to: &'static str,
    grows: &'static str,
    shrinks: &'static str,
    amount: fn(&Amounts) -> i64,
}

/// `payable` is what an affiliate may ask for; everything passes through it. The order is that of
/// posting.
const MOVEMENTS: [Movement; 4] = [
    Movement { from: "expense", to: "payable", grows: "earned", shrinks: "amended", amount: |a| a.earned },
    Movement {
        from: "payable",
        to: "clawback",
        grows: "clawed_back",
        shrinks: "clawback_amended",
        amount: |a| a.clawed_back,
    },
    Movement { from: "payable", to: "held", grows: "held", shrinks: "released", amount: |a| a.held },
    Movement { from: "payable", to: "paid", grows: "paid", shrinks: "payment_amended", amount: |a| a.paid },
];

/// A conversion, an affiliate and a currency.
pub(super) type Account = (ConversionId, AffiliateId, String);

struct Entry {
    account: Account,
    from: &'static str,
    to: &'static str,
    amount: i64,
    movement: &'static str,
    cause: Cause,
    rule: Option<i64>,
}

/// Posts what is missing, and tells how many entries that took.
pub(super) async fn write(conn: &mut PgConnection, written: &[Written]) -> Result<usize, StoreError> {
    let ids: Vec<i64> = written.iter().filter(|row| !row.is_new).map(|row| row.id.0).collect();
    let mut standing = balances(conn, &ids).await?;
    let left = said_paid::left(conn, written).await?;
    let paid_out = paid_out(conn, &ids).await?;
    let mut entries = Vec::new();
    let mut paid_outs = Vec::new();
    for row in written {
        let own = row.affiliate.map(|affiliate| (row.id, affiliate, row.currency.clone()));
        let mut targets: BTreeMap<Account, Amounts> = BTreeMap::new();
        if let Some(account) = &own {
            targets.insert(account.clone(), row.amounts);
        }
        // An account that is not a target any more goes back to nothing, but for what has left.
        let of_row = |account: &Account| account.0 == row.id;
        let first = (row.id, AffiliateId(i64::MIN), String::new());
        for (account, _) in standing.range(first.clone()..).take_while(|(account, _)| of_row(account)) {
            targets.entry(account.clone()).or_default();
        }
        for (account, minor) in left.range(first.clone()..).take_while(|(account, _)| of_row(account)) {
            targets.entry(account.clone()).or_default().paid = *minor;
        }
        for (account, target) in targets {
            let before = standing.remove(&account).unwrap_or_default();
            post(&mut entries, row, &account, before, target);
        }
        let mut paid_out = paid_out.range(first..).take_while(|(account, _)| of_row(account)).peekable();
        if paid_out.peek().is_some() {
            let of_own = paid_out.find(|(account, _)| Some(*account) == own.as_ref());
            paid_outs.push((row.id, of_own.map_or(0, |(_, minor)| *minor)));
        }
    }
    insert(conn, &entries).await?;
    remember_paid_out(conn, &paid_outs).await?;
    Ok(entries.len())
}

fn post(entries: &mut Vec<Entry>, row: &Written, account: &Account, before: Amounts, target: Amounts) {
    for movement in &MOVEMENTS {
        let difference = (movement.amount)(&target).saturating_sub((movement.amount)(&before));
        let (from, to, name) = match difference {
            0 => continue,
            1.. => (movement.from, movement.to, movement.grows),
            _ => (movement.to, movement.from, movement.shrinks),
        };
        entries.push(Entry {
            account: account.clone(),
            from,
            to,
            amount: difference.saturating_abs(),
            movement: name,
            cause: match &row.first {
                Some(event) if name == "earned" => Cause { event: Some(event.clone()), ..Cause::default() },
                _ => row.cause.clone(),
            },
            rule: row.rule,
        });
    }
}

/// What the fold posted of some conversions.
async fn balances(conn: &mut PgConnection, ids: &[i64]) -> Result<BTreeMap<Account, Amounts>, StoreError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = sqlx::query!(
        r#"
        SELECT conversion_id, affiliate_id, currency,
               (COALESCE(SUM(amount_minor) FILTER (WHERE from_account = 'expense'), 0)
                 - COALESCE(SUM(amount_minor) FILTER (WHERE to_account = 'expense'), 0))::BIGINT AS "earned!",
               (COALESCE(SUM(amount_minor) FILTER (WHERE to_account = 'clawback'), 0)
                 - COALESCE(SUM(amount_minor) FILTER (WHERE from_account = 'clawback'), 0))::BIGINT AS "clawed_back!",
               (COALESCE(SUM(amount_minor) FILTER (WHERE to_account = 'held'), 0)
                 - COALESCE(SUM(amount_minor) FILTER (WHERE from_account = 'held'), 0))::BIGINT AS "held!",
               (COALESCE(SUM(amount_minor) FILTER (WHERE to_account = 'paid' AND payout_id IS NULL), 0)
                 - COALESCE(SUM(amount_minor) FILTER (WHERE from_account = 'paid' AND payout_id IS NULL), 0))::BIGINT AS "paid!"
        FROM ledger_entries WHERE conversion_id = ANY($1)
        GROUP BY conversion_id, affiliate_id, currency
        "#,
        ids,
    )
    .fetch_all(conn)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let account = (ConversionId(row.conversion_id), AffiliateId(row.affiliate_id), row.currency);
        (
            account,
            Amounts { earned: row.earned, clawed_back: row.clawed_back, held: row.held, paid: row.paid },
        )
    });
    Ok(rows.collect())
}

/// What payouts paid of some payments, by their own rows and those that were merged into them. The fold leaves that
/// alone: what was paid stays paid, and what is taken back of it becomes a debt (SEMANTICS 13).
async fn paid_out(conn: &mut PgConnection, ids: &[i64]) -> Result<BTreeMap<Account, i64>, StoreError> {
    let rows = sqlx::query!(
        r#"
        SELECT coalesce(c.merged_into, c.id) AS "conversion_id!", i.affiliate_id, i.currency,
               sum(i.amount_minor)::BIGINT AS "minor!"
        FROM conversions c
        JOIN payout_items i ON i.conversion_id = c.id
        JOIN payouts p ON p.id = i.payout_id
        WHERE (c.id = ANY($1) OR c.merged_into = ANY($1)) AND p.status = 'paid'
        GROUP BY 1, 2, 3
        "#,
        ids,
    )
    .fetch_all(conn)
    .await?;
    let account = |id, affiliate, currency| (ConversionId(id), AffiliateId(affiliate), currency);
    Ok(rows
        .into_iter()
        .map(|row| (account(row.conversion_id, row.affiliate_id, row.currency), row.minor))
        .collect())
}

async fn insert(conn: &mut PgConnection, entries: &[Entry]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"
        INSERT INTO ledger_entries (project_id, livemode, conversion_id, affiliate_id, currency, from_account,
                                    to_account, amount_minor, cause, event_id, actor, reason, rule_id)
        SELECT c.project_id, c.livemode, new.conversion_id, new.affiliate_id, new.currency, new.from_account,
               new.to_account, new.amount_minor, new.cause, new.event_id, new.actor, new.reason, new.rule_id
        FROM UNNEST($1::BIGINT[], $2::BIGINT[], $3::TEXT[], $4::TEXT[], $5::TEXT[], $6::BIGINT[], $7::TEXT[],
                    $8::TEXT[], $9::TEXT[], $10::TEXT[], $11::BIGINT[]) WITH ORDINALITY
            AS new (conversion_id, affiliate_id, currency, from_account, to_account, amount_minor, cause, event_id,
                    actor, reason, rule_id, place)
        JOIN conversions c ON c.id = new.conversion_id
        ORDER BY new.place
        "#,
        &entries.iter().map(|entry| entry.account.0.0).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.account.1.0).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.account.2.clone()).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.from.to_owned()).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.to.to_owned()).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.amount).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.movement.to_owned()).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.cause.event.clone()).collect::<Vec<_>>() as &[Option<String>],
        &entries.iter().map(|entry| entry.cause.actor.clone()).collect::<Vec<_>>() as &[Option<String>],
        &entries.iter().map(|entry| entry.cause.reason.clone()).collect::<Vec<_>>() as &[Option<String>],
        &entries.iter().map(|entry| entry.rule).collect::<Vec<_>>() as &[Option<i64>],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Keeps beside each conversion what payouts paid of it to the affiliate that it has now.
async fn remember_paid_out(conn: &mut PgConnection, paid: &[(ConversionId, i64)]) -> Result<(), StoreError> {
    if paid.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "UPDATE conversions c SET paid_out_minor = new.minor
         FROM UNNEST($1::BIGINT[], $2::BIGINT[]) AS new (id, minor)
         WHERE c.id = new.id AND c.paid_out_minor <> new.minor",
        &paid.iter().map(|(id, _)| id.0).collect::<Vec<_>>(),
        &paid.iter().map(|(_, minor)| *minor).collect::<Vec<_>>(),
    )
    .execute(conn)
    .await?;
    Ok(())
}
