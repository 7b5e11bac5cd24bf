//! SEMANTICS 4 and 5, point by point: what goes before what, at the first bind and after it, and the edges of the
//! windows, to the second.

use super::history::*;
use crate::code::FoldedCode;
use crate::decision::LockedTo;
use crate::directory::Click;
use crate::fact::{SessionPaymentStatus, TouchMethod, TouchedObject};
use crate::ids::AffiliateId;
use crate::rules::Rules;
use crate::settle::{CandidateStory, Conversion, Method};
use chrono::TimeDelta;

use TouchMethod::{ClientReferenceId, Coupon, Metadata, PromotionCode, PromotionCodeText};
use TouchedObject::{Customer, Invoice, PaymentIntent, Session, Subscription};

/// A payment with a session, an invoice and a payment intent, of a customer known by an address.
fn sale() -> History {
    History::new()
        .customer(0, "cus_1", "carol@example.com")
        .invoice_session(0, "cs_1", "in_1", "cus_1")
        .invoice(0, "in_1", "cus_1", 1_000)
        .alias(0, "in_1", "pi_1")
}

fn won(history: &History) -> (AffiliateId, Method) {
    let bind = history.payment("in_1").bind.unwrap();
    (bind.affiliate, bind.method)
}

fn verdicts(payment: &Conversion) -> Vec<(Method, &str)> {
    let told = payment.explanation.candidates.iter();
    told.map(|candidate| (candidate.method, candidate.verdict.as_str())).collect()
}

#[test]
fn a_manual_lock_goes_before_the_existing_bind_and_every_code() {
    let history =
        sale().touch(0, Session, "cs_1", Metadata, "alice").lock(5, "cus_1", LockedTo::Affiliate(BOB));
    assert_eq!(won(&history), (BOB, Method::Lock));
}

#[test]
fn the_existing_bind_goes_before_an_explicit_code() {
    let history = sale().touch(0, Session, "cs_1", PromotionCodeText, "ALICE20");
    let later = history.invoice(40, "in_2", "cus_1", 1_000).touch(40, Invoice, "in_2", Metadata, "bob");
    let payment = later.payment("in_2");
    assert_eq!(payment.bind.as_ref().unwrap().affiliate, ALICE);
    assert_eq!(verdicts(&payment), [(Method::Metadata, "lost: the customer is bound already")]);
    assert!(payment.explanation.decision.ends_with("the first bind wins"));
}

#[test]
fn each_kind_of_candidate_goes_before_the_next() {
    // From the weakest to the strongest: each one that is added wins over those before.
    let email = sale().referral(-1, 1, "carol@example.com", ALICE);
    assert_eq!(won(&email).0, ALICE, "the signup is the customer's existing bind");
    let coupon = sale().touch(0, Invoice, "in_1", Coupon, "ALICE20");
    assert_eq!(won(&coupon), (ALICE, Method::Coupon));
    let reference = coupon.touch(0, Session, "cs_1", ClientReferenceId, "bob");
    assert_eq!(won(&reference), (BOB, Method::ClientReferenceId));
    let metadata = reference.touch(0, Invoice, "in_1", Metadata, "alice");
    assert_eq!(won(&metadata), (ALICE, Method::Metadata));
    let payment = metadata.payment("in_1");
    assert_eq!(
        verdicts(&payment),
        [
            (Method::Metadata, "won"),
            (Method::ClientReferenceId, "lost: another candidate goes before it"),
            (Method::Coupon, "lost: another candidate goes before it"),
        ]
    );
}

#[test]
fn metadata_is_looked_for_on_session_intent_invoice_subscription_and_customer_in_that_order() {
    let order = [
        (Customer, "cus_1", "alice"),
        (Invoice, "in_1", "bob"),
        (PaymentIntent, "pi_1", "alice"),
        (Session, "cs_1", "bob"),
    ];
    let mut history = sale();
    for (on, object, code) in order {
        history = history.touch(0, on, object, Metadata, code);
        let expected = if code == "alice" { ALICE } else { BOB };
        assert_eq!(won(&history).0, expected, "{object}");
    }
}

