//! Many people who share an address: when what one of them does is settled without the others, and when it is not.

use super::history::*;
use crate::fact::{TouchMethod, TouchedObject};
use crate::key::{Key, KeyKind};
use crate::settle::{Division, KnownFact, Settlement, Touched, settle, settle_all};
use crate::union_find::UnionFind;
use std::collections::{BTreeMap, BTreeSet};

use TouchMethod::{ClientReferenceId, Metadata};
use TouchedObject::{Invoice, Session};

const SHARED: &str = "kim@customer.example";

/// Three customers with one address, of whom the first was sent by Alice and the third by Bob.
fn three() -> History {
    History::new()
        .customer(1, "cus_1", SHARED)
        .invoice(1, "in_1", "cus_1", 1_000)
        .touch(1, Invoice, "in_1", Metadata, "alice")
        .customer(2, "cus_2", SHARED)
        .invoice(2, "in_2", "cus_2", 1_000)
        .customer(3, "cus_3", SHARED)
        .invoice(3, "in_3", "cus_3", 1_000)
        .touch(3, Invoice, "in_3", Metadata, "bob")
}

/// What follows for those whom `now` tells more of than `before`, where it follows without the others: then it is what all facts
/// come to.
fn told_alone(before: &History, now: &History) -> Option<Settlement> {
    let (before, after) = (before.kept(), now.kept());
    let (_, past) = settle_all(&before, &now.rules, &now.directory, 2).unwrap();
    let past = past.expect("a crowd is kept");
    assert_eq!(past.division(), Division::People);
    let mut sets = UnionFind::default();
    let strong = |key: &&Key| key.kind() != KeyKind::Email;
    for known in before.iter().chain(&after) {
        sets.join(known.fact.identities.iter().filter(strong));
    }
    let of_one = |key: &&Key| key.kind() == KeyKind::Email && !past.shares(key);
    let told: Vec<&KnownFact> = after.iter().filter(|known| !before.contains(known)).collect();
    let addresses: BTreeSet<&Key> =
        told.iter().flat_map(|known| &known.fact.identities).filter(of_one).collect();
    let is_theirs = |known: &&KnownFact| known.fact.identities.iter().any(|key| addresses.contains(key));
    let people = told.iter().copied().chain(before.iter().filter(is_theirs));
    let touched: BTreeSet<Key> =
        people.filter_map(|known| Some(sets.root(known.fact.identities.iter().find(strong)?))).collect();
    let mut read = |facts: &[KnownFact]| -> Vec<KnownFact> {
        let is_read = |known: &&KnownFact| match known.fact.identities.iter().find(strong) {
            Some(key) => touched.contains(&sets.root(key)),
            None => told.contains(known),
        };
        facts.iter().filter(is_read).cloned().collect()
    };
    let (before, read) = (read(&before), read(&after));
    let touched = Touched { before: &before, after: &read, ordinals: &BTreeMap::new() };
    let (alone, _) = past.next(touched, &now.rules, &now.directory).unwrap()?;
    let all = settle(&after, &now.rules, &now.directory).unwrap();
    assert!(alone.customers.iter().all(|customer| all.customers.contains(customer)));
    assert!(alone.conversions.iter().all(|conversion| all.conversions.contains(conversion)));
    Some(alone)
}

#[test]
fn who_comes_later_is_settled_alone() {
    let three = three();
    let stranger = three.clone().customer(9, "cus_9", SHARED).invoice(9, "in_9", "cus_9", 1_000);
    let told = told_alone(&three, &stranger).unwrap();
    assert_eq!((told.customers.len(), told.conversions.len()), (1, 1));
    // Two referrals carry the address.
    assert_eq!(told.conversions[0].bind, None);
    // Three are bound who decide; those who come later decide nothing.
    let bound = three.invoice(4, "in_4", "cus_4", 1_000).touch(4, Invoice, "in_4", Metadata, "bob");
    let bound = bound.customer(4, "cus_4", SHARED);
    let referred =
        bound.clone().invoice(9, "in_9", "cus_9", 1_000).touch(9, Invoice, "in_9", Metadata, "alice");
    assert!(told_alone(&bound, &referred.customer(9, "cus_9", SHARED)).is_some());
}

#[test]
fn who_is_among_the_first_who_are_bound_changes_what_the_address_says() {
    let three = three();
    let earlier =
        three.clone().invoice(0, "in_9", "cus_9", 1_000).touch(0, Invoice, "in_9", Metadata, "alice");
    assert_eq!(told_alone(&three, &earlier.customer(0, "cus_9", SHARED)), None);
}

