//! What is said of referrals: of customers who are an affiliate's, or were.

use crate::StoreError;
use crate::customers::{self, Customer};
use crate::notifications::{Cause, NewNotification, Referred, Referrers};
use domain::ids::{AffiliateId, Realm};
use domain::notification::Event;

/// A customer whose row changed.
pub(super) struct Change {
    pub(super) realm: Realm,
    /// As it was; `None` when it is new.
    pub(super) before: Option<Customer>,
    /// As it is; `None` when it turned out to be somebody else.
    pub(super) after: Option<Customer>,
    pub(super) cause: Cause,
}

/// What is to be said of some changes, in order.
pub(super) fn news(changes: &[Change], referrers: &Referrers) -> Result<Vec<NewNotification>, StoreError> {
    let mut new = Vec::new();
    for change in changes {
        let Some(customer) = change.shown() else { continue };
        for event in events(change.before.as_ref(), change.after.as_ref()) {
            new.push(NewNotification {
                realm: change.realm,
                event,
                referrer: customer.affiliate.and_then(|id| referrers.get(id).cloned()),
                referred: Some(Referred { id: customer.id.to_string(), email: customer.user_email.clone() }),
                data: customers::object(customer)?,
                delta: None,
                cause: change.cause.clone(),
                ledger_entry: None,
            });
        }
    }
    Ok(new)
}

impl Change {
    /// The affiliate whom it is about.
    pub(super) fn affiliate(&self) -> Option<AffiliateId> {
        self.shown()?.affiliate
    }

    /// The customer as it is, or as it was when it is no more.
    fn shown(&self) -> Option<&Customer> {
        self.after.as_ref().or(self.before.as_ref())
    }
}

/// What a change comes to. Whoever is nobody's, and was nobody's, is no referral.
fn events(before: Option<&Customer>, after: Option<&Customer>) -> Vec<Event> {
    let affiliate = |customer: Option<&Customer>| customer.and_then(|customer| customer.affiliate);
    let has_paid =
        |customer: Option<&Customer>| customer.is_some_and(|customer| customer.converted_at.is_some());
    match (affiliate(before), affiliate(after)) {
        (None, None) => Vec::new(),
        (Some(_), None) => vec![Event::ReferralCanceled],
        (None, Some(_)) if has_paid(after) => vec![Event::ReferralSignedUp, Event::ReferralConverted],
        (None, Some(_)) => vec![Event::ReferralSignedUp],
        (Some(_), Some(_)) if has_paid(after) && !has_paid(before) => vec![Event::ReferralConverted],
        (Some(_), Some(_)) if before == after => Vec::new(),
        (Some(_), Some(_)) => vec![Event::ReferralUpdated],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use domain::ids::{AffiliateId, CustomerId};
    use domain::settle::CustomerStatus;

    fn customer(affiliate: Option<i64>, paid: bool) -> Customer {
        Customer {
            id: CustomerId(1),
            user_email: None,
            status: CustomerStatus::Pending,
            converted_at: paid.then_some(DateTime::UNIX_EPOCH),
            first_seen_at: DateTime::UNIX_EPOCH,
            affiliate: affiliate.map(AffiliateId),
            referral_code: None,
            coupon_code: None,
            stripe_customer_id: None,
            external_id: None,
            attribution: None,
            bound_at: None,
        }
    }

    #[test]
    fn a_change_is_told_by_what_it_comes_to() {
        let told =
            |before: Option<Customer>, after: Option<Customer>| events(before.as_ref(), after.as_ref());
        let (signed, converted, canceled, updated) = (
            Event::ReferralSignedUp,
            Event::ReferralConverted,
            Event::ReferralCanceled,
            Event::ReferralUpdated,
        );
        let nobodys = Some(customer(None, true));
        let referred = Some(customer(Some(7), false));
        let paying = Some(customer(Some(7), true));
        assert_eq!(told(None, nobodys.clone()), []);
        assert_eq!(told(None, referred.clone()), [signed]);
        assert_eq!(told(None, paying.clone()), [signed, converted]);
        assert_eq!(told(nobodys.clone(), paying.clone()), [signed, converted]);
        assert_eq!(told(referred.clone(), paying.clone()), [converted]);
        assert_eq!(told(paying.clone(), nobodys), [canceled]);
        assert_eq!(told(paying.clone(), None), [canceled]);
        assert_eq!(told(paying.clone(), paying.clone()), []);
        assert_eq!(told(paying, Some(customer(Some(8), true))), [updated]);
    }
}
