//! Purchases of the affiliate's own.

use crate::clock::not_after;
use crate::directory::{AddressRole, Affiliate, Directory, OwnAddress};
use crate::email::{self, mailbox};
use crate::settle::attribution::Judgement;
use crate::settle::payments::Payment;
use crate::settle::people::People;
use chrono::{DateTime, Utc};

/// Whether the customer is the affiliate, and how that is known (SEMANTICS 16). What became known after the
/// commission had been paid out is no evidence: paid is immutable (SEMANTICS 13).
pub(super) fn evidence(
    people: &People,
    payment: &Payment<'_>,
    judgement: &Judgement,
    directory: &Directory,
) -> Option<String> {
    let affiliate = directory.affiliates.get(&judgement.bind.as_ref()?.affiliate)?;
    let person = people.by_anchor.get(payment.person.as_ref()?)?;
    let words = payment.posted.iter().flat_map(|posted| &posted.paid);
    let said_paid = words.map(|word| word.at.max(payment.at));
    let paid_out = payment.aliases.iter().filter_map(|key| directory.paid_out.get(key)).copied();
    let paid_out = paid_out.chain(said_paid).min();
    let in_time = |known_at: DateTime<Utc>| paid_out.is_none_or(|paid_out| not_after(known_at, paid_out));
    let own = addresses(affiliate);
    let (address, own) = person.addresses.iter().find_map(|(address, since)| {
        let theirs = mailbox(address.id());
        let mut own = own.iter().filter(|own| mailbox(&own.email) == theirs);
        let own = own.find(|own| in_time(own.since.map_or(*since, |known| known.max(*since))))?;
        Some((address.id(), own))
    })?;
    // Of a Stripe customer it holds for every payment, whatever address was given at this one.
    let of = match &person.stripe_customer {
        Some(customer) => format!("the customer ({customer})"),
        None => "the customer".to_owned(),
    };
    Some(format!("{of} has the address {address}, {} of affiliate {}", role(own, affiliate), affiliate.id))
}

/// Every address of the affiliate's; the current one always was, unless it is known since when.
fn addresses(affiliate: &Affiliate) -> Vec<OwnAddress> {
    let mut addresses = affiliate.addresses.clone();
    let current = email::normalise(&affiliate.email);
    if !addresses.iter().any(|own| own.role == AddressRole::Contact && own.email == current) {
        addresses.push(OwnAddress { email: current, since: None, role: AddressRole::Contact });
    }
    addresses
}

fn role(own: &OwnAddress, affiliate: &Affiliate) -> &'static str {
    match own.role {
        AddressRole::Payout => "a payout address",
        AddressRole::Contact if mailbox(&own.email) == mailbox(&affiliate.email) => "the mailbox",
        AddressRole::Contact => "a former mailbox",
    }
}