#[test]
fn metadata_of_the_subscription_goes_before_that_of_the_customer() {
    let mut history = sale().touch(-1, Customer, "cus_1", Metadata, "alice");
    let invoice = history.facts.iter_mut().find(|known| known.fact.natural_key == "invoice:in_1").unwrap();
    if let crate::fact::FactBody::Invoice(invoice) = &mut invoice.fact.body {
        invoice.subscription = Some(key("sub_1"));
    }
    invoice.fact.identities.push(key("sub_1"));
    assert_eq!(won(&history).0, ALICE);
    let history = history.touch(-1, Subscription, "sub_1", Metadata, "bob");
    assert_eq!(won(&history).0, BOB);
}

#[test]
fn a_code_that_binds_nobody_lets_the_next_candidate_bind_and_says_why() {
    let history = sale()
        .suspend_coupon("ALICE20", -5)
        .touch(0, Session, "cs_1", Metadata, "nobody")
        .touch(0, Session, "cs_1", PromotionCode, "promo_unknown")
        .touch(0, Session, "cs_1", PromotionCodeText, "ALICE20")
        .touch(0, Session, "cs_1", Coupon, "BOB10");
    let payment = history.payment("in_1");
    assert_eq!(payment.bind.as_ref().unwrap().affiliate, BOB);
    assert_eq!(
        verdicts(&payment),
        [
            (Method::Metadata, "\"nobody\" is nobody's code"),
            (Method::PromotionCode, "\"promo_unknown\" is nobody's code"),
            (Method::PromotionCode, "\"ALICE20\" was inactive at the time"),
            (Method::Coupon, "won"),
        ]
    );
}

#[test]
fn of_two_codes_of_one_kind_the_first_by_event_time_then_by_event_binds() {
    let later_first = sale().touch(1, Invoice, "in_1", PromotionCodeText, "ALICE20").touch(
        0,
        Invoice,
        "in_1",
        PromotionCodeText,
        "BOB10",
    );
    assert_eq!(won(&later_first).0, BOB, "by time");
    let mut same_time = sale().touch(0, Invoice, "in_1", PromotionCodeText, "ALICE20").touch(
        0,
        Invoice,
        "in_1",
        PromotionCodeText,
        "BOB10",
    );
    assert_eq!(won(&same_time).0, ALICE, "by event");
    same_time.facts.reverse();
    assert_eq!(won(&same_time).0, ALICE, "and not by arrival");
}

#[test]
fn a_client_reference_that_is_a_signups_own_id_makes_the_customer_that_signup() {
    let sale = || sale().touch(0, Session, "cs_1", ClientReferenceId, "user-42");
    assert_eq!(sale().payment("in_1").bind, None, "nobody is known by it");
    let signed_up = sale().signup(-3, "user-42", ALICE);
    assert_eq!(won(&signed_up), (ALICE, Method::Api));
    let customers = signed_up.settle().customers;
    assert_eq!(customers.len(), 1);
    assert_eq!(customers[0].external_id.as_deref(), Some("user-42"));
    // The signup is the existing bind, before which no code of the checkout goes.
    let coded = signed_up.touch(0, Session, "cs_1", Metadata, "bob");
    assert_eq!(won(&coded).0, ALICE);
    let later = sale().signup(9, "user-42", BOB);
    assert_eq!(won(&later).0, BOB, "also when it is told after the payment");
    assert_eq!(sale().signup(-3, "USER-42", ALICE).payment("in_1").bind, None, "to the letter");
}

#[test]
fn a_code_goes_before_a_signup_of_the_same_name() {
    let history = sale().touch(0, Session, "cs_1", ClientReferenceId, "bob").signup(-3, "bob", ALICE);
    assert_eq!(won(&history), (BOB, Method::ClientReferenceId));
    assert_eq!(history.settle().customers.len(), 2);
}

#[test]
fn the_address_of_exactly_one_referral_binds_and_that_of_two_does_not() {
    // The two customers are told apart by Stripe, so that the address is all they share.
    let shared = |carriers: &[(&str, &str)]| {
        let mut history = History::new();
        for (n, (customer, code)) in carriers.iter().enumerate() {
            let invoice = format!("in_{customer}_{n}");
            history = history
                .customer(0, customer, "team@example.com")
                .invoice(0, &invoice, customer, 1_000)
                .touch(0, Invoice, &invoice, Metadata, code);
        }
        history.customer(1, "cus_9", "Team@Example.com").invoice(1, "in_1", "cus_9", 1_000).payment("in_1")
    };
    let one = shared(&[("cus_a", "alice")]);
    let bind = one.bind.unwrap();
    assert_eq!((bind.affiliate, bind.method), (ALICE, Method::Email));
    let two = shared(&[("cus_a", "alice"), ("cus_b", "alice")]);
    assert_eq!(two.bind, None, "two referrals carry it, even of one affiliate");
    assert_eq!(two.reason.as_deref(), Some("several referrals carry the customer's e-mail address"));
    let of_two: Vec<String> = two.explanation.candidates.iter().map(CandidateStory::in_words).collect();
    assert_eq!(of_two, ["the e-mail address of a referral"]);
    let coded = sale().touch(0, Invoice, "in_1", Metadata, "alice").payment("in_1").explanation.candidates;
    let coded: Vec<String> = coded.iter().map(CandidateStory::in_words).collect();
    assert_eq!(coded, ["a code in metadata \"alice\""]);
}

