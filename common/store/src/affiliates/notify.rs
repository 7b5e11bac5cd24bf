//! What is said of affiliates.

use super::{Affiliate, figures, object};
use crate::notifications::{self, Cause, NewNotification, Referrer};
use crate::{PgConnection, StoreError, realm};
use domain::notification::Event;

/// Says what became of an affiliate: with all of it, as it is now.
pub(super) async fn notify(
    connection: &mut PgConnection,
    event: Event,
    affiliate: &Affiliate,
    reason: &str,
) -> Result<(), StoreError> {
    let row = sqlx::query!(
        r#"SELECT project_id, livemode, now() AS "now!" FROM affiliates WHERE id = $1"#,
        affiliate.id.0
    )
    .fetch_one(&mut *connection)
    .await?;
    let figures =
        figures(&mut *connection, &[affiliate.id], row.now).await?.remove(&affiliate.id).unwrap_or_default();
    let notification = NewNotification {
        realm: realm(row.project_id, row.livemode),
        event,
        referrer: Some(Referrer {
            id: affiliate.id.to_string(),
            email: affiliate.user_email.clone(),
            payout_preferences: affiliate.payout_preferences.clone(),
        }),
        referred: None,
        data: object::object(affiliate, &figures)?,
        delta: None,
        cause: Cause { reason: Some(reason.to_owned()), ..Cause::default() },
        ledger_entry: None,
    };
    notifications::write(connection, &[notification]).await
}
