//! What stood when a caller said that it was paid (SEMANTICS 13).

use super::history::*;
use crate::fact::{TouchMethod::Metadata, TouchedObject::Invoice};

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