#[test]
fn the_switch_moves_coupons_before_codes_and_leaves_the_existing_bind_alone() {
    let first = || sale().with_rules(Rules { coupon_first: true, ..percent(2_000) });
    let codes = first().touch(0, Session, "cs_1", Metadata, "alice").touch(
        0,
        Invoice,
        "in_1",
        PromotionCodeText,
        "BOB10",
    );
    assert_eq!(won(&codes), (BOB, Method::PromotionCode));
    let bound = first()
        .touch(0, Session, "cs_1", Metadata, "alice")
        .invoice(9, "in_2", "cus_1", 1_000)
        .touch(9, Invoice, "in_2", PromotionCodeText, "BOB10");
    assert_eq!(bound.payment("in_2").bind.unwrap().affiliate, ALICE);
}

#[test]
fn a_click_counts_to_the_last_second_of_its_window() {
    let clicked = |before: TimeDelta| {
        let mut history = History::new().session(0, "cs_1", "pi_1", "", "", 1_000).touch(
            0,
            Session,
            "cs_1",
            ClientReferenceId,
            "clk_1",
        );
        let owner = history.directory.referral_codes[&FoldedCode::new("alice").unwrap()].clone();
        let click = Click { owner, at: day(0) - before };
        history.directory.clicks.insert(FoldedCode::new("clk_1").unwrap(), click);
        history.payment("pi_1")
    };
    let window = TimeDelta::seconds(60 * 86_400);
    assert_eq!(clicked(window).bind.unwrap().affiliate, ALICE);
    assert_eq!(clicked(TimeDelta::zero()).bind.unwrap().affiliate, ALICE);
    assert_eq!(clicked(window + TimeDelta::seconds(1)).bind, None, "one second more is too old");
    assert_eq!(clicked(TimeDelta::seconds(-1)).bind, None, "a click does not count from the future");
}

#[test]
fn after_the_first_bind_no_window_limits() {
    let history = sale().touch(0, Session, "cs_1", Metadata, "alice").invoice(2_000, "in_2", "cus_1", 1_000);
    assert_eq!(history.payment("in_2").bind.unwrap().affiliate, ALICE);
}

/// A checkout of day 0 with Alice's code, which a delayed method paid.
fn delayed(paid_on: i64) -> History {
    History::new()
        .session(0, "cs_1", "pi_1", "cus_1", "", 1_000)
        .which_was(SessionPaymentStatus::Unpaid)
        .touch(0, Session, "cs_1", ClientReferenceId, "alice")
        .session(paid_on, "cs_1", "pi_1", "cus_1", "", 1_000)
}

#[test]
fn a_checkout_binds_when_it_is_completed_whenever_a_delayed_method_pays_it() {
    let bens = |history: History| {
        history.invoice(3, "in_1", "cus_1", 1_000).touch(3, Invoice, "in_1", Metadata, "bob")
    };
    let unpaid = bens(
        History::new()
            .session(0, "cs_1", "pi_1", "cus_1", "", 1_000)
            .which_was(SessionPaymentStatus::Unpaid)
            .touch(0, Session, "cs_1", ClientReferenceId, "alice"),
    );
    let bound = |history: &History| history.payment("in_1").bind.map(|bind| (bind.affiliate, bind.bound_at));
    assert_eq!(bound(&unpaid), Some((ALICE, day(0))));
    let paid = bens(delayed(5));
    assert_eq!(bound(&paid), Some((ALICE, day(0))), "its payment moves no bind");
    let payment = paid.payment("pi_1");
    assert_eq!((payment.occurred_at, payment.ordinal), (day(5), Some(2)), "money counts from when it came");
}

