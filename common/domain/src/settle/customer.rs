//! The customer that a person is.

use super::attribution::Binds;
use super::outcome::{Customer, CustomerStatus};
use super::payments::Payment;
use super::people::Person;
use crate::fact::ConversionKind;

/// The customer that a person is; `None` while all there is of them waits for a payment.
pub(super) fn customer(person: &Person, payments: &[Payment<'_>], binds: &Binds) -> Option<Customer> {
    let first_seen_at = person.first_seen_at?;
    let paid = |payment: &&Payment<'_>| {
        payment.person.as_ref() == Some(&person.anchor)
            && payment.kind() == ConversionKind::Purchase
            && payment.money.is_some()
    };
    let first_paid = payments.iter().filter(paid).map(|payment| payment.at).min();
    let converted_at = first_paid.into_iter().chain(person.converted_at).min();
    let bind = binds.of_person.get(&person.anchor).cloned();
    let status = match (&bind, converted_at) {
        (Some(_), Some(_)) => CustomerStatus::Converted,
        (Some(_), None) => CustomerStatus::Pending,
        (None, Some(_)) => CustomerStatus::Direct,
        (None, None) => CustomerStatus::DirectSignup,
    };
    Some(Customer {
        anchor: person.anchor.clone(),
        keys: person.keys.iter().cloned().collect(),
        email: person.email.clone(),
        stripe_customer: person.stripe_customer.clone(),
        external_id: person.user.as_ref().map(|key| key.id().to_owned()),
        status,
        bind,
        converted_at,
        first_seen_at,
    })
}
