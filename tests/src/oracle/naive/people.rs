//! Who is one customer.
//!
//! Whoever is named by one Stripe customer or one user id is one person, and whatever belongs to a
//! payment of theirs is theirs. An address is weaker (18): a guest is known by the buyer's address, else
//! by that of the receipt, and only without either by that of the card. Whose the guests of an address are
//! is decided at their first purchase: the only customer's who carried it by then; nobody's, when several
//! did; and when none did, that of the customer who turns up first and new with it.

use crate::oracle::model::{CheckoutMode, History, Settled, Time, Who};
use std::collections::{BTreeMap, BTreeSet};

/// A person.
#[derive(Clone, Debug)]
pub(super) struct Person {
    /// Stripe's id, else the company's, else the address, else the least object.
    pub(super) name: String,
    /// Every id that names them or something of theirs.
    pub(super) ids: BTreeSet<String>,
    /// Every address they were seen with, with the first time.
    pub(super) emails: BTreeMap<String, Time>,
    /// When they were first seen.
    seen: Option<Time>,
    /// When they first did something: paid, checked out, signed up.
    acted: Option<Time>,
    /// How much each address says: 0 the buyer's, 1 the receipt's, 2 the payer's.
    worth: BTreeMap<String, u8>,
}

impl Person {
    fn is_known(&self, history: &History) -> bool {
        self.ids.iter().any(|id| id.starts_with("user:"))
            || history.customers.iter().any(|customer| self.ids.contains(&customer.id))
    }

    fn name(&self, history: &History) -> String {
        let stripe = history.customers.iter().filter(|customer| self.ids.contains(&customer.id));
        let stripe = stripe.map(super::super::model::Customer::key).min();
        let user = || self.ids.iter().find(|id| id.starts_with("user:")).cloned();
        stripe
            .or_else(user)
            .or_else(|| self.emails.keys().next().map(|email| format!("email:{email}")))
            .or_else(|| self.ids.first().cloned())
            .unwrap_or_default()
    }

    /// Since when an address is theirs; always, when they were never seen without it.
    pub(super) fn has_since(&self, email: &str) -> Option<Time> {
        let since = *self.emails.get(email)?;
        Some(if self.seen.is_none_or(|seen| since <= seen) { Time::MIN } else { since })
    }

    fn meet(&mut self, other: Self) {
        self.ids.extend(other.ids);
        for (email, since) in other.emails {
            let known = self.emails.entry(email).or_insert(since);
            *known = since.min(*known);
        }
        for (email, worth) in other.worth {
            let known = self.worth.entry(email).or_insert(worth);
            *known = worth.min(*known);
        }
        self.seen = self.seen.into_iter().chain(other.seen).min();
        self.acted = self.acted.into_iter().chain(other.acted).min();
    }

    /// The address of a card says nothing where the buyer gave another.
    fn forget_the_payer(&mut self) {
        if self.worth.values().any(|worth| *worth < 2) {
            let worth = &self.worth;
            self.emails.retain(|email, _| worth[email] < 2);
        }
    }

    /// The address that says most, of several the first.
    fn best(&self) -> Option<String> {
        let best = self.emails.iter().min_by_key(|(email, since)| (self.worth[*email], **since));
        best.map(|(email, _)| email.clone())
    }
}

/// The person to whom an id belongs.
pub(super) fn person_of(people: &[Person], id: &str) -> Option<usize> {
    people.iter().position(|person| person.ids.contains(id))
}

pub(super) fn people(history: &History) -> Vec<Person> {
    let mut people: Vec<Person> = Vec::new();
    for sighting in sightings(history) {
        let mut one = sighting.person();
        // Whoever shares an id with this is the same.
        let mut others = Vec::new();
        for person in people {
            if person.ids.is_disjoint(&one.ids) {
                others.push(person);
            } else {
                one.meet(person);
            }
        }
        others.push(one);
        people = others;
    }
    people.iter_mut().for_each(Person::forget_the_payer);
    let (mut known, guests): (Vec<_>, Vec<_>) =
        people.into_iter().partition(|person| person.is_known(history));
    let mut of_address: BTreeMap<String, Person> = BTreeMap::new();
    let mut strangers: Vec<Person> = Vec::new();
    for guest in guests {
        match guest.best() {
            None => strangers.push(guest),
            Some(email) => match of_address.remove(&email) {
                None => drop(of_address.insert(email, guest)),
                Some(mut other) => {
                    other.meet(guest);
                    of_address.insert(email, other);
                }
            },
        }
    }
    let homes: Vec<Option<usize>> = of_address
        .iter()
        .map(|(email, guest)| home(&known, email, guest.seen.unwrap_or(Time::MAX)))
        .collect();
    for (home, guest) in homes.into_iter().zip(of_address.into_values()) {
        match home {
            Some(place) => known[place].meet(guest),
            None => strangers.push(guest),
        }
    }
    known.append(&mut strangers);
    for person in &mut known {
        person.name = person.name(history);
    }
    known
}

