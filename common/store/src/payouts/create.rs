//! Making payouts from what is due.

use super::fingerprint::fingerprint;
use super::notify::notify;
use super::{Payout, PayoutError, read};
use crate::ledger;
use crate::{PgConnection, StoreError, decode};
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{AffiliateId, BatchId, ConversionId, Realm};
use domain::money::{Currency, Money};
use domain::notification::Event;
use domain::payout::{CarriedOver, Due, Plan, Planned, plan};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use std::collections::{BTreeMap, BTreeSet};

/// What is asked for; stored with the batch, so that a repeat is told from a conflict.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// What was released before this time, such as the end of a day; `None`, and a time to come, is now.
    pub as_of: Option<DateTime<Utc>>,
    /// The least that is paid at once in a currency, in minor units.
    pub minimums: BTreeMap<Currency, i64>,
    /// One affiliate only; how requests were written before they named several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub affiliate: Option<AffiliateId>,
    /// These affiliates only; all of them when none is named.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub affiliates: BTreeSet<AffiliateId>,
    /// What is due in this currency only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
}

impl Request {
    /// The affiliates it names, in whichever way.
    fn named(&self) -> Vec<i64> {
        self.affiliate.iter().chain(&self.affiliates).map(|id| id.0).collect()
    }

    /// Whether both ask for the same.
    fn is_like(&self, other: &Self) -> bool {
        let parts = |of: &Self| (of.as_of, of.minimums.clone(), of.named(), of.currency);
        parts(self) == parts(other)
    }
}

/// A batch of payouts.
#[derive(Clone, Debug, PartialEq)]
pub struct Created {
    /// Its number.
    pub batch: BatchId,
    /// Whether this call made it, or an earlier one with the same key.
    pub is_new: bool,
    /// What was released before this time is in it; or by it, when it is the time of the call.
    pub as_of: DateTime<Utc>,
    /// One for each affiliate and currency.
    pub payouts: Vec<Payout>,
    /// Balances that wait for the next one.
    pub carried_over: Vec<CarriedOver>,
}

/// Collects everything that is due, nets debts, and freezes what is paid.
///
/// The same key with the same request answers with what it made the first time, also when two come
/// at once. What is in an open payout is not paid again, and what moved of it since is netted.
///
/// # Errors
/// When the key made something else, a balance overflows, or the database fails.
pub async fn create(
    connection: &mut PgConnection,
    realm: Realm,
    key: &str,
    request: &Request,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<Created, PayoutError> {
    ledger::lock::exclusive(connection, realm).await?;
    if let Some(batch) = by_key(connection, realm, key).await? {
        if !batch.request.is_like(request) {
            return Err(PayoutError::KeyTaken { key: key.to_owned(), batch: batch.id });
        }
        return batch.answer(connection, false).await;
    }
    let Preview { as_of, plan } = look(connection, realm, request, now).await?;
    let id = sqlx::query_scalar!(
        "INSERT INTO payout_batches (project_id, livemode, idempotency_key, request, as_of, carried_over, actor, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
        realm.project.0,
        realm.mode.is_live(),
        key,
        Json(request) as _,
        as_of,
        Json(&plan.carried_over) as _,
        actor,
        now,
    )
    .fetch_one(&mut *connection)
    .await?;
    let batch = Batch { id: BatchId(id), request: request.clone(), as_of, carried_over: plan.carried_over };
    freeze(&mut *connection, realm, batch.id, &plan.payouts, now).await?;
    let made = batch.answer(&mut *connection, true).await?;
    notify(connection, Event::PayoutCreated, &made.payouts.iter().collect::<Vec<_>>(), actor, None).await?;
    Ok(made)
}

/// What payouts would be made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// What was released before this time is in it; or by it, when it is the time of the call.
    pub as_of: DateTime<Utc>,
    /// What would be paid, and what would wait.
    pub plan: Plan,
}

