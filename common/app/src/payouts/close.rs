//! A payout is paid or canceled, once.

use super::{Attempts, create::LIMIT};
use crate::Error;
use chrono::{DateTime, Utc};
use domain::{
    day::Day,
    ids::{BatchId, PayoutId},
};
use store::{
    PgPool,
    payouts::{self, Payment, Payout, State},
    statement_timeout,
};

/// Which payouts.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    /// These.
    Payouts(&'a [PayoutId]),
    /// All that are open of those that were made together, and those that the same call paid before.
    Batch(BatchId),
}

/// How they were paid.
#[derive(Clone, Copy, Debug)]
pub struct Paid<'a> {
    /// The bank's or provider's name for the payment.
    pub reference: &'a str,
    /// The day on which the money left; now when none is said.
    pub on: Option<Day>,
    /// Who says so.
    pub actor: &'a str,
}

/// Records that the money of some payouts left: of all of them, or of none.
///
/// # Errors
/// [`Error::Invalid`] for a day to come or one before a payout was made, [`Error::NotFound`] when one is unknown or none of a batch is open,
/// [`Error::Conflict`] when one is canceled or paid under another reference.
pub async fn mark_paid(
    pool: &PgPool,
    which: Which<'_>,
    paid: Paid<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<Payout>, Error> {
    let at = paid.on.map_or(now, Day::start);
    if at > now {
        return Err(Error::invalid("paid_at", "paid_at is yet to come"));
    }
    let ids = match which {
        Which::Payouts(ids) => ids.to_vec(),
        Which::Batch(batch) => in_batch(pool, batch, paid.reference).await?,
    };
    let payment = Payment { reference: paid.reference, at, actor: paid.actor };
    let mut attempts = Attempts::default();
    loop {
        let mut transaction = pool.begin().await?;
        statement_timeout(&mut transaction, LIMIT).await?;
        let done = payouts::mark_paid(&mut transaction, &ids, payment, now).await;
        if let Some(paid) = attempts.end(transaction, done).await? {
            return Ok(paid);
        }
    }
}

async fn in_batch(pool: &PgPool, batch: BatchId, reference: &str) -> Result<Vec<PayoutId>, Error> {
    let payouts = payouts::of_batch(&mut *pool.acquire().await?, batch).await?;
    let concerned = payouts.into_iter().filter(|payout| match &payout.state {
        State::Open => true,
        State::Paid { reference: of, .. } => of == reference,
        State::Canceled { .. } => false,
    });
    let ids: Vec<PayoutId> = concerned.map(|payout| payout.id).collect();
    if ids.is_empty() {
        return Err(Error::NotFound(format!("nothing done: no payout of batch {batch} is open")));
    }
    Ok(ids)
}

/// Gives a payout up before its money left; what it was for is due again.
///
/// # Errors
/// [`Error::NotFound`] when there is none, [`Error::Conflict`] when it is paid.
pub async fn cancel(
    pool: &PgPool,
    id: PayoutId,
    reason: &str,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<Payout, Error> {
    let mut attempts = Attempts::default();
    loop {
        let mut transaction = pool.begin().await?;
        let done = payouts::cancel(&mut transaction, id, reason, actor, now).await;
        if let Some(canceled) = attempts.end(transaction, done).await? {
            return Ok(canceled);
        }
    }
}
