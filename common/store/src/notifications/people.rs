//! Affiliates and customers, in short.

use super::Referrer;
use crate::{PgConnection, StoreError};
use std::collections::BTreeMap;

/// Affiliates by their ids, closed ones as well.
pub(crate) async fn referrers(
    connection: &mut PgConnection,
    ids: &[i64],
) -> Result<BTreeMap<i64, Referrer>, StoreError> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = sqlx::query!(
        "SELECT a.id, a.user_email, a.payout_preferences FROM UNNEST($1::BIGINT[]) AS wanted (id)
         CROSS JOIN LATERAL (SELECT * FROM affiliates WHERE id = wanted.id OFFSET 0) a",
        &ids,
    )
    .fetch_all(connection)
    .await?;
    let referrers = rows.into_iter().map(|row| {
        let referrer = Referrer {
            id: row.id.to_string(),
            email: row.user_email,
            payout_preferences: row.payout_preferences,
        };
        (row.id, referrer)
    });
    Ok(referrers.collect())
}
