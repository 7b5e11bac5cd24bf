//! An affiliate's statement: what it was owed, what moved that, what it is owed now.
//!
//! Read from the ledger alone: its entries, and sums of them ([`crate::rollups`]). What is owed is `payable` and `held` together; times
//! are those of posting, so that a period that was closed stays as it is.

use super::{PgConnection, StoreError, decode};
use crate::rollups::{Pieces, distinct};
use chrono::{DateTime, NaiveDate, Utc};
use domain::day::midnight;
use domain::ids::{AffiliateId, ConversionId, PayoutId};
use domain::money::{Currency, Money};
use std::collections::BTreeMap;

/// Which part of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Period {
    /// Not before.
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    pub before: Option<DateTime<Utc>>,
}

/// What moved in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The currency.
    pub currency: Currency,
    /// What was owed when the period began: the closing balance of the period before.
    pub opening: Money,
    /// What moved it, in order.
    pub lines: Vec<Line>,
    /// What is owed at the end.
    pub closing: Money,
    /// What of it is held.
    pub closing_held: Money,
}

/// One line: an entry of the ledger, or all entries of one payout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When it was posted.
    pub posted_at: DateTime<Utc>,
    /// The ledger's cause.
    pub cause: String,
    /// The conversion and its payment; none for a payout.
    pub conversion: Option<(ConversionId, String)>,
    /// The payout.
    pub payout: Option<PayoutId>,
    /// How the amount that is owed changed.
    pub amount: Money,
    /// How much more, or less, of it is held.
    pub held: Money,
    /// What is owed after it.
    pub balance: Money,
    /// The event that brought it about.
    pub event: Option<String>,
    /// Who did, when a person did.
    pub actor: Option<String>,
    /// Why; the reference of a payout.
    pub reason: Option<String>,
}

/// The latest lines of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latest {
    /// A statement for each currency, which begins with what was owed before the first of its lines.
    pub statements: Vec<Statement>,
    /// Whether the period has more lines before them.
    pub is_cut: bool,
}

/// The latest lines of a period, at most so many in all currencies, with the balances that [`of`] gives them. The connection is a snapshot
/// ([`crate::snapshot`]), so that balances and lines are of one moment.
///
/// # Errors
/// [`StoreError`]
pub async fn latest(
    connection: &mut PgConnection,
    affiliate: AffiliateId,
    period: Period,
    most: i64,
) -> Result<Latest, StoreError> {
    let seen = standing(connection, &[affiliate], period.before).await?;
    let mut statements: BTreeMap<Currency, Statement> =
        seen.iter().map(|balance| (balance.currency, Statement::from_here(balance))).collect();
    let mut lines = lines(connection, affiliate, None, period, Some(most.saturating_add(1))).await?;
    let is_cut = i64::try_from(lines.len()).is_ok_and(|lines| lines > most);
    if is_cut {
        lines.remove(0);
    }
    for (currency, line) in lines.into_iter().rev() {
        let Some(statement) = statements.get_mut(&currency) else { continue };
        let balance = statement.opening;
        let before = balance.minor.checked_sub(line.amount.minor);
        statement.opening.minor = before.ok_or_else(|| decode("a balance beyond 64 bits"))?;
        statement.lines.push(Line { balance, ..line });
    }
    let statements = statements.into_values().map(|mut statement| {
        statement.lines.reverse();
        statement
    });
    Ok(Latest { statements: statements.collect(), is_cut })
}

/// A statement for each currency in which there ever was anything, in order of their codes. The connection is a snapshot, as for [`latest`].
///
/// # Errors
/// [`StoreError`]
pub async fn of(
    connection: &mut PgConnection,
    affiliate: AffiliateId,
    currency: Option<Currency>,
    period: Period,
) -> Result<Vec<Statement>, StoreError> {
    let mut statements = openings(connection, affiliate, currency, period).await?;
    for (currency, line) in lines(connection, affiliate, currency, period, None).await? {
        let Some(statement) = statements.get_mut(&currency) else { continue };
        let too_large = || decode("a balance beyond 64 bits");
        statement.closing.minor =
            statement.closing.minor.checked_add(line.amount.minor).ok_or_else(too_large)?;
        statement.closing_held.minor =
            statement.closing_held.minor.checked_add(line.held.minor).ok_or_else(too_large)?;
        statement.lines.push(Line { balance: statement.closing, ..line });
    }
    Ok(statements.into_values().collect())
}

