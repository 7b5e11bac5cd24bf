//! Rows that turned out to be one payment (SEMANTICS 1).

use crate::{PgConnection, StoreError};
use domain::ids::ConversionId;

/// Lets each of these rows lead to the one that stands, and whatever had been merged into it before. What callers told
/// of the payment under the other's name stays with the payment: its reference, its link, and what a change starts from.
pub(super) async fn merge(
    connection: &mut PgConnection,
    merged: &[(ConversionId, ConversionId)],
) -> Result<(), StoreError> {
    if merged.is_empty() {
        return Ok(());
    }
    let losers: Vec<i64> = merged.iter().map(|(loser, _)| loser.0).collect();
    let winners: Vec<i64> = merged.iter().map(|(_, winner)| winner.0).collect();
    sqlx::query!(
        r#"
        UPDATE conversions w
        SET request = coalesce(w.request, l.request), reference = coalesce(w.reference, l.reference),
            url = coalesce(w.url, l.url), revision = greatest(w.revision, l.revision)
        FROM (
            SELECT m.winner, (array_agg(c.request ORDER BY c.id) FILTER (WHERE c.request IS NOT NULL))[1] AS request,
                   (array_agg(c.reference ORDER BY c.id) FILTER (WHERE c.reference IS NOT NULL))[1] AS reference,
                   (array_agg(c.url ORDER BY c.id) FILTER (WHERE c.url IS NOT NULL))[1] AS url,
                   max(c.revision) AS revision
            FROM UNNEST($1::BIGINT[], $2::BIGINT[]) AS m (loser, winner)
            JOIN conversions c ON c.id = m.loser
            GROUP BY m.winner
        ) l
        WHERE w.id = l.winner
        "#,
        &losers,
        &winners,
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        r#"
        UPDATE conversions c
        SET merged_into = new.winner, status = 'reversed', reason = 'the same payment as conversion ' || new.winner,
            commission_minor = 0, clawed_back_minor = 0, held_minor = 0, paid_out_minor = 0, affiliate_id = NULL
        FROM UNNEST($1::BIGINT[], $2::BIGINT[]) AS new (id, winner)
        WHERE c.id = new.id OR c.merged_into = new.id
        "#,
        &losers,
        &winners,
    )
    .execute(connection)
    .await?;
    Ok(())
}
