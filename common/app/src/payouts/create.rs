//! Making payouts from what is due.

use super::Attempts;
use crate::Error;
use chrono::{DateTime, Utc};
use domain::{
    day::Day,
    ids::{AffiliateId, Realm},
    money::{Currency, Money},
};
use std::{collections::BTreeMap, time::Duration};
use store::{
    PgPool, overview,
    payouts::{self, Created, Preview, Request},
    statement_timeout,
};

/// What is due is summed from all of the ledger.
pub(super) const LIMIT: Duration = Duration::from_secs(50);

/// What is to be paid.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// What was released up to the end of this day, UTC; up to now when none is said.
    pub as_of: Option<Day>,
    /// The least that is paid at once, one for each currency.
    pub minimums: &'a [Money],
    /// Only what is due in this currency.
    pub currency: Option<Currency>,
    /// Only these affiliates; all of them when none is named.
    pub affiliates: &'a [AffiliateId],
}

/// Payouts to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewPayouts<'a> {
    /// The caller's name for it: said again with the same options it answers again, and pays nothing twice.
    pub key: &'a str,
    /// What is to be paid.
    pub wanted: Wanted<'a>,
    /// Who does it.
    pub actor: &'a str,
}

/// Collects what is due, nets debts and freezes what is to be paid.
///
/// # Errors
/// [`Error::Invalid`] for a day to come or minimums without sense, [`Error::Unknown`] for an affiliate that is not there,
/// [`Error::Conflict`] when the key made something else.
pub async fn create(
    pool: &PgPool,
    realm: Realm,
    new: NewPayouts<'_>,
    now: DateTime<Utc>,
) -> Result<Created, Error> {
    let request = request(pool, realm, &new.wanted, now).await?;
    let mut attempts = Attempts::default();
    loop {
        let mut transaction = pool.begin().await?;
        let done = payouts::create(&mut transaction, realm, new.key, &request, new.actor, now).await;
        if let Some(created) = attempts.end(transaction, done).await? {
            return Ok(created);
        }
    }
}

/// What [`create`] would make now, and what it would carry over. Nothing is changed, and nobody is kept waiting.
///
/// # Errors
/// As [`create`].
pub async fn preview(
    pool: &PgPool,
    realm: Realm,
    wanted: Wanted<'_>,
    now: DateTime<Utc>,
) -> Result<Preview, Error> {
    let request = request(pool, realm, &wanted, now).await?;
    let mut transaction = pool.begin().await?;
    statement_timeout(&mut transaction, LIMIT).await?;
    Ok(payouts::look(&mut transaction, realm, &request, now).await?)
}

async fn request(
    pool: &PgPool,
    realm: Realm,
    new: &Wanted<'_>,
    now: DateTime<Utc>,
) -> Result<Request, Error> {
    if let Some(day) = new.as_of.filter(|day| day.start() > now) {
        let message = format!("as_of: {day} is yet to come, and what is released then is not due now");
        return Err(Error::invalid("as_of", message));
    }
    known(pool, realm, new.affiliates).await?;
    Ok(Request {
        as_of: new.as_of.map(Day::end),
        minimums: minimums(new.minimums)?,
        affiliate: None,
        affiliates: new.affiliates.iter().copied().collect(),
        currency: new.currency,
    })
}

async fn known(pool: &PgPool, realm: Realm, affiliates: &[AffiliateId]) -> Result<(), Error> {
    if affiliates.is_empty() {
        return Ok(());
    }
    let known = overview::affiliates(&mut *pool.acquire().await?, realm).await?;
    match affiliates.iter().find(|id| !known.contains_key(id)) {
        Some(unknown) => Err(Error::unknown("affiliates", format!("Unknown affiliate: {unknown}"))),
        None => Ok(()),
    }
}

fn minimums(said: &[Money]) -> Result<BTreeMap<Currency, i64>, Error> {
    let mut minimums = BTreeMap::new();
    for money in said {
        if money.minor < 0 {
            return Err(Error::invalid("minimum", format!("minimum {money}: a minimum is not negative")));
        }
        if minimums.insert(money.currency, money.minor).is_some() {
            let message = format!("minimum is said twice for {}", money.currency);
            return Err(Error::invalid("minimum", message));
        }
    }
    Ok(minimums)
}
