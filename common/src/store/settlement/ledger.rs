//! Posts the difference between what the ledger says and what the fold implies.

use super::conversions::Written;
use crate::domain::ids::{AffiliateId, ConversionId};
use crate::store::{PgConnection, StoreError};
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
    /// Paid out.
    pub(super) paid: i64,
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

type Account = (ConversionId, AffiliateId, String);

struct Entry {
    account: Account,
    from: &'static str,
    to: &'static str,
    amount: i64,
    cause: &'static str,
    event: Option<String>,
    rule: Option<i64>,
}

/// Posts what is missing, and tells how many entries that took.
pub(super) async fn write(conn: &mut PgConnection, written: &[Written]) -> Result<usize, StoreError> {
    let ids: Vec<i64> = written.iter().map(|row| row.id.0).collect();
    let mut standing = balances(conn, &ids).await?;
    let mut entries = Vec::new();
    for row in written {
        let mut targets: BTreeMap<Account, Amounts> = BTreeMap::new();
        if let Some(affiliate) = row.affiliate {
            targets.insert((row.id, affiliate, row.currency.clone()), row.amounts);
        }
        // An account that is not a target any more goes back to nothing.
        let others = standing.range((row.id, AffiliateId(i64::MIN), String::new())..);
        for (account, _) in others.take_while(|((id, _, _), _)| *id == row.id) {
            targets.entry(account.clone()).or_default();
        }
        for (account, target) in targets {
            let before = standing.remove(&account).unwrap_or_default();
            post(&mut entries, row, &account, before, target);
        }
    }
    insert(conn, &entries).await?;
    Ok(entries.len())
}

fn post(entries: &mut Vec<Entry>, row: &Written, account: &Account, before: Amounts, target: Amounts) {
    for movement in &MOVEMENTS {
        let difference = (movement.amount)(&target).saturating_sub((movement.amount)(&before));
        let (from, to, cause) = match difference {
            0 => continue,
            1.. => (movement.from, movement.to, movement.grows),
            _ => (movement.to, movement.from, movement.shrinks),
        };
        entries.push(Entry {
            account: account.clone(),
            from,
            to,
            amount: difference.saturating_abs(),
            cause,
            event: row.event.clone(),
            rule: row.rule,
        });
    }
}

/// What the ledger says of some conversions.
async fn balances(conn: &mut PgConnection, ids: &[i64]) -> Result<BTreeMap<Account, Amounts>, StoreError> {
    let rows = sqlx::query!(
        r#"
        SELECT conversion_id, affiliate_id, currency,
               (COALESCE(SUM(amount_minor) FILTER (WHERE from_account = 'expense'), 0)
                 - COALESCE(SUM(amount_minor) FILTER (WHERE to_account = 'expense'), 0))::BIGINT AS "earned!",
               (COALESCE(SUM(amount_minor) FILTER (WHERE to_account = 'clawback'), 0)
                 - COALESCE(SUM(amount_minor) FILTER (WHERE from_account = 'clawback'), 0))::BIGINT AS "clawed_back!",
               (COALESCE(SUM(amount_minor) FILTER (WHERE to_account = 'held'), 0)
                 - COALESCE(SUM(amount_minor) FILTER (WHERE from_account = 'held'), 0))::BIGINT AS "held!",
               (COALESCE(SUM(amount_minor) FILTER (WHERE to_account = 'paid'), 0)
                 - COALESCE(SUM(amount_minor) FILTER (WHERE from_account = 'paid'), 0))::BIGINT AS "paid!"
        FROM ledger_entries WHERE conversion_id = ANY($1)
        GROUP BY conversion_id, affiliate_id, currency
        "#,
        ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let account = (ConversionId(row.conversion_id), AffiliateId(row.affiliate_id), row.currency);
            let amounts =
                Amounts { earned: row.earned, clawed_back: row.clawed_back, held: row.held, paid: row.paid };
            (account, amounts)
        })
        .collect())
}

async fn insert(conn: &mut PgConnection, entries: &[Entry]) -> Result<(), StoreError> {
    if entries.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"
        INSERT INTO ledger_entries (project_id, livemode, conversion_id, affiliate_id, currency, from_account,
                                    to_account, amount_minor, cause, event_id, rule_id)
        SELECT c.project_id, c.livemode, new.conversion_id, new.affiliate_id, new.currency, new.from_account,
               new.to_account, new.amount_minor, new.cause, new.event_id, new.rule_id
        FROM UNNEST($1::BIGINT[], $2::BIGINT[], $3::TEXT[], $4::TEXT[], $5::TEXT[], $6::BIGINT[], $7::TEXT[],
                    $8::TEXT[], $9::BIGINT[]) WITH ORDINALITY
            AS new (conversion_id, affiliate_id, currency, from_account, to_account, amount_minor, cause, event_id,
                    rule_id, place)
        JOIN conversions c ON c.id = new.conversion_id
        ORDER BY new.place
        "#,
        &entries.iter().map(|entry| entry.account.0.0).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.account.1.0).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.account.2.clone()).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.from.to_owned()).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.to.to_owned()).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.amount).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.cause.to_owned()).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.event.clone()).collect::<Vec<_>>() as &[Option<String>],
        &entries.iter().map(|entry| entry.rule).collect::<Vec<_>>() as &[Option<i64>],
    )
    .execute(conn)
    .await?;
    Ok(())
}