/// What [`create`] would make now, and what it would carry over: of one moment, without the books and without a change.
///
/// # Errors
/// When a balance overflows, or the database fails.
pub async fn look(
    conn: &mut PgConnection,
    realm: Realm,
    request: &Request,
    now: DateTime<Utc>,
) -> Result<Preview, PayoutError> {
    let as_of = request.as_of.map_or(now, |as_of| as_of.min(now));
    // What is released in this very moment is due; of a day, what is released before it ends.
    let before = request.as_of.filter(|as_of| *as_of <= now).unwrap_or(now + TimeDelta::microseconds(1));
    let due = due(conn, realm, request, before).await?;
    Ok(Preview { as_of, plan: plan(&due, &request.minimums)? })
}

struct Batch {
    id: BatchId,
    request: Request,
    as_of: DateTime<Utc>,
    carried_over: Vec<CarriedOver>,
}

impl Batch {
    async fn answer(self, connection: &mut PgConnection, is_new: bool) -> Result<Created, PayoutError> {
        let payouts = read::of_batch(connection, self.id).await?;
        Ok(Created { batch: self.id, is_new, as_of: self.as_of, payouts, carried_over: self.carried_over })
    }
}

async fn by_key(connection: &mut PgConnection, realm: Realm, key: &str) -> Result<Option<Batch>, StoreError> {
    let row = sqlx::query!(
        r#"SELECT id, request AS "request: Json<Request>", as_of,
                  carried_over AS "carried_over: Json<Vec<CarriedOver>>"
           FROM payout_batches WHERE project_id = $1 AND livemode = $2 AND idempotency_key = $3"#,
        realm.project.0,
        realm.mode.is_live(),
        key,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Batch {
        id: BatchId(row.id),
        request: row.request.0,
        as_of: row.as_of,
        carried_over: row.carried_over.0,
    }))
}

/// What each payment owes beyond what open payouts will pay of it: released, not held, not paid; debts always.
///
/// Rows that turned out to be one payment have one balance. An open payout's items count as gone, whatever has
/// become of them since: what was taken back after the freezing is a debt that is certain already, and is netted now
/// rather than after it was paid (SEMANTICS 13). Should that payout be canceled, what was netted is due again.
async fn due(
    connection: &mut PgConnection,
    realm: Realm,
    request: &Request,
    before: DateTime<Utc>,
) -> Result<Vec<Due>, StoreError> {
    let rows = sqlx::query!(
        r#"
        WITH movements AS (
            SELECT conversion_id, affiliate_id, currency, payable AS minor FROM ledger_movements
            WHERE project_id = $1 AND livemode = $2 AND (cardinality($3::BIGINT[]) = 0 OR affiliate_id = ANY($3))
              AND ($5::TEXT IS NULL OR currency = $5)
            UNION ALL
            SELECT i.conversion_id, i.affiliate_id, i.currency, -i.amount_minor
            FROM payouts p JOIN payout_items i ON i.payout_id = p.id AND i.open
            WHERE p.project_id = $1 AND p.livemode = $2 AND p.status = 'open'
              AND (cardinality($3) = 0 OR p.affiliate_id = ANY($3)) AND ($5 IS NULL OR p.currency = $5)
        ), parts AS (
            -- What comes to nothing adds nothing to its payment: most of what was ever earned is paid.
            SELECT conversion_id, affiliate_id, currency, sum(minor) AS minor FROM movements
            GROUP BY conversion_id, affiliate_id, currency HAVING sum(minor) <> 0
        ), dues AS (
            SELECT payment AS conversion_id, affiliate_id, currency, sum(minor)::BIGINT AS minor, min(released_at) AS released_at
            FROM (
                -- Most are in the index of what affiliates earned. Of the others, such as those that are part of another one, each is read.
                SELECT l.affiliate_id, l.currency, l.minor,
                       coalesce(a.id, (SELECT coalesce(c.merged_into, c.id) FROM conversions c WHERE c.id = l.conversion_id)) AS payment,
                       coalesce(a.released_at,
                                (SELECT coalesce(p.release_at, p.occurred_at)
                                 FROM conversions c JOIN conversions p ON p.id = coalesce(c.merged_into, c.id)
                                 WHERE c.id = l.conversion_id)) AS released_at
                FROM parts l LEFT JOIN (
                    SELECT id, coalesce(release_at, occurred_at) AS released_at FROM conversions
                    WHERE project_id = $1 AND livemode = $2 AND merged_into IS NULL AND affiliate_id IS NOT NULL
                      AND (cardinality($3) = 0 OR affiliate_id = ANY($3))
                ) a ON a.id = l.conversion_id
            ) AS of_payments
            GROUP BY 1, 2, 3
        )
        SELECT affiliate_id AS "affiliate_id!", conversion_id AS "conversion_id!", currency AS "currency!", minor AS "minor!"
        FROM dues
        WHERE minor < 0 OR (minor > 0 AND released_at < $4)
        "#,
        realm.project.0,
        realm.mode.is_live(),
        &request.named(),
        before,
        request.currency.map(|currency| currency.to_string()),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let currency = Currency::stored(&row.currency).map_err(decode)?;
            Ok(Due {
                affiliate: AffiliateId(row.affiliate_id),
                conversion: ConversionId(row.conversion_id),
                amount: Money { minor: row.minor, currency },
            })
        })
        .collect()
}

