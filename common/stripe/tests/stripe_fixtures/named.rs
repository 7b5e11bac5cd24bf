//! Cases that have a name.

use crate::corpus::{all, body, facts, read_event};
use domain::fact::{
    CreditNoteStatus, FactBody, Invoiced, SessionMode, SessionPaymentStatus, TouchMethod, TouchedObject,
};
use stripe::event::Outcome;

const V2020: &str = "2020-08-27";
const V2022: &str = "2022-11-15";
const V2024: &str = "2024-06-20";
const BASIL: &str = "2025-03-31.basil";
const CLOVER: &str = "2025-09-30.clover";
const DAHLIA: &str = "2026-03-25.dahlia";

fn invoiced(version: &str, name: &str) -> Invoiced {
    facts(version, name)
        .into_iter()
        .find_map(|fact| match fact.body {
            FactBody::Intent(intent) => Some(intent.invoiced),
            FactBody::Charge(charge) => Some(charge.invoiced),
            _ => None,
        })
        .unwrap()
}

#[test]
fn what_an_object_says_of_its_invoice_depends_on_the_version() {
    assert_eq!(invoiced(V2020, "charge.succeeded.legacy"), Invoiced::Never);
    assert_eq!(invoiced(V2022, "payment_intent.succeeded.bare"), Invoiced::Never);
    assert!(matches!(invoiced(V2020, "payment_intent.succeeded"), Invoiced::By { .. }));
    assert_eq!(invoiced(BASIL, "charge.succeeded.invoice"), Invoiced::Hinted);
    assert_eq!(invoiced(BASIL, "payment_intent.succeeded.bare"), Invoiced::Unsaid);
    assert!(matches!(invoiced(CLOVER, "payment_intent.succeeded"), Invoiced::By { .. }), "by its order");
    assert_eq!(invoiced(DAHLIA, "payment_intent.succeeded.bare"), Invoiced::Unsaid, "an order of their own");
}

#[test]
fn a_guest_is_known_by_the_address_and_a_customer_is_not() {
    let emails = |version, name| match body(&facts(version, name), "intent") {
        FactBody::Intent(intent) => (intent.email, intent.billing_email),
        _ => (None, None),
    };
    let (nobody, said) = (None, |email: &str| Some(email.to_owned()));
    let payer = emails(V2020, "payment_intent.succeeded.bare_guest");
    assert_eq!(payer, (None, said("guest.one@example.com")), "the card's address, which says less");
    assert_eq!(emails(BASIL, "payment_intent.succeeded.guest").0, said("shopper@example.com"));
    assert_eq!(emails(V2022, "payment_intent.succeeded.bare").0, nobody, "a receipt may go to an accountant");
}

#[test]
fn an_authorisation_is_no_money_until_it_is_captured() {
    let kinds = |name| facts(V2022, name).iter().map(|fact| fact.body.kind()).collect::<Vec<_>>();
    assert_eq!(kinds("charge.succeeded.uncaptured"), ["alias"]);
    let FactBody::Charge(charge) = body(&facts(V2022, "charge.captured"), "charge") else { unreachable!() };
    assert_eq!(charge.amount_captured, 8_000, "less than was authorised");
}

#[test]
fn a_credit_note_counts_what_was_credited_after_payment() {
    let note = |version, name| match body(&facts(version, name), "credit_note") {
        FactBody::CreditNote(note) => note,
        _ => unreachable!(),
    };
    let parts = |version, name| {
        let note = note(version, name);
        (note.post_payment, note.refunds.into_iter().map(|refund| refund.amount).collect::<Vec<_>>())
    };
    assert_eq!(parts(V2020, "credit_note.created.refund"), (1_200, vec![None]));
    assert_eq!(parts(V2024, "credit_note.created"), (1_000, vec![]));
    assert_eq!(parts(V2024, "credit_note.created.pre_payment"), (0, vec![]));
    // The other 1,500 went to the customer's balance: that money stays collected.
    assert_eq!(parts(BASIL, "credit_note.created.refunds"), (2_500, vec![Some(2_500)]));
    // What was refunded elsewhere has no refund of Stripe's that would tell it.
    assert_eq!(parts(CLOVER, "credit_note.created.mixed"), (5_000, vec![Some(3_000)]));
    assert_eq!(note(V2022, "credit_note.voided").status, CreditNoteStatus::Voided);
}

