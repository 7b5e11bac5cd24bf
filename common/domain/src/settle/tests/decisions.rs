//! What people decide: locks (SEMANTICS 4 a) and verdicts (SEMANTICS 14, 16).

use super::history::*;
use crate::decision::{LockedTo, Ruling};
use crate::fact::{DisputeStatus, RefundStatus, TouchMethod, TouchedObject};
use crate::rules::{Recurring, Rules, SelfReferral};
use crate::settle::{ConversionStatus, CustomerStatus, Method};

use TouchMethod::{ClientReferenceId, Metadata};
use TouchedObject::{Invoice, Session};

/// Two payments of a customer whom Alice referred.
fn referred() -> History {
    History::new()
        .customer(0, "cus_1", "carol@example.com")
        .invoice(0, "in_1", "cus_1", 4_900)
        .touch(0, Invoice, "in_1", Metadata, "alice")
        .invoice(40, "in_2", "cus_1", 4_900)
}

/// A payment of Alice's own.
fn own() -> History {
    History::new()
        .customer(0, "cus_1", "alice@affiliates.example")
        .invoice(0, "in_1", "cus_1", 4_900)
        .touch(0, Invoice, "in_1", Metadata, "alice")
}

#[test]
fn a_lock_goes_before_every_bind_of_every_payment() {
    let locked = referred().lock(60, "cus_1", LockedTo::Affiliate(BOB));
    for payment in ["in_1", "in_2"] {
        let payment = locked.payment(payment);
        let bind = payment.bind.unwrap();
        assert_eq!((bind.affiliate, bind.method, payment.commission), (BOB, Method::Lock, 980));
    }
    let story = locked.payment("in_1").explanation;
    assert_eq!(
        story.decision,
        "the customer is locked to affiliate 2 by dana on 2026-03-02, because \"they asked\""
    );
    assert_eq!(story.candidates[0].verdict, "won: locked by dana on 2026-03-02, because \"they asked\"");
    assert_eq!(story.candidates[1].verdict, "lost: the customer is locked");
    let customer = &locked.settle().customers[0];
    assert_eq!(customer.bind.as_ref().unwrap().affiliate, BOB);
    assert_eq!(customer.status, CustomerStatus::Converted);
}

#[test]
fn a_lock_goes_before_an_affiliate_named_for_the_conversion() {
    let history = referred().lock(1, "cus_1", LockedTo::Affiliate(BOB)).posted(3, 7, 2_000, |posted| {
        posted.affiliate = Some(ALICE);
        posted.who.stripe_customer = Some(key("cus_1"));
    });
    assert_eq!(history.payment("conversion:7").bind.unwrap().affiliate, BOB);
}

#[test]
fn a_customer_locked_to_nobody_earns_nobody_anything_and_the_reason_says_who_decided() {
    let payment = referred().lock(1, "cus_1", LockedTo::Nobody).payment("in_2");
    assert_eq!((payment.status, payment.commission), (ConversionStatus::Unattributed, 0));
    assert_eq!(
        payment.reason.as_deref(),
        Some("the customer is locked to nobody by dana on 2026-01-02, because \"they asked\"")
    );
}

#[test]
fn the_later_of_two_locks_stands_and_a_released_customer_is_as_before() {
    let twice = referred().lock(9, "cus_1", LockedTo::Nobody).lock(8, "cus_1", LockedTo::Affiliate(BOB));
    assert_eq!(twice.payment("in_1").bind.unwrap().affiliate, BOB);
    let released = twice.lock(10, "cus_1", LockedTo::Released);
    assert_eq!(released.settle(), referred().settle());
}

#[test]
fn a_lock_by_address_holds_for_everybody_who_carries_it() {
    let history = referred()
        .customer(0, "cus_2", "Carol@example.com")
        .invoice(0, "in_3", "cus_2", 1_000)
        .lock(1, "carol@example.com", LockedTo::Affiliate(BOB));
    for payment in ["in_1", "in_2", "in_3"] {
        assert_eq!(history.payment(payment).bind.unwrap().affiliate, BOB, "{payment}");
    }
}

#[test]
fn of_a_lock_by_address_and_one_by_customer_the_later_stands() {
    let history = referred().lock(1, "carol@example.com", LockedTo::Affiliate(BOB));
    let later = history.lock(2, "cus_1", LockedTo::Nobody);
    assert_eq!(later.payment("in_1").status, ConversionStatus::Unattributed);
}

#[test]
fn a_lock_waits_for_its_customer_and_then_makes_it_a_referral() {
    let early = History::new().lock(0, "cus_1", LockedTo::Affiliate(ALICE));
    assert!(early.settle().customers.is_empty());
    let known = early.customer(5, "cus_1", "carol@example.com");
    assert_eq!(known.settle().customers[0].status, CustomerStatus::Pending);
    assert_eq!(known.invoice(6, "in_1", "cus_1", 1_000).payment("in_1").commission, 200);
}

