//! Purchases of the affiliate's own.

use crate::directory::Directory;
use crate::email::mailbox;
use crate::settle::attribution::Judgement;
use crate::settle::payments::Payment;
use crate::settle::people::People;
use std::collections::BTreeSet;

/// Whether the customer is the affiliate, and how that is known (SEMANTICS 16).
pub(super) fn evidence(
    people: &People,
    payment: &Payment<'_>,
    judgement: &Judgement,
    directory: &Directory,
) -> Option<String> {
    let affiliate = directory.affiliates.get(&judgement.bind.as_ref()?.affiliate)?;
    let person = people.by_anchor.get(payment.person.as_ref()?)?;
    let theirs = mailbox(&affiliate.email);
    let former: BTreeSet<String> = affiliate.addresses.iter().map(|address| mailbox(address)).collect();
    let mut addresses = person.emails().filter_map(|key| key.as_str().strip_prefix("email:"));
    let (address, whose) = addresses.find_map(|address| {
        let mailbox = mailbox(address);
        let now = (mailbox == theirs).then_some("the mailbox");
        now.or_else(|| former.contains(&mailbox).then_some("a former mailbox")).map(|whose| (address, whose))
    })?;
    // Of a Stripe customer it holds for every payment, whatever address was given at this one.
    let of = match person.stripe_customers().next() {
        Some(customer) => format!("the customer ({customer})"),
        None => "the customer".to_owned(),
    };
    Some(format!("{of} has the address {address}, {whose} of affiliate {}", affiliate.id))
}