#[test]
fn an_invoice_that_is_paid_in_part_tells_the_part_until_it_is_settled() {
    let told = |name| {
        let facts = facts(BASIL, name);
        let rank = facts.iter().find(|fact| fact.body.kind() == "invoice").unwrap().rank;
        let FactBody::Invoice(invoice) = body(&facts, "invoice") else { unreachable!() };
        (invoice.amount_paid, invoice.total, rank < 0)
    };
    assert_eq!(told("invoice.updated.part_paid"), (30_000, 80_000, true));
    assert_eq!(told("invoice.marked_uncollectible.part_paid"), (30_000, 80_000, true));
    assert_eq!(told("invoice.paid.first_page_of_lines"), (71_500, 71_500, false));
    for (version, name) in [
        (BASIL, "invoice.voided"),
        (BASIL, "invoice.updated.paid"),
        (V2024, "invoice.marked_uncollectible.nothing_paid"),
    ] {
        let fixture = all().into_iter().find(|one| one.version == version && one.name == name).unwrap();
        let outcome = read_event(&fixture.event, fixture.mode()).unwrap().outcome;
        assert!(matches!(outcome, Outcome::Ignored { .. }), "{name}");
    }
}

#[test]
fn a_line_weighs_what_is_left_after_its_discount() {
    let FactBody::Invoice(invoice) = body(&facts(BASIL, "invoice.paid.first_page_of_lines"), "invoice")
    else {
        unreachable!()
    };
    assert!(!invoice.lines_complete);
    assert!(invoice.lines.iter().all(|line| line.amount == 7_150));
}

#[test]
fn a_discount_touches_what_it_was_given_on() {
    use TouchMethod::{Coupon, PromotionCode};
    use TouchedObject::{Customer, Session, Subscription};

    let touched = |version, name| {
        let mut touched = Vec::new();
        for fact in facts(version, name) {
            if let FactBody::Touch(touch) = fact.body {
                touched.push((touch.on, touch.method));
            }
        }
        touched
    };
    assert_eq!(touched(V2020, "customer.discount.created"), [(Customer, Coupon)]);
    assert_eq!(
        touched(V2024, "customer.discount.created.subscription"),
        [(Session, PromotionCode), (Session, Coupon), (Subscription, PromotionCode), (Subscription, Coupon)]
    );
    assert_eq!(
        touched(CLOVER, "customer.discount.created"),
        [(Subscription, PromotionCode), (Subscription, Coupon)]
    );
}

#[test]
fn sessions_of_every_kind_are_told_for_what_they_are() {
    use SessionMode::{Payment, Setup, Subscription};
    use SessionPaymentStatus::{NoPaymentRequired, Paid, Unpaid};

    let session = |version, name| match body(&facts(version, name), "session") {
        FactBody::Session(session) => session,
        _ => unreachable!(),
    };
    let kind = |version, name| {
        let session = session(version, name);
        (session.mode, session.payment_status, session.customer.is_some())
    };
    assert_eq!(kind(V2022, "checkout.session.completed.guest"), (Payment, Paid, false));
    assert_eq!(kind(V2024, "checkout.session.completed.payment_link"), (Payment, Paid, false));
    assert_eq!(kind(V2024, "checkout.session.completed.unpaid").1, Unpaid);
    assert_eq!(kind(V2024, "checkout.session.async_payment_succeeded").1, Paid);
    assert_eq!(kind(DAHLIA, "checkout.session.completed.async_unpaid"), (Payment, Unpaid, true));
    assert_eq!(kind(DAHLIA, "checkout.session.completed.setup").0, Setup);
    assert_eq!(kind(CLOVER, "checkout.session.completed.trial").1, NoPaymentRequired);
    assert_eq!(kind(BASIL, "checkout.session.completed").0, Subscription);
    let link = facts(V2024, "checkout.session.completed.payment_link");
    assert!(link.iter().any(|fact| matches!(
        &fact.body,
        FactBody::Touch(touch) if touch.method == TouchMethod::ClientReferenceId && touch.value == "ref_ANNA"
    )));
}
