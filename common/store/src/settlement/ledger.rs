//! The difference between what the ledger says and what the fold implies.

use super::cause::Cause;
use super::said_paid;
use super::written::{Account, Amounts, Written};
use crate::ledger::{Account as Contra, Entry};
use crate::{PgConnection, StoreError};
use domain::ids::{AffiliateId, ConversionId};
use std::collections::BTreeMap;

/// One movement: amounts go to or from what is payable, and back when they shrink.
struct Movement {
    /// The other account.
    account: Contra,
    grows: &'static str,
    shrinks: &'static str,
    amount: fn(&Amounts) -> i64,
}

/// `payable` is what an affiliate may ask for; everything passes through it. The order is that of
/// posting.
const MOVEMENTS: [Movement; 4] = [
    Movement { account: Contra::Expense, grows: "earned", shrinks: "amended", amount: |a| a.earned },
    Movement {
        account: Contra::Clawback,
        grows: "clawed_back",
        shrinks: "clawback_amended",
        amount: |a| a.clawed_back,
    },
    Movement { account: Contra::Held, grows: "held", shrinks: "released", amount: |a| a.held },
    Movement { account: Contra::Paid, grows: "paid", shrinks: "payment_amended", amount: |a| a.paid },
];

/// What is missing in the ledger, to be posted in this order.
pub(super) async fn missing(
    connection: &mut PgConnection,
    written: &[Written],
) -> Result<Vec<Entry>, StoreError> {
    let ids: Vec<i64> = written.iter().filter(|row| !row.is_new).map(|row| row.id.0).collect();
    let mut standing = balances(connection, &ids).await?;
    let left = said_paid::left(connection, written).await?;
    let paid_out = paid_out(connection, &ids).await?;
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
            let before = standing.remove(&account);
            post(&mut entries, row, &account, before, target);
        }
        let mut paid_out = paid_out.range(first..).take_while(|(account, _)| of_row(account)).peekable();
        if paid_out.peek().is_some() {
            let of_own = paid_out.find(|(account, _)| Some(*account) == own.as_ref());
            paid_outs.push((row.id, of_own.map_or(0, |(_, minor)| *minor)));
        }
    }
    // Before they are posted: what the rows say then is what is notified.
    remember_paid_out(connection, &paid_outs).await?;
    Ok(entries)
}

/// `before` is `None` when there is no entry of this account yet.
fn post(
    entries: &mut Vec<Entry>,
    row: &Written,
    account: &Account,
    before: Option<Amounts>,
    target: Amounts,
) {
    let (conversion, affiliate, currency) = account;
    let standing = before.unwrap_or_default();
    for movement in &MOVEMENTS {
        let difference = (movement.amount)(&target).saturating_sub((movement.amount)(&standing));
        let name = match difference {
            0 => continue,
            1.. => movement.grows,
            _ => movement.shrinks,
        };
        entries.push(Entry {
            conversion: *conversion,
            affiliate: *affiliate,
            currency: currency.clone(),
            account: movement.account,
            payable: match movement.account {
                Contra::Expense => difference,
                Contra::Clawback | Contra::Held | Contra::Paid => difference.saturating_neg(),
            },
            movement: name,
            is_first: before.is_none() && movement.account == Contra::Expense,
            cause: match &row.first {
                Some(event) if name == "earned" => Cause { event: Some(event.clone()), ..Cause::default() },
                _ => row.cause.clone(),
            },
            rule: row.rule,
            payout: None,
        });
    }
}

/// What the fold posted of some conversions.
async fn balances(
    connection: &mut PgConnection,
    ids: &[i64],
) -> Result<BTreeMap<Account, Amounts>, StoreError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = sqlx::query!(
        r#"
        SELECT conversion_id AS "conversion_id!", affiliate_id AS "affiliate_id!", currency AS "currency!",
               earned AS "earned!", clawed_back AS "clawed_back!", held AS "held!", said_paid AS "paid!"
        FROM ledger_balances WHERE conversion_id = ANY($1)
        "#,
        ids,
    )
    .fetch_all(connection)
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
async fn paid_out(connection: &mut PgConnection, ids: &[i64]) -> Result<BTreeMap<Account, i64>, StoreError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
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
    .fetch_all(connection)
    .await?;
    let account = |id, affiliate, currency| (ConversionId(id), AffiliateId(affiliate), currency);
    Ok(rows
        .into_iter()
        .map(|row| (account(row.conversion_id, row.affiliate_id, row.currency), row.minor))
        .collect())
}

/// Keeps beside each conversion what payouts paid of it to the affiliate that it has now.
async fn remember_paid_out(
    connection: &mut PgConnection,
    paid: &[(ConversionId, i64)],
) -> Result<(), StoreError> {
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
    .execute(connection)
    .await?;
    Ok(())
}
