//! What is said of movements.

use super::posted::Posted;
use super::{Account, Entry};
use crate::notifications::{NewNotification, Referrers};
use crate::{StoreError, decode};
use domain::money::{Currency, Money};
use domain::notification::Event;

/// One notification for each entry, in their order.
pub(super) fn of(
    entries: &[Entry],
    posted: &Posted,
    referrers: &Referrers,
) -> Result<Vec<NewNotification>, StoreError> {
    let notifications = entries.iter().zip(&posted.ids).map(|(entry, id)| {
        let told = posted.conversions.get(&entry.conversion.0);
        let told = told.ok_or_else(|| decode("an entry of no conversion"))?;
        let currency = Currency::stored(&entry.currency).map_err(decode)?;
        Ok(NewNotification {
            realm: told.realm,
            event: event(entry),
            referrer: referrers.get(entry.affiliate).cloned(),
            referred: told.referred.clone(),
            data: told.data.clone(),
            delta: Some(Money { minor: entry.payable, currency }),
            cause: entry.cause.clone(),
            ledger_entry: Some(*id),
        })
    });
    notifications.collect()
}

/// The name says where what is payable came from, or went to; the sign of `delta` which.
fn event(entry: &Entry) -> Event {
    match entry.account {
        Account::Expense if entry.is_first => Event::CommissionCreated,
        Account::Expense => Event::CommissionAmended,
        Account::Clawback => Event::CommissionReversed,
        Account::Held if entry.payable < 0 => Event::CommissionHeld,
        Account::Held => Event::CommissionReleased,
        Account::Paid => Event::CommissionPaid,
    }
}
