//! What is said of payouts.

use super::{Payout, object};
use crate::notifications::{self, Cause, NewNotification, Referrer};
use crate::{PgConnection, StoreError};
use domain::notification::Event;

/// Says what became of some payouts, and who did it.
pub(super) async fn notify(
    connection: &mut PgConnection,
    event: Event,
    payouts: &[&Payout],
    actor: &str,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    let new = payouts.iter().map(|payout| {
        Ok(NewNotification {
            realm: payout.realm,
            event,
            referrer: Some(Referrer {
                id: payout.affiliate.to_string(),
                email: payout.email.clone(),
                payout_preferences: payout.preferences.clone(),
            }),
            referred: None,
            data: object::object(payout)?,
            delta: None,
            cause: Cause { event: None, actor: Some(actor.to_owned()), reason: reason.map(str::to_owned) },
            ledger_entry: None,
        })
    });
    notifications::write(connection, &new.collect::<Result<Vec<_>, StoreError>>()?).await
}
