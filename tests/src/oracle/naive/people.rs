//! Who is one customer.
//!
//! Whoever is named by one Stripe customer or one user id is one person, and whatever belongs to a
//! payment of theirs is theirs. An address is weaker (4 g): what is known by it alone belongs to the
//! one person who carries it, if there is exactly one, else to a person of that address.

use crate::oracle::model::{CheckoutMode, History, Reference, Settled, Time, Who};
use std::collections::BTreeSet;

/// A person.
#[derive(Clone, Debug)]
pub(super) struct Person {
    /// Stripe's id, else the company's, else the address, else the least object.
    pub(super) name: String,
    /// Every id that names them or something of theirs.
    pub(super) ids: BTreeSet<String>,
    /// Every address they were seen with.
    pub(super) emails: BTreeSet<String>,
}

impl Person {
    fn is_known(&self) -> bool {
        self.ids.iter().any(|id| id.starts_with("cus_") || id.starts_with("user:"))
    }

    fn name(&self) -> String {
        let least = |prefix: &str| self.ids.iter().find(|id| id.starts_with(prefix)).cloned();
        least("cus_")
            .or_else(|| least("user:"))
            .or_else(|| self.emails.first().map(|email| format!("email:{email}")))
            .or_else(|| self.ids.first().cloned())
            .unwrap_or_default()
    }
}

/// The person to whom an id belongs.
pub(super) fn person_of(people: &[Person], id: &str) -> Option<usize> {
    people.iter().position(|person| person.ids.contains(id))
}

pub(super) fn people(history: &History) -> Vec<Person> {
    let mut people: Vec<Person> = Vec::new();
    for (ids, email) in sightings(history) {
        let mut one = Person {
            name: String::new(),
            ids: ids.into_iter().collect(),
            emails: email.iter().map(|email| email.trim().to_lowercase()).collect(),
        };
        // Whoever shares an id with this is the same.
        let mut others = Vec::new();
        for person in people {
            if person.ids.is_disjoint(&one.ids) {
                others.push(person);
            } else {
                one.ids.extend(person.ids);
                one.emails.extend(person.emails);
            }
        }
        others.push(one);
        people = others;
    }
    let (mut known, guests): (Vec<_>, Vec<_>) = people.into_iter().partition(Person::is_known);
    let mut strangers: Vec<Person> = Vec::new();
    for guest in guests {
        let carries = |person: &&mut Person| !person.emails.is_disjoint(&guest.emails);
        let mut candidates: Vec<&mut Person> = known.iter_mut().filter(carries).collect();
        let home = match candidates.as_mut_slice() {
            [only] => Some(&mut **only),
            _ => strangers.iter_mut().find(|person| !person.emails.is_disjoint(&guest.emails)),
        };
        match home {
            Some(home) => {
                home.ids.extend(guest.ids);
                home.emails.extend(guest.emails);
            }
            None => strangers.push(guest),
        }
    }
    known.append(&mut strangers);
    for person in &mut known {
        person.name = person.name();
    }
    known
}

/// Everything that was seen together: ids, and perhaps an address.
fn sightings(history: &History) -> Vec<(Vec<String>, Option<String>)> {
    let mut seen = Vec::new();
    let customer = |place: usize| history.customers[place].id.clone();
    for customer in history.customers.iter().filter(|customer| customer.told) {
        // The address that Stripe has now; those of before count where something was bought with them.
        seen.push((vec![customer.id.clone()], customer.email_at(Time::MAX).map(str::to_owned)));
    }
    for subscription in history.subscriptions.iter().filter(|subscription| subscription.told) {
        seen.push((vec![subscription.id.clone(), customer(subscription.customer)], None));
    }
    for invoice in &history.invoices {
        let mut ids = vec![invoice.id.clone(), customer(invoice.customer)];
        ids.extend(invoice.subscription.map(|place| history.subscriptions[place].id.clone()));
        ids.extend(invoice.money.iter().flat_map(|(intent, charge)| [intent.clone(), charge.clone()]));
        let email = history.customers[invoice.customer].email_at(invoice.at);
        seen.push((ids, email.map(str::to_owned)));
    }
    for checkout in &history.checkouts {
        let mut ids = vec![checkout.id.clone()];
        ids.extend(checkout.customer.map(customer));
        ids.extend(checkout.money.iter().map(|(intent, _)| intent.clone()));
        if checkout.settled != Settled::Later(None) {
            ids.extend(checkout.money.iter().map(|(_, charge)| charge.clone()));
        }
        if let CheckoutMode::Subscription { subscription, invoice } = checkout.mode {
            ids.push(history.subscriptions[subscription].id.clone());
            ids.push(history.invoices[invoice].id.clone());
        }
        seen.push((ids, checkout.email.clone()));
    }
    for intent in &history.intents {
        let mut ids = vec![intent.charge.clone()];
        ids.extend(intent.intent.clone());
        ids.extend(intent.customer.map(customer));
        seen.push((ids, intent.email.clone()));
    }
    let names = |who: &Who| -> Vec<String> {
        let user = who.user.iter().map(|user| format!("user:{user}"));
        user.chain(who.customer.map(customer)).collect()
    };
    for post in &history.posts {
        let mut ids = names(&post.who);
        ids.push(format!("conversion:{}", post.id));
        match &post.reference {
            Reference::None => {}
            Reference::Own(reference) => ids.push(format!("external:{reference}")),
            Reference::Invoice(place) => ids.push(history.invoices[*place].id.clone()),
        }
        seen.push((ids, post.who.email.clone()));
    }
    for referral in &history.referrals {
        let mut ids = names(&referral.who);
        ids.push(format!("referral:{}", referral.id));
        seen.push((ids, referral.who.email.clone()));
    }
    seen
}
