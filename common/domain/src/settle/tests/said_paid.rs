//! What stood when a caller said that it was paid (SEMANTICS 13).

use super::history::*;
use crate::fact::{ConversionKind, TouchMethod::Metadata, TouchedObject::Invoice};
use crate::money::BasisPoints;
use crate::rules::{Commission, Rules};

/// A payment that nobody referred, said to be paid on day 3, of a customer whose other payment Stripe tells on day 5.
fn said_on_the_third_day() -> History {
    History::new()
        .posted(2, 8, 1_000, |posted| {
            posted.payment = key("in_2");
            posted.who.stripe_customer = Some(key("cus_1"));
        })
        .posted(3, 7, 2_000, |posted| {
            posted.who.stripe_customer = Some(key("cus_1"));
            posted.paid = true;
        })
}

#[test]
fn a_code_that_another_payment_brought_after_the_word_did_not_count_then() {
    let history = said_on_the_third_day()
        .invoice(5, "in_2", "cus_1", 1_000)
        .touch(5, Invoice, "in_2", Metadata, "alice");
    let payment = history.payment("conversion:7");
    assert_eq!((payment.bind.map(|bind| bind.affiliate), payment.commission), (Some(ALICE), 400));
    let said = &payment.said_paid[0];
    assert_eq!((said.affiliate, said.minor), (None, 0), "nobody's on the third day");
}

#[test]
fn a_code_that_the_payment_itself_brought_counts_whenever_it_was_told() {
    let history = said_on_the_third_day()
        .invoice(5, "in_2", "cus_1", 1_000)
        .touch(5, Invoice, "in_2", Metadata, "alice")
        .posted(4, 9, 1_000, |posted| {
            posted.payment = key("in_2");
            posted.who.stripe_customer = Some(key("cus_1"));
            posted.paid = true;
        });
    let payment = history.payment("in_2");
    let said = &payment.said_paid[0];
    assert_eq!((said.affiliate, said.minor), (Some(ALICE), 200));
}

/// A sale of day 10 that names its affiliate and is said to be paid, of a customer whose invoice of day 1 was nobody's.
fn named_on_the_tenth_day() -> History {
    let first = Commission::Percent { basis_points: BasisPoints(5_000) };
    let rules = Rules { first_commission: Some(first), back_bind_days: 3, ..percent(2_000) };
    History::new().with_rules(rules).invoice(1, "in_1", "cus_1", 1_000).posted(10, 7, 2_000, |posted| {
        posted.who.stripe_customer = Some(key("cus_1"));
        posted.affiliate = Some(ALICE);
        posted.paid = true;
    })
}

#[test]
fn an_earlier_payment_that_a_caller_names_after_the_word_took_no_rank_then() {
    // Named under another of its ids, and by its caller's time it is later than the word.
    let history = named_on_the_tenth_day().alias(1, "in_1", "pi_1").posted(20, 8, 900, |posted| {
        posted.payment = key("pi_1");
        posted.who.stripe_customer = Some(key("cus_1"));
        posted.referral_code = Some("alice".to_owned());
    });
    let payment = history.payment("conversion:7");
    assert_eq!((payment.ordinal, payment.commission), (Some(2), 400));
    assert_eq!(payment.said_paid[0].minor, 1_000, "on the tenth day it was the first");
    assert_eq!(history.payment("in_1").ordinal, Some(1));
}

#[test]
fn an_earlier_payment_that_a_caller_calls_a_signup_after_the_word_took_its_rank_then() {
    let history = named_on_the_tenth_day().invoice(9, "in_2", "cus_1", 1_000).posted(20, 8, 900, |posted| {
        posted.payment = key("in_2");
        posted.who.stripe_customer = Some(key("cus_1"));
        posted.kind = ConversionKind::Signup;
    });
    let payment = history.payment("conversion:7");
    assert_eq!((payment.ordinal, payment.commission), (Some(1), 1_000));
    assert_eq!(payment.said_paid[0].minor, 400, "on the tenth day it was the second");
}