#[test]
fn a_subscriptions_checkout_binds_when_it_is_completed_though_its_invoice_is_paid_later() {
    let history = History::new()
        .invoice_session(0, "cs_1", "in_1", "cus_1")
        .touch(0, Session, "cs_1", ClientReferenceId, "alice")
        .invoice(5, "in_1", "cus_1", 1_000);
    let bind = history.payment("in_1").bind.unwrap();
    assert_eq!((bind.affiliate, bind.bound_at), (ALICE, day(0)));
}

#[test]
fn a_click_that_binds_a_checkout_does_not_grow_too_old_while_a_delayed_method_pays() {
    let clicked = |age: TimeDelta| {
        let mut history = delayed(10);
        let alices = history.directory.referral_codes[&FoldedCode::new("alice").unwrap()].clone();
        let click = Click { owner: alices, at: day(0) - age };
        history.directory.referral_codes.clear();
        history.directory.clicks.insert(FoldedCode::new("alice").unwrap(), click);
        history.payment("pi_1").bind.map(|bind| bind.affiliate)
    };
    let window = TimeDelta::seconds(60 * 86_400);
    assert_eq!(clicked(window), Some(ALICE));
    assert_eq!(clicked(window + TimeDelta::seconds(1)), None);
    assert_eq!(clicked(TimeDelta::days(-3)), None, "nobody comes through a click of after the checkout");
}

#[test]
fn what_a_delayed_method_paid_waits_for_a_mapping_from_its_payment_on() {
    let mapped = |after: TimeDelta| {
        let mut history = History::new()
            .customer(0, "cus_1", "")
            .session(0, "cs_1", "pi_1", "cus_1", "", 1_000)
            .which_was(SessionPaymentStatus::Unpaid)
            .session(10, "cs_1", "pi_1", "cus_1", "", 1_000)
            .touch(10, Customer, "cus_1", Metadata, "alice");
        let touch = history.facts.last_mut().unwrap();
        touch.fact.at += after;
        touch.received_at += after;
        history.payment("pi_1").bind.map(|bind| bind.affiliate)
    };
    assert_eq!(mapped(TimeDelta::days(30)), Some(ALICE));
    assert_eq!(mapped(TimeDelta::days(30) + TimeDelta::seconds(1)), None);
}

#[test]
fn a_mapping_binds_back_to_the_last_second_of_the_window() {
    let mapped = |after: TimeDelta| {
        let mut history = History::new()
            .customer(0, "cus_1", "")
            .invoice(0, "in_1", "cus_1", 1_000)
            .touch(0, Customer, "cus_1", Metadata, "alice");
        let touch = history.facts.last_mut().unwrap();
        touch.fact.at += after;
        touch.received_at += after;
        history.payment("in_1")
    };
    let window = TimeDelta::seconds(30 * 86_400);
    assert_eq!(mapped(window).bind.unwrap().affiliate, ALICE);
    let late = mapped(window + TimeDelta::seconds(1));
    assert_eq!(late.bind, None);
    assert_eq!(
        late.reason.as_deref(),
        Some("the customer was bound on 2026-01-31, more than 30 days after the payment")
    );
}

#[test]
fn a_code_that_is_made_after_the_payment_counts_to_the_last_second_of_the_window() {
    let made = |after: TimeDelta| {
        let mut history = sale().touch(0, Session, "cs_1", Metadata, "alice");
        let code = history.directory.referral_codes.get_mut(&FoldedCode::new("alice").unwrap()).unwrap();
        code.created_at = day(0) + after;
        history.payment("in_1")
    };
    let window = TimeDelta::seconds(30 * 86_400);
    assert_eq!(made(window).bind.unwrap().affiliate, ALICE);
    let late = made(window + TimeDelta::seconds(1));
    assert_eq!(late.bind, None);
    assert_eq!(late.reason.as_deref(), Some("\"alice\" was created too long after the payment"));
}

#[test]
fn of_two_acts_of_one_second_the_one_with_the_lesser_event_id_binds() {
    // The payment that binds has the greater key.
    let history = History::new()
        .customer(0, "cus_1", "")
        .invoice(1, "in_9", "cus_1", 1_000)
        .invoice(1, "in_1", "cus_1", 1_000)
        .touch(1, Invoice, "in_9", Metadata, "bob")
        .touch(1, Invoice, "in_1", Metadata, "alice");
    assert_eq!(history.payment("in_9").bind.unwrap().affiliate, BOB);
    assert_eq!(history.payment("in_1").bind.unwrap().affiliate, BOB);
}
