//! Posts what rows say once more, without folding: what is posted besides changed.

use super::cause::Cause;
use super::ledger;
use super::written::{Amounts, Written};
use crate::ledger::post;
use crate::{PgConnection, StoreError};
use domain::ids::{AffiliateId, ConversionId};

/// Posts the difference between the ledger and what the rows of these conversions say. The caller
/// has the ledger alone, so that rows and ledger are those of one moment.
pub(crate) async fn post_again(
    connection: &mut PgConnection,
    ids: &[ConversionId],
) -> Result<usize, StoreError> {
    if ids.is_empty() {
        return Ok(0);
    }
    let rows = sqlx::query!(
        "SELECT id, affiliate_id, currency, commission_minor, clawed_back_minor, held_minor, rule_id
         FROM conversions WHERE id = ANY($1) AND merged_into IS NULL
         ORDER BY id",
        &ids.iter().map(|id| id.0).collect::<Vec<_>>(),
    )
    .fetch_all(&mut *connection)
    .await?;
    let written: Vec<Written> = rows
        .into_iter()
        .map(|row| Written {
            id: ConversionId(row.id),
            affiliate: row.affiliate_id.map(AffiliateId),
            currency: row.currency,
            amounts: Amounts::of_row(row.commission_minor, row.clawed_back_minor, row.held_minor),
            is_posted: true,
            said_paid: Vec::new(),
            keys: Vec::new(),
            payment: None,
            first: None,
            cause: Cause { reason: Some("a payout was canceled".to_owned()), ..Cause::default() },
            rule: row.rule_id,
            changed: false,
            is_new: false,
        })
        .collect();
    let entries = ledger::missing(connection, &written).await?;
    post(connection, &entries).await?;
    Ok(entries.len())
}
