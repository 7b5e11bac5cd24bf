//! What has left by callers' words that it is paid, beside what payouts paid (ADR 13).
//!
//! What a word covers is the fold's to say. What of it payouts had paid already is told by the payouts that were made
//! before the word took effect: a payout has the ledger alone, so each word is before or after it.

use super::written::{Account, Written};
use crate::{PgConnection, StoreError};
use domain::ids::{AffiliateId, ConversionId};
use domain::settle::SaidPaid;
use std::collections::BTreeMap;

/// The conversions of which callers may have said so. An ordinary batch has none, and costs no statement here.
fn posted(written: &[Written]) -> Vec<i64> {
    written.iter().filter(|row| row.is_posted).map(|row| row.id.0).collect()
}

/// Keeps what each word covers, and that words were taken back. The caller shares the ledger.
pub(super) async fn write(connection: &mut PgConnection, written: &[Written]) -> Result<(), StoreError> {
    let ids = posted(written);
    if ids.is_empty() {
        return Ok(());
    }
    let said: Vec<(ConversionId, &SaidPaid)> =
        written.iter().flat_map(|row| row.said_paid.iter().map(|said| (row.id, said))).collect();
    if !said.is_empty() {
        sqlx::query!(
            "INSERT INTO said_paid (project_id, livemode, event_id, conversion_id, affiliate_id, currency, amount_minor, last_payout)
             SELECT c.project_id, c.livemode, new.event_id, c.id, new.affiliate_id, new.currency, new.amount_minor,
                    coalesce((SELECT max(p.id) FROM payouts p
                              WHERE p.project_id = c.project_id AND p.livemode = c.livemode), 0)
             FROM UNNEST($1::BIGINT[], $2::TEXT[], $3::BIGINT[], $4::TEXT[], $5::BIGINT[])
                 AS new (conversion_id, event_id, affiliate_id, currency, amount_minor)
             JOIN conversions c ON c.id = new.conversion_id
             ON CONFLICT (project_id, livemode, event_id) DO UPDATE
             SET conversion_id = excluded.conversion_id, affiliate_id = excluded.affiliate_id,
                 currency = excluded.currency, amount_minor = excluded.amount_minor",
            &said.iter().map(|(id, _)| id.0).collect::<Vec<_>>(),
            &said.iter().map(|(_, said)| said.event.clone()).collect::<Vec<_>>(),
            &said.iter().map(|(_, said)| said.affiliate.map(|id| id.0)).collect::<Vec<_>>() as &[Option<i64>],
            &said.iter().map(|(_, said)| said.currency.to_string()).collect::<Vec<_>>(),
            &said.iter().map(|(_, said)| said.minor.max(0)).collect::<Vec<_>>(),
        )
        .execute(&mut *connection)
        .await?;
    }
    sqlx::query!(
        "UPDATE said_paid SET amount_minor = 0
         WHERE conversion_id = ANY($1) AND amount_minor <> 0 AND event_id <> ALL($2)",
        &ids,
        &said.iter().map(|(_, said)| said.event.clone()).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// What has left by such words of some conversions, in minor units, and payouts had not paid. Of several words on one
/// account, each says of all that stood that it has left: the most of them counts.
pub(super) async fn left(
    connection: &mut PgConnection,
    written: &[Written],
) -> Result<BTreeMap<Account, i64>, StoreError> {
    let ids = posted(written);
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = sqlx::query!(
        r#"SELECT conversion_id AS "conversion_id!", affiliate_id AS "affiliate_id!", currency AS "currency!",
                  max(minor)::BIGINT AS "minor!"
           FROM said_paid_left WHERE conversion_id = ANY($1) AND minor > 0
           GROUP BY conversion_id, affiliate_id, currency"#,
        &ids,
    )
    .fetch_all(connection)
    .await?;
    let account = |id, affiliate, currency| (ConversionId(id), AffiliateId(affiliate), currency);
    Ok(rows
        .into_iter()
        .map(|row| (account(row.conversion_id, row.affiliate_id, row.currency), row.minor))
        .collect())
}
