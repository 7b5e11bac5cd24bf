//! Which conversion each name of a payment leads to.

use super::written::Written;
use crate::{PgConnection, StoreError};

/// Lets every key of a payment find its row, so that a caller may name it by any of them (SEMANTICS 1). The row's own key
/// finds it by itself.
pub(super) async fn point(connection: &mut PgConnection, written: &[Written]) -> Result<(), StoreError> {
    let keys: Vec<(i64, bool, String, i64, bool)> = written
        .iter()
        .flat_map(|row| {
            row.keys.iter().map(move |(realm, key)| (realm, key, row.id, Some(key) == row.payment.as_ref()))
        })
        .map(|(realm, key, id, is_own)| {
            (realm.project.0, realm.mode.is_live(), key.as_str().to_owned(), id.0, is_own)
        })
        .collect();
    if keys.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "UPDATE identity_keys k SET conversion_id = new.conversion_id
         FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::TEXT[], $4::BIGINT[], $5::BOOLEAN[])
             AS new (project_id, livemode, key, conversion_id, is_own)
         WHERE k.project_id = new.project_id AND k.livemode = new.livemode AND k.key = new.key
           AND k.conversion_id IS DISTINCT FROM new.conversion_id
           AND NOT (new.is_own AND k.conversion_id IS NULL)",
        &keys.iter().map(|key| key.0).collect::<Vec<_>>(),
        &keys.iter().map(|key| key.1).collect::<Vec<_>>(),
        &keys.iter().map(|key| key.2.clone()).collect::<Vec<_>>(),
        &keys.iter().map(|key| key.3).collect::<Vec<_>>(),
        &keys.iter().map(|key| key.4).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}