impl Statement {
    /// One that opens and closes with a balance.
    fn from_here(balance: &Balance) -> Self {
        let money = |minor| Money { minor, currency: balance.currency };
        let owed = money(balance.payable.saturating_add(balance.held));
        Self {
            currency: balance.currency,
            opening: owed,
            lines: Vec::new(),
            closing: owed,
            closing_held: money(balance.held),
        }
    }
}

/// What was owed before the period, for every currency that the period's end has seen.
async fn openings(
    connection: &mut PgConnection,
    affiliate: AffiliateId,
    currency: Option<Currency>,
    period: Period,
) -> Result<BTreeMap<Currency, Statement>, StoreError> {
    let seen = standing(connection, &[affiliate], period.before).await?;
    let opening = match period.from {
        Some(from) => {
            let before = period.before.map_or(from, |before| from.min(before));
            standing(connection, &[affiliate], Some(before)).await?
        }
        None => Vec::new(),
    };
    let wanted = |balance: &&Balance| currency.is_none_or(|currency| currency == balance.currency);
    let statements = seen.iter().filter(wanted).map(|seen| {
        let at_first = opening.iter().find(|balance| balance.currency == seen.currency);
        let nothing = Balance::nothing(affiliate, seen.currency);
        (seen.currency, Statement::from_here(at_first.unwrap_or(&nothing)))
    });
    Ok(statements.collect())
}

/// The lines of a period in order; the last ones of it when only so many are asked for.
async fn lines(
    connection: &mut PgConnection,
    affiliate: AffiliateId,
    currency: Option<Currency>,
    period: Period,
    most: Option<i64>,
) -> Result<Vec<(Currency, Line)>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT l.posted_at AS "posted_at!", l.currency AS "currency!", l.payout_id, l.cause AS "cause!", l.conversion_id,
                  c.payment_key AS "payment_key?", l.amount AS "amount!", l.held AS "held!", l.event_id, l.actor, l.reason
           FROM (
             SELECT * FROM (
               (SELECT posted_at, id, currency, NULL::BIGINT AS payout_id, cause, conversion_id, payable + held AS amount,
                       held, event_id, actor, reason
                FROM ledger_movements
                WHERE affiliate_id = $1 AND payout_id IS NULL AND ($2::TEXT IS NULL OR currency = $2)
                  AND ($3::TIMESTAMPTZ IS NULL OR posted_at >= $3) AND ($4::TIMESTAMPTZ IS NULL OR posted_at < $4)
                ORDER BY posted_at DESC, id DESC LIMIT $5)
               UNION ALL
               (SELECT min(posted_at), min(id), currency, payout_id, 'paid', NULL, sum(payable + held)::BIGINT,
                       sum(held)::BIGINT, min(event_id), min(actor), min(reason)
                FROM ledger_movements
                WHERE affiliate_id = $1 AND payout_id IS NOT NULL AND (from_account = 'paid' OR to_account = 'paid')
                  AND ($2::TEXT IS NULL OR currency = $2)
                  AND ($3::TIMESTAMPTZ IS NULL OR posted_at >= $3) AND ($4::TIMESTAMPTZ IS NULL OR posted_at < $4)
                GROUP BY currency, payout_id
                ORDER BY min(posted_at) DESC, min(id) DESC LIMIT $5)
             ) both_kinds ORDER BY posted_at DESC, id DESC LIMIT $5
           ) l
           LEFT JOIN conversions c ON c.id = l.conversion_id
           ORDER BY l.posted_at DESC, l.id DESC"#,
        affiliate.0,
        currency.map(|currency| currency.to_string()),
        period.from,
        period.before,
        most,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .rev()
        .map(|row| {
            let currency = Currency::stored(&row.currency).map_err(decode)?;
            let money = |minor| Money { minor, currency };
            let line = Line {
                posted_at: row.posted_at,
                cause: row.cause,
                conversion: row.conversion_id.map(ConversionId).zip(row.payment_key),
                payout: row.payout_id.map(PayoutId),
                amount: money(row.amount),
                held: money(row.held),
                balance: money(0),
                event: row.event_id,
                actor: row.actor,
                reason: row.reason,
            };
            Ok((currency, line))
        })
        .collect()
}