#[test]
fn a_lock_to_an_affiliate_who_does_not_exist_earns_nobody_anything() {
    let nobody = crate::ids::AffiliateId(99);
    let payment = referred().lock(1, "cus_1", LockedTo::Affiliate(nobody)).payment("in_1");
    assert_eq!(payment.status, ConversionStatus::Unattributed);
    assert!(payment.reason.unwrap().contains("affiliate 99, who does not exist"));
}

#[test]
fn a_held_commission_is_held_until_it_is_released() {
    let held = referred().verdict(3, "in_1", Ruling::Hold);
    let payment = held.payment("in_1");
    assert_eq!((payment.status, payment.commission, payment.held), (ConversionStatus::Held, 980, 980));
    assert_eq!(payment.reason.as_deref(), Some("held by dana on 2026-01-04, because \"looked into\""));
    assert_eq!(held.payment("in_2").held, 0, "the other payment is not concerned");
    let released = held.verdict(4, "in_1", Ruling::Release).payment("in_1");
    assert_eq!((released.status, released.held, released.reason), (ConversionStatus::Attributed, 0, None));
}

#[test]
fn of_a_rejected_commission_nothing_is_owed_and_what_it_was_is_told() {
    let rejected = referred().verdict(3, "in_1", Ruling::Reject);
    let payment = rejected.payment("in_1");
    assert_eq!((payment.status, payment.commission, payment.held), (ConversionStatus::Rejected, 0, 0));
    assert_eq!(payment.bind.unwrap().affiliate, ALICE);
    assert_eq!(payment.reason.as_deref(), Some("rejected by dana on 2026-01-04, because \"looked into\""));
    let lines: Vec<_> =
        payment.explanation.arithmetic.iter().map(|line| (line.what.as_str(), line.minor)).collect();
    assert_eq!(lines, [("base", 4_900), ("commission", 980), ("rejected", 980)]);
    let again = rejected.verdict(4, "in_1", Ruling::Release).payment("in_1");
    assert_eq!((again.status, again.commission), (ConversionStatus::Attributed, 980));
}

#[test]
fn a_rejected_payment_keeps_its_place_among_the_customers() {
    let first = Rules { recurring: Recurring::First, ..percent(2_000) };
    let history = referred().with_rules(first).verdict(3, "in_1", Ruling::Reject);
    assert_eq!((history.payment("in_1").commission, history.payment("in_2").commission), (0, 0));
}

#[test]
fn a_verdict_under_any_key_of_a_payment_is_one_on_that_payment() {
    let history = referred().verdict(3, "pi_1", Ruling::Reject);
    assert_eq!(history.payment("in_1").commission, 980, "the two are not known to be one");
    let linked = history.alias(0, "in_1", "pi_1");
    assert_eq!(linked.payment("in_1").status, ConversionStatus::Rejected);
    let released = linked.verdict(5, "in_1", Ruling::Release);
    assert_eq!(released.payment("in_1").commission, 980, "the later one stands");
}

#[test]
fn a_verdict_on_a_payment_that_nobody_earns_decides_nothing_yet() {
    let history = History::new().invoice(0, "in_1", "cus_1", 1_000).verdict(1, "in_1", Ruling::Reject);
    assert_eq!(history.payment("in_1").status, ConversionStatus::Unattributed);
    let later = history.touch(0, Invoice, "in_1", Metadata, "alice").payment("in_1");
    assert_eq!(later.status, ConversionStatus::Rejected);
}

#[test]
fn a_release_lifts_a_hold_for_self_referral_and_keeps_its_evidence() {
    let payment = own().verdict(2, "in_1", Ruling::Release).payment("in_1");
    assert_eq!((payment.status, payment.commission, payment.held), (ConversionStatus::Attributed, 980, 0));
    let last = payment.explanation.arithmetic.last().unwrap();
    assert_eq!(last.what, "released");
    assert!(last.how.contains("alice@affiliates.example"), "{}", last.how);
    let rejecting = Rules { self_referral: SelfReferral::Reject, ..percent(2_000) };
    let payment = own().with_rules(rejecting.clone()).payment("in_1");
    assert_eq!((payment.status, payment.commission), (ConversionStatus::Rejected, 0));
    let payment = own().with_rules(rejecting).verdict(2, "in_1", Ruling::Release).payment("in_1");
    assert_eq!((payment.status, payment.commission), (ConversionStatus::Attributed, 980));
}

#[test]
fn a_release_does_not_lift_what_is_disputed_and_a_hold_holds_all_that_is_left() {
    let disputed = || {
        History::new()
            .session(0, "cs_1", "pi_1", "cus_1", "", 10_000)
            .touch(0, Session, "cs_1", ClientReferenceId, "alice")
            .alias(0, "pi_1", "ch_1")
            .dispute(3, "dp_1", "ch_1", 5_000, DisputeStatus::Open)
    };
    assert_eq!(disputed().verdict(4, "pi_1", Ruling::Release).payment("pi_1").held, 1_000);
    let held = disputed().refund(5, "re_1", "ch_1", "pi_1", 2_500, RefundStatus::Succeeded).verdict(
        6,
        "pi_1",
        Ruling::Hold,
    );
    let payment = held.payment("pi_1");
    assert_eq!((payment.commission, payment.clawed_back, payment.held), (2_000, 500, 1_500));
}