#[test]
fn who_comes_to_the_address_of_a_guest_may_be_the_guest() {
    let guest = History::new()
        .session(0, "cs_1", "pi_1", "", SHARED, 1_000)
        .customer(10, "cus_2", SHARED)
        .customer(10, "cus_1", SHARED);
    assert_eq!(guest.settle().customers.len(), 3);
    // New with it, and earlier than the two: the guest.
    assert_eq!(told_alone(&guest, &guest.clone().customer(5, "cus_3", SHARED)), None);
    // Of those who come afterwards nobody is.
    assert!(told_alone(&guest, &guest.clone().customer(11, "cus_3", SHARED)).is_some());
    // What else the guest buys is read with all the rest.
    assert_eq!(told_alone(&guest, &guest.clone().session(20, "cs_2", "pi_2", "", SHARED, 1_000)), None);
}

#[test]
fn a_checkout_that_names_an_id_of_the_companys_may_be_anybodys() {
    let mut known = three().signup(4, "u1", BOB);
    known.facts.last_mut().unwrap().fact.identities.extend(Key::email(SHARED));
    let checkout = |history: &History, reference| {
        let history = history.clone().session(5, "cs_9", "pi_9", "cus_9", SHARED, 1_000);
        history.touch(5, Session, "cs_9", ClientReferenceId, reference)
    };
    assert_eq!(told_alone(&known, &checkout(&known, "u1")), None);
    // Nobody is known by an id.
    let three = three();
    let named = checkout(&three, "u1");
    assert!(told_alone(&three, &named).is_some());
    // Whoever signs up by it is theirs.
    let mut signup = named.clone().signup(6, "u1", BOB);
    signup.facts.last_mut().unwrap().fact.identities.extend(Key::email(SHARED));
    assert_eq!(told_alone(&named, &signup), None);
}

#[test]
fn a_guest_who_turns_out_to_be_a_customer_leaves_the_other_guests_behind() {
    // Three are bound, and the guest later than they: nothing that decides of the address changes.
    let bound = three().customer(4, "cus_4", SHARED).invoice(4, "in_4", "cus_4", 1_000);
    let bound = bound.touch(4, Invoice, "in_4", Metadata, "bob").customer(0, "cus_5", SHARED);
    let guests = bound
        .session(10, "cs_1", "pi_1", "", SHARED, 1_000)
        .touch(10, Session, "cs_1", ClientReferenceId, "alice")
        .session(11, "cs_2", "pi_2", "", SHARED, 1_000);
    assert_eq!(guests.payment("pi_2").bind.map(|bind| bind.affiliate), Some(ALICE));
    let linked = guests.clone().invoice_with(12, "in_5", "cus_5", 1_000, |_| ()).alias(12, "in_5", "pi_1");
    assert_eq!(linked.payment("pi_2").bind, None);
    assert_eq!(told_alone(&guests, &linked), None);
}

#[test]
fn who_is_named_otherwise_now_is_read_with_all_the_rest() {
    let three = three();
    let mut signup = three.clone().signup(0, "u1", BOB);
    signup.facts.last_mut().unwrap().fact.identities.extend(Key::email(SHARED));
    let mut joined = signup.clone().signup(5, "u1", BOB);
    joined.facts.last_mut().unwrap().fact.identities.extend([Key::email(SHARED).unwrap(), key("cus_7")]);
    assert_eq!(told_alone(&signup, &joined), None);
}

#[test]
fn an_address_of_one_becomes_that_of_two() {
    let own = "own@customer.example";
    let mut known = three().customer(4, "cus_4", SHARED).invoice_with(4, "in_4", "cus_4", 1_000, |invoice| {
        invoice.email = Some(own.to_owned());
    });
    known.facts.last_mut().unwrap().fact.identities.extend(Key::email(own));
    let second = known.clone().customer(9, "cus_9", own).invoice(9, "in_9", "cus_9", 1_000);
    let told = told_alone(&known, &second).unwrap();
    // Both of them.
    assert_eq!(told.customers.len(), 2);
}

#[test]
fn what_a_person_decides_is_read_with_all_the_rest() {
    let three = three();
    let locked = three.clone().lock(4, "cus_2", crate::decision::LockedTo::Affiliate(BOB));
    assert_eq!(told_alone(&three, &locked), None);
}