/// What an affiliate's accounts come to in one currency, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Whose.
    pub affiliate: AffiliateId,
    /// In which currency.
    pub currency: Currency,
    /// Earned before anything was taken back.
    pub earned: i64,
    /// Taken back.
    pub clawed_back: i64,
    /// Held.
    pub held: i64,
    /// Paid: by payouts, or as callers said.
    pub paid: i64,
    /// What may be asked for, now or once it is released; negative for a debt.
    pub payable: i64,
}

impl Balance {
    fn nothing(affiliate: AffiliateId, currency: Currency) -> Self {
        Self { affiliate, currency, earned: 0, clawed_back: 0, held: 0, paid: 0, payable: 0 }
    }
}

/// The balances of these affiliates, in order of affiliate and currency.
///
/// # Errors
/// [`StoreError`]
pub async fn balances(
    connection: &mut PgConnection,
    affiliates: &[AffiliateId],
) -> Result<Vec<Balance>, StoreError> {
    standing(connection, affiliates, None).await
}

/// Before anything was ever posted.
const BEGINNING: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
/// When everything will have been.
const END: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).unwrap();

/// What was posted before a time, in each currency in which anything was: sums of months and days, less what was posted on the last day
/// after it.
async fn standing(
    connection: &mut PgConnection,
    affiliates: &[AffiliateId],
    before: Option<DateTime<Utc>>,
) -> Result<Vec<Balance>, StoreError> {
    let ids = distinct(affiliates);
    let pieces = Pieces::of(midnight(BEGINNING)..before.unwrap_or_else(|| midnight(END)), true);
    let (units, first_days, before_days) = pieces.whole_columns();
    let (outside_from, outside_before) = pieces.outside_columns();
    let rows = sqlx::query!(
        r#"SELECT affiliate_id AS "affiliate_id!", currency AS "currency!", sum(posted_earned_minor)::BIGINT AS "earned!",
                  sum(posted_clawed_back_minor)::BIGINT AS "clawed_back!", sum(posted_held_minor)::BIGINT AS "held!",
                  sum(posted_paid_minor)::BIGINT AS "paid!",
                  sum(posted_earned_minor - posted_clawed_back_minor - posted_held_minor - posted_paid_minor)::BIGINT AS "payable!"
           FROM (
             SELECT r.* FROM UNNEST($1::BIGINT[]) AS wanted (id)
             CROSS JOIN LATERAL (SELECT project_id, livemode, id FROM affiliates WHERE id = wanted.id OFFSET 0) a
             CROSS JOIN UNNEST($2::TEXT[], $3::DATE[], $4::DATE[]) AS whole (unit, first, before)
             CROSS JOIN LATERAL (
                 SELECT affiliate_id, currency, entries, posted_earned_minor, posted_clawed_back_minor, posted_held_minor,
                        posted_paid_minor
                 FROM rollups
                 WHERE project_id = a.project_id AND livemode = a.livemode AND unit = whole.unit AND affiliate_id = a.id
                   AND start >= whole.first AND start < whole.before
                 OFFSET 0
             ) r
             UNION ALL
             SELECT affiliate_id, currency, entries, posted_earned_minor, posted_clawed_back_minor, posted_held_minor,
                    posted_paid_minor
             FROM rollup_deltas WHERE affiliate_id = ANY($1) AND day < $5
             UNION ALL
             SELECT l.affiliate_id, l.currency, -1, -l.earned, -l.clawed_back, -l.held, -l.paid
             FROM UNNEST($1) AS wanted (id)
             CROSS JOIN UNNEST($6::TIMESTAMPTZ[], $7::TIMESTAMPTZ[]) AS outside (first, before)
             CROSS JOIN LATERAL (
                 SELECT * FROM ledger_movements
                 WHERE affiliate_id = wanted.id AND posted_at >= outside.first AND posted_at < outside.before
                 OFFSET 0
             ) l
           ) AS posted
           GROUP BY 1, 2 HAVING sum(entries) > 0 ORDER BY 1, 2"#,
        &ids,
        &units,
        &first_days,
        &before_days,
        pieces.days.end,
        &outside_from,
        &outside_before,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Balance {
                affiliate: AffiliateId(row.affiliate_id),
                currency: Currency::stored(&row.currency).map_err(decode)?,
                earned: row.earned,
                clawed_back: row.clawed_back,
                held: row.held,
                paid: row.paid,
                payable: row.payable,
            })
        })
        .collect()
}