/// Whose the guests of an address are, of those who are known by more.
fn home(known: &[Person], email: &str, first_purchase: Time) -> Option<usize> {
    let mut carriers: Vec<(Time, usize)> = (0..known.len())
        .filter_map(|place| known[place].emails.get(email).map(|since| (*since, place)))
        .collect();
    carriers.sort_unstable();
    let by_then: Vec<&(Time, usize)> =
        carriers.iter().filter(|(since, _)| *since <= first_purchase).collect();
    match (by_then.as_slice(), carriers.as_slice()) {
        ([(_, only)], _) => Some(*only),
        ([_, _, ..], _) | ([], []) => None,
        ([], [(first, _), (second, _), ..]) if first == second => None,
        ([], [(since, first), ..]) => {
            known[*first].acted.is_none_or(|acted| acted >= *since).then_some(*first)
        }
    }
}

/// Something that was seen: ids together, and perhaps addresses.
struct Sighting {
    at: Time,
    ids: Vec<String>,
    emails: Vec<(String, u8)>,
    /// Whether it is something that the customer did.
    act: bool,
}

impl Sighting {
    fn person(self) -> Person {
        let normal = |email: &str| email.trim().to_lowercase();
        Person {
            name: String::new(),
            ids: self.ids.into_iter().collect(),
            emails: self.emails.iter().map(|(email, _)| (normal(email), self.at)).collect(),
            worth: self.emails.iter().map(|(email, worth)| (normal(email), *worth)).collect(),
            seen: Some(self.at),
            acted: self.act.then_some(self.at),
        }
    }
}

const BUYER: u8 = 0;
const RECEIPT: u8 = 1;
const PAYER: u8 = 2;

/// Everything that was seen together.
fn sightings(history: &History) -> Vec<Sighting> {
    let mut seen = Vec::new();
    let mut see = |at: Time, act: bool, ids: Vec<String>, emails: Vec<(Option<String>, u8)>| {
        let emails = emails.into_iter().filter_map(|(email, worth)| Some((email?, worth))).collect();
        seen.push(Sighting { at, ids, emails, act });
    };
    let customer = |place: usize| history.customers[place].id.clone();
    for customer in history.customers.iter().filter(|customer| customer.told) {
        // Each address that Stripe has had, from when it was told.
        let changes = customer.changes.iter().map(|change| change.at);
        for at in [customer.created].into_iter().chain(changes) {
            let email = customer.email_at(at).map(str::to_owned);
            see(at, false, vec![customer.id.clone()], vec![(email, BUYER)]);
        }
    }
    for subscription in history.subscriptions.iter().filter(|subscription| subscription.told) {
        // However often it is told of later.
        see(
            subscription.created,
            false,
            vec![subscription.id.clone(), customer(subscription.customer)],
            Vec::new(),
        );
    }
    for invoice in &history.invoices {
        let mut ids = vec![invoice.id.clone(), customer(invoice.customer)];
        ids.extend(invoice.subscription.map(|place| history.subscriptions[place].id.clone()));
        ids.extend(invoice.money.iter().flat_map(|(intent, charge)| [intent.clone(), charge.clone()]));
        let email = history.customers[invoice.customer].email_at(invoice.at);
        see(invoice.at, true, ids, vec![(email.map(str::to_owned), BUYER)]);
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
        let payer = checkout.payer.clone().filter(|_| checkout.took_money() && checkout.customer.is_none());
        see(checkout.at, true, ids, vec![(checkout.email.clone(), BUYER), (payer, PAYER)]);
    }
    for intent in &history.intents {
        let mut ids = vec![intent.charge.clone()];
        ids.extend(intent.intent.clone());
        ids.extend(intent.customer.map(customer));
        let payer = intent.payer.clone().filter(|_| intent.customer.is_none());
        see(intent.at, true, ids, vec![(intent.email.clone(), RECEIPT), (payer, PAYER)]);
    }
    let names = |who: &Who| -> Vec<String> {
        let user = who.user.iter().map(|user| format!("user:{user}"));
        user.chain(who.customer.map(customer)).collect()
    };
    for post in &history.posts {
        let mut ids = names(&post.who);
        ids.push(format!("conversion:{}", post.id));
        ids.push(post.key());
        see(post.at, true, ids, vec![(post.who.email.clone(), BUYER)]);
    }
    for referral in &history.referrals {
        let mut ids = names(&referral.who);
        ids.push(format!("referral:{}", referral.id));
        see(referral.at, true, ids, vec![(referral.who.email.clone(), BUYER)]);
    }
    seen
}