async fn freeze(
    connection: &mut PgConnection,
    realm: Realm,
    batch: BatchId,
    payouts: &[Planned],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if payouts.is_empty() {
        return Ok(());
    }
    let made = sqlx::query!(
        "INSERT INTO payouts (batch_id, project_id, livemode, affiliate_id, currency, amount_minor, items_sha256, items, created_at)
         SELECT $1, $2, $3, new.affiliate_id, new.currency, new.amount_minor, new.items_sha256, new.items, $8
         FROM UNNEST($4::BIGINT[], $5::TEXT[], $6::BIGINT[], $7::BYTEA[], $9::BIGINT[]) WITH ORDINALITY
             AS new (affiliate_id, currency, amount_minor, items_sha256, items, place)
         ORDER BY new.place
         RETURNING id, affiliate_id, currency",
        batch.0,
        realm.project.0,
        realm.mode.is_live(),
        &payouts.iter().map(|payout| payout.affiliate.0).collect::<Vec<_>>(),
        &payouts.iter().map(|payout| payout.amount.currency.to_string()).collect::<Vec<_>>(),
        &payouts.iter().map(|payout| payout.amount.minor).collect::<Vec<_>>(),
        &payouts.iter().map(fingerprint).collect::<Vec<_>>(),
        now,
        &payouts.iter().map(|payout| i64::try_from(payout.items.len()).unwrap_or(i64::MAX)).collect::<Vec<_>>(),
    )
    .fetch_all(&mut *connection)
    .await?;
    let ids: BTreeMap<(i64, String), i64> =
        made.into_iter().map(|row| ((row.affiliate_id, row.currency), row.id)).collect();
    let mut items: (Vec<i64>, Vec<i64>, Vec<i64>) = Default::default();
    for payout in payouts {
        let account = (payout.affiliate.0, payout.amount.currency.to_string());
        let id = ids.get(&account).copied().ok_or_else(|| decode("a payout that was not written"))?;
        for (conversion, minor) in &payout.items {
            items.0.push(id);
            items.1.push(conversion.0);
            items.2.push(*minor);
        }
    }
    // All of them in one statement: the database sees that each payout is the sum of its items.
    sqlx::query!(
        "INSERT INTO payout_items (payout_id, conversion_id, affiliate_id, currency, amount_minor)
         SELECT p.id, new.conversion_id, p.affiliate_id, p.currency, new.amount_minor
         FROM UNNEST($1::BIGINT[], $2::BIGINT[], $3::BIGINT[]) AS new (payout_id, conversion_id, amount_minor)
         JOIN payouts p ON p.id = new.payout_id",
        &items.0,
        &items.1,
        &items.2,
    )
    .execute(connection)
    .await?;
    Ok(())
}
