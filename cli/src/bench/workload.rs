//! Unique Stripe events of many customers: mostly invoices, with the checkouts, customers and refunds among them.
//!
//! Every fourth customer came by an affiliate's link. One event in sixteen carries metadata that makes it larger, so
//! that bodies have 2 to 8 KB, as those of real accounts.

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use domain::fact::{SessionMode, SessionPaymentStatus};
use stripe::sample::{Sample, Version};

/// The affiliate's code, which [`super::site`] enters.
pub(crate) const CODE: &str = "BENCH";

/// Samples are numbered by series, payment and customer, so that none share an id.
const SERIES: u64 = 1_000_000_000_000;
const PAYMENT: u64 = 10_000_000;
/// What one event in sixteen carries, in bytes.
const EXTRA: usize = 2_000;
/// Stripe's limit of one metadata value.
const METADATA_VALUE: usize = 500;

/// A series of events.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Workload {
    series: u64,
    customers: u64,
    begins: DateTime<Utc>,
}

impl Workload {
    /// The `series`th of this many customers.
    pub(crate) fn new(series: u64, customers: u64) -> Self {
        let begins = Utc::now() - TimeDelta::days(300);
        Self { series, customers: customers.max(1), begins }
    }

    /// The `number`th event: each customer's first is a checkout, paid at once; the others are invoices, some refunded.
    pub(crate) fn event(self, number: u64) -> Bytes {
        let customer = number % self.customers;
        let payment = number / self.customers;
        match (payment, number % 12) {
            (0, 0..=2) => self.checkout(customer),
            (_, 11) if payment > 0 => self.refund(customer, payment - 1, number),
            _ => self.invoice(customer, payment, number),
        }
    }

    /// `count` events from the `first` on.
    pub(crate) fn events(self, first: u64, count: u64) -> Vec<Bytes> {
        (first..first.saturating_add(count)).map(|number| self.event(number)).collect()
    }

    /// The `payment`th invoice of one customer.
    pub(crate) fn invoice(self, customer: u64, payment: u64, number: u64) -> Bytes {
        let mut sample = self.sample(customer, payment);
        let reason = if payment == 0 { "subscription_create" } else { "subscription_cycle" };
        reason.clone_into(&mut sample.billing_reason);
        sample.subtotal = 1_900 + i64::try_from(number % 7_000).unwrap_or_default();
        if number.is_multiple_of(16) {
            let filler = "0123456789".repeat(METADATA_VALUE / 10);
            sample.metadata =
                (0..EXTRA / METADATA_VALUE).map(|place| (format!("note_{place}"), filler.clone())).collect();
        }
        sample.invoice_paid().into()
    }

    /// The first invoice of one of many customers who have the same address.
    pub(crate) fn of_one_address(self, customer: u64) -> Bytes {
        let mut sample = self.sample(customer, 0);
        sample.email = format!("shared-{}@example.com", self.series);
        sample.invoice_paid().into()
    }

    /// The id of a customer at Stripe.
    pub(crate) fn customer_id(self, customer: u64) -> String {
        self.sample(customer, 0).customer.unwrap_or_default()
    }

    fn checkout(self, customer: u64) -> Bytes {
        self.sample(customer, 0)
            .checkout_session_completed(SessionMode::Subscription, SessionPaymentStatus::Paid)
            .into()
    }

    fn refund(self, customer: u64, payment: u64, number: u64) -> Bytes {
        let mut sample = self.sample(customer, payment);
        sample.revision = u32::try_from(number % 1_000_000).unwrap_or_default();
        sample.refund_amount = 500;
        sample.amount_refunded = 500;
        sample.refund_created("succeeded").into()
    }

    /// A customer as they are at their `payment`th payment, a month after the one before.
    fn sample(self, customer: u64, payment: u64) -> Sample {
        let number = self.series * SERIES + customer;
        let first = self.begins + TimeDelta::seconds(i64::try_from(customer % 86_400).unwrap_or_default());
        let mut sample = Sample::new(number, Version::Dahlia, first);
        if payment > 0 {
            let own = Sample::new(number + payment * PAYMENT, Version::Dahlia, first);
            (sample.invoice, sample.payment_intent) = (own.invoice, own.payment_intent);
            (sample.charge, sample.refund, sample.dispute) = (own.charge, own.refund, own.dispute);
            sample.at = first + TimeDelta::hours(i64::try_from(payment).unwrap_or_default());
        }
        if customer.is_multiple_of(4) {
            sample.client_reference_id = Some(CODE.to_owned());
            sample.subscription_metadata = vec![("referral_code".to_owned(), CODE.to_owned())];
        }
        sample
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn events_are_unique_and_of_two_to_eight_kilobytes() {
        let events = Workload::new(3, 500).events(0, 3_000);
        let ids: HashSet<String> = events
            .iter()
            .map(|body| serde_json::from_slice::<serde_json::Value>(body).unwrap()["id"].to_string())
            .collect();
        assert_eq!(ids.len(), events.len());
        let sizes: Vec<usize> = events.iter().map(Bytes::len).collect();
        assert!(sizes.iter().all(|size| (500..=8_192).contains(size)), "{:?}", sizes.iter().max());
        assert!(sizes.iter().sum::<usize>() / sizes.len() >= 2_000);
    }

    #[test]
    fn series_share_no_customer() {
        assert_ne!(Workload::new(1, 10).customer_id(0), Workload::new(2, 10).customer_id(0));
    }
}
