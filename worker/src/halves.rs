//! Two batches that can be settled at once. A batch has its customers to itself until it is committed, so two that were cut where they came
//! would wait for each other whenever a customer pays often: what concerns one customer goes into one of the two.

use crate::intake::{Task, Unworkable};
use domain::fact::Fact;
use domain::key::{Key, KeyKind};
use queue::Delivery;
use std::hash::{DefaultHasher, Hash, Hasher};

/// A delivery, and what it asks for.
pub(crate) type Read = (Delivery, Result<Task, Unworkable>);

/// Those of one half of the customers, and those of the other, each in their order.
pub(crate) fn by_customer(read: Vec<Read>) -> (Vec<Read>, Vec<Read>) {
    read.into_iter().partition(|(_, task)| match task {
        Ok(Task::Settle(work)) => is_first(customer(&work.item.facts)),
        _ => true,
    })
}

/// What tells best whose an event is. One that names a payment alone may meet the others of its customer in the other half.
fn customer(facts: &[Fact]) -> Option<&Key> {
    let keys = facts.iter().flat_map(|fact| &fact.identities);
    keys.min_by_key(|key| (rank(key.kind()), *key))
}

fn rank(kind: KeyKind) -> u8 {
    match kind {
        KeyKind::StripeCustomer => 0,
        KeyKind::User => 1,
        KeyKind::Email => 2,
        KeyKind::Subscription | KeyKind::Referral => 3,
        KeyKind::Invoice
        | KeyKind::PaymentIntent
        | KeyKind::Charge
        | KeyKind::Session
        | KeyKind::External => 4,
    }
}

fn is_first(customer: Option<&Key>) -> bool {
    let mut hasher = DefaultHasher::new();
    customer.hash(&mut hasher);
    hasher.finish().is_multiple_of(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, TimeDelta};
    use common::intake;
    use domain::ids::{Mode, ProjectId, Realm};
    use queue::envelope::Source;
    use stripe::metadata::MetadataKeys;
    use stripe::sample::{Sample, Version};

    fn facts(body: &str) -> Vec<Fact> {
        let realm = Realm { project: ProjectId(1), mode: Mode::Test };
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        intake::read(Source::Stripe, body.as_bytes(), realm, now, &MetadataKeys::default()).unwrap().facts
    }

    #[test]
    fn what_concerns_one_customer_goes_one_way_and_customers_go_both() {
        let mut first = 0;
        for number in 0..200 {
            let sale = Sample::new(number, Version::Dahlia, DateTime::UNIX_EPOCH + TimeDelta::days(19_000));
            let next = Sample { invoice: format!("in_another{number}"), ..sale.clone() };
            let told = [sale.invoice_paid(), next.invoice_paid(), sale.charge_succeeded()];
            let ways: Vec<bool> = told.iter().map(|body| is_first(customer(&facts(body)))).collect();
            assert!(ways.iter().all(|way| *way == ways[0]), "customer {number}: {ways:?}");
            first += usize::from(ways[0]);
        }
        assert!((70..130).contains(&first), "{first} of 200 go one way");
    }
}
