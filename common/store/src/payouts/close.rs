//! A payout is paid or canceled, once.

use super::notify::notify;
use super::{Payout, PayoutError, State, read};
use crate::ledger::{self, Account, Entry};
use crate::notifications::Cause;
use crate::{PgConnection, StoreError, realm, settlement};
use chrono::{DateTime, Utc};
use domain::ids::{AffiliateId, ConversionId, PayoutId, Realm};
use domain::notification::Event;
use std::collections::BTreeSet;

/// How payouts were paid.
#[derive(Clone, Copy, Debug)]
pub struct Payment<'a> {
    /// The bank's or provider's name for the payment.
    pub reference: &'a str,
    /// When the money left.
    pub at: DateTime<Utc>,
    /// Who says so.
    pub actor: &'a str,
}

/// Posts that the money of some payouts left, as it was frozen. What was taken back of it meanwhile
/// leaves the affiliate in debt, which the next payout nets: the money left all the same.
///
/// One that is paid already under the same reference stays as it is.
///
/// # Errors
/// When one is unknown, canceled, paid under another reference, or made on a later day than the payment; then none is
/// changed, provided that the caller rolls back.
pub async fn mark_paid(
    connection: &mut PgConnection,
    ids: &[PayoutId],
    payment: Payment<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<Payout>, PayoutError> {
    let mut open = Vec::new();
    for payout in lock(connection, ids).await? {
        match payout.state {
            // Days are compared: a bank's statement knows no more.
            State::Open if payment.at.date_naive() < payout.created_at.date_naive() => {
                return Err(PayoutError::PaidBeforeMade { id: payout.id, made: payout.created_at });
            }
            State::Open => open.push(payout.id.0),
            State::Paid { reference, .. } if reference == payment.reference => {}
            State::Paid { reference, .. } => {
                return Err(PayoutError::PaidAlready { id: payout.id, reference });
            }
            State::Canceled { .. } => return Err(PayoutError::Canceled(payout.id)),
        }
    }
    post(connection, &open, payment).await?;
    sqlx::query!(
        "UPDATE payouts SET status = 'paid', paid_at = greatest($2, created_at), reference = $3, closed_by = $4, closed_at = $5
         WHERE id = ANY($1)",
        &open,
        payment.at,
        payment.reference,
        payment.actor,
        now,
    )
    .execute(&mut *connection)
    .await?;
    let payouts = reread(&mut *connection, ids).await?;
    let closed: Vec<&Payout> = payouts.iter().filter(|payout| open.contains(&payout.id.0)).collect();
    notify(connection, Event::PayoutPaid, &closed, payment.actor, Some(payment.reference)).await?;
    Ok(payouts)
}

/// Gives a payout up before its money left, and frees its rows for the next one.
///
/// One that is canceled already stays as it is.
///
/// # Errors
/// When it is unknown or paid.
pub async fn cancel(
    connection: &mut PgConnection,
    id: PayoutId,
    reason: &str,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<Payout, PayoutError> {
    let payout = lock(connection, &[id]).await?.pop().ok_or(PayoutError::Unknown(id))?;
    match payout.state {
        State::Canceled { .. } => return Ok(payout),
        State::Paid { reference, .. } => return Err(PayoutError::PaidAlready { id, reference }),
        State::Open => {}
    }
    sqlx::query!(
        "UPDATE payouts SET status = 'canceled', cancel_reason = $2, closed_by = $3, closed_at = $4 WHERE id = $1",
        id.0,
        reason,
        actor,
        now,
    )
    .execute(&mut *connection)
    .await?;
    // Of some, the API was told that they are paid; what this payout was about to pay of them has left as well.
    let said_paid = sqlx::query_scalar!(
        "SELECT c.id FROM payout_items i
         JOIN conversions m ON m.id = i.conversion_id
         JOIN conversions c ON c.id = coalesce(m.merged_into, m.id)
         WHERE i.payout_id = $1 AND EXISTS (SELECT FROM said_paid s WHERE s.conversion_id = c.id)",
        id.0,
    )
    .fetch_all(&mut *connection)
    .await?;
    let said_paid: Vec<ConversionId> = said_paid.into_iter().map(ConversionId).collect();
    settlement::post_again(&mut *connection, &said_paid).await?;
    let payout = read::find(&mut *connection, id).await?.ok_or(PayoutError::Unknown(id))?;
    notify(connection, Event::PayoutCanceled, &[&payout], actor, Some(reason)).await?;
    Ok(payout)
}

/// The payouts, with the ledgers of their projects in hand.
async fn lock(connection: &mut PgConnection, ids: &[PayoutId]) -> Result<Vec<Payout>, PayoutError> {
    let numbers: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!("SELECT DISTINCT project_id, livemode FROM payouts WHERE id = ANY($1)", &numbers)
        .fetch_all(&mut *connection)
        .await?;
    let realms: BTreeSet<Realm> = rows.into_iter().map(|row| realm(row.project_id, row.livemode)).collect();
    for realm in realms {
        ledger::lock::exclusive(connection, realm).await?;
    }
    reread(connection, ids).await
}

/// In order of their ids, each once.
async fn reread(connection: &mut PgConnection, ids: &[PayoutId]) -> Result<Vec<Payout>, PayoutError> {
    let numbers: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let payouts = read::by_ids(connection, &numbers).await?;
    match ids.iter().find(|id| !payouts.iter().any(|payout| payout.id == **id)) {
        Some(unknown) => Err(PayoutError::Unknown(*unknown)),
        None => Ok(payouts),
    }
}

/// One entry an item: paid, or, where an earlier payout paid what was taken back since, netted.
async fn post(connection: &mut PgConnection, ids: &[i64], payment: Payment<'_>) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE conversions c
         SET paid_out_minor = c.paid_out_minor + i.amount_minor
         FROM (SELECT coalesce(m.merged_into, m.id) AS id, i.affiliate_id, i.currency, sum(i.amount_minor)::BIGINT AS amount_minor
               FROM payout_items i JOIN conversions m ON m.id = i.conversion_id
               WHERE i.payout_id = ANY($1)
               GROUP BY 1, 2, 3) i
         WHERE (c.id, c.affiliate_id, c.currency) = (i.id, i.affiliate_id, i.currency)",
        ids,
    )
    .execute(&mut *connection)
    .await?;
    let items = sqlx::query!(
        "SELECT i.payout_id, i.conversion_id, i.affiliate_id, i.currency, i.amount_minor, c.rule_id
         FROM payout_items i
         JOIN conversions c ON c.id = i.conversion_id
         WHERE i.payout_id = ANY($1)
         ORDER BY i.payout_id, i.conversion_id",
        ids,
    )
    .fetch_all(&mut *connection)
    .await?;
    let entries: Vec<Entry> = items
        .into_iter()
        .map(|item| Entry {
            conversion: ConversionId(item.conversion_id),
            affiliate: AffiliateId(item.affiliate_id),
            currency: item.currency,
            account: Account::Paid,
            payable: item.amount_minor.saturating_neg(),
            movement: if item.amount_minor > 0 { "paid" } else { "netted" },
            is_first: false,
            cause: Cause {
                event: None,
                actor: Some(payment.actor.to_owned()),
                reason: Some(payment.reference.to_owned()),
            },
            rule: item.rule_id,
            payout: Some(PayoutId(item.payout_id)),
        })
        .collect();
    ledger::post(connection, &entries).await
}
