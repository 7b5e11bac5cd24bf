//! The customer that a person is.

use super::outcome::{Bind, Customer, CustomerStatus};
use super::payments::Payment;
use super::people::Person;
use crate::fact::ConversionKind;
use crate::key::Key;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// When each person, by anchor, first paid.
pub(super) type FirstPaid<'a> = BTreeMap<&'a Key, DateTime<Utc>>;

/// When each person first paid.
pub(super) fn first_paid<'a>(payments: &'a [Payment<'_>]) -> FirstPaid<'a> {
    let mut first = FirstPaid::new();
    for payment in payments {
        if let Some(anchor) = &payment.person
            && payment.kind() == ConversionKind::Purchase
            && payment.money.is_some()
        {
            first.entry(anchor).and_modify(|first| *first = payment.at.min(*first)).or_insert(payment.at);
        }
    }
    first
}

/// The customer that a person is; `None` while all there is of them waits for a payment.
pub(super) fn customer(
    person: &Person,
    first_paid: Option<DateTime<Utc>>,
    bind: Option<&Bind>,
) -> Option<Customer> {
    let first_seen_at = person.first_seen_at?;
    let converted_at = first_paid.into_iter().chain(person.converted_at).min();
    let status = match (bind, converted_at) {
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
        bind: bind.cloned(),
        converted_at,
        first_seen_at,
    })
}
