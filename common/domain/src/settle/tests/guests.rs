//! Who a guest is, and as of when (SEMANTICS 18).

use super::history::*;
use crate::fact::{ChargeSucceeded, FactBody, Invoiced, Keep, TouchMethod, TouchedObject};
use crate::key::Key;
use crate::money::BasisPoints;
use crate::rules::{Commission, Rules};

use TouchMethod::{ClientReferenceId, Metadata};
use TouchedObject::{Invoice, Session};

/// Half of the first payment, a fifth of the others: ranks show.
fn by_rank() -> Rules {
    Rules {
        first_commission: Some(Commission::Percent { basis_points: BasisPoints(5_000) }),
        ..percent(2_000)
    }
}

impl History {
    /// A guest's charge, with the receipt's and the billing details' addresses.
    fn guest_charge(mut self, n: i64, charge: &str, intent: &str, receipt: &str, billing: &str) -> Self {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let body = FactBody::Charge(ChargeSucceeded {
            charge: key(charge),
            payment_intent: Some(key(intent)),
            customer: None,
            email: text(receipt),
            billing_email: text(billing),
            currency: "usd".to_owned(),
            amount_captured: 1_000,
            uncaptured: Some(0),
            invoiced: Invoiced::Unsaid,
            succeeded_at: day(n),
            no_commission: false,
        });
        self.add(
            &format!("charge:{charge}"),
            Keep::Latest,
            0,
            day(n),
            &[charge, intent, receipt, billing],
            body,
        );
        self
    }

    /// A guest's checkout.
    fn guest(self, n: i64, number: u8, email: &str, code: &str) -> Self {
        let (session, intent) = (format!("cs_{number}"), format!("pi_{number}"));
        let paid = self.session(n, &session, &intent, "", email, 1_000);
        if code.is_empty() { paid } else { paid.touch(n, Session, &session, ClientReferenceId, code) }
    }

    /// An invoice that carries its customer's address.
    fn addressed_invoice(self, n: i64, invoice: &str, customer: &str, email: &str) -> Self {
        let mut history =
            self.invoice_with(n, invoice, customer, 1_000, |invoice| invoice.email = Some(email.to_owned()));
        if let Some(known) = history.facts.last_mut() {
            known.fact.identities.extend(Key::email(email));
        }
        history
    }

    fn commissions(&self, payments: &[&str]) -> Vec<i64> {
        payments.iter().map(|payment| self.payment(payment).commission).collect()
    }
}

#[test]
fn a_cards_billing_address_makes_one_customer_of_no_two_guests_however_it_sorts() {
    for payer in ["a.payer@bank.example", "zz.payer@bank.example"] {
        let history = History::new()
            .guest(0, 1, "kim@customer.example", "alice")
            .guest_charge(0, "ch_1", "pi_1", "", payer)
            .guest(1, 2, "lee@customer.example", "bob")
            .guest_charge(1, "ch_2", "pi_2", "", payer);
        let affiliates = ["pi_1", "pi_2"].map(|payment| history.payment(payment).bind.unwrap().affiliate);
        assert_eq!(affiliates, [ALICE, BOB], "{payer}");
        let customers = history.settle().customers;
        assert_eq!(customers.len(), 2);
        assert!(customers.iter().all(|customer| customer.email.as_deref() != Some(payer)));
    }
}

#[test]
fn a_guest_of_whom_only_the_card_is_known_is_known_by_its_address() {
    let history = History::new().guest_charge(0, "ch_1", "pi_1", "", "payer@bank.example");
    assert_eq!(history.settle().customers[0].email.as_deref(), Some("payer@bank.example"));
    // The receipt's goes before it, whatever comes first.
    let history = history.guest_charge(0, "ch_1", "pi_1", "zoe@customer.example", "payer@bank.example");
    assert_eq!(history.settle().customers[0].anchor, Key::email("zoe@customer.example").unwrap());
}

#[test]
fn a_third_partys_sign_up_does_not_make_a_guests_second_payment_a_first_one() {
    let history = History::new()
        .with_rules(by_rank())
        .guest(0, 1, "kim@customer.example", "alice")
        .customer(10, "cus_1", "kim@customer.example")
        .invoice(10, "in_1", "cus_1", 1_000);
    let before = history.commissions(&["pi_1", "in_1"]);
    assert_eq!(before, [500, 200]);
    for n in [5, 12, 20] {
        let stranger = history.clone().customer(n, "cus_9", "kim@customer.example");
        if n > 10 {
            assert_eq!(stranger.commissions(&["pi_1", "in_1"]), before, "signed up on day {n}");
        }
        // Whoever signs up before the customer is the one who is new with the address.
        assert_eq!(stranger.payment("pi_1").commission, 500);
    }
}

#[test]
fn a_strangers_customer_who_comes_to_a_guests_address_changes_no_amount() {
    let history = History::new().with_rules(by_rank()).guest(5, 1, "kim@customer.example", "alice").guest(
        30,
        2,
        "kim@customer.example",
        "",
    );
    let before = history.commissions(&["pi_1", "pi_2"]);
    assert_eq!(before, [500, 200]);
    // Bob's customer, who paid before under no address, and has the guest's from day 20 on.
    let stranger = history
        .invoice(0, "in_9", "cus_9", 1_000)
        .touch(0, Invoice, "in_9", Metadata, "bob")
        .customer(20, "cus_9", "kim@customer.example");
    assert_eq!(stranger.commissions(&["pi_1", "pi_2"]), before);
    let of = |payment| stranger.payment(payment).bind.unwrap().affiliate;
    assert_eq!([of("pi_1"), of("pi_2"), of("in_9")], [ALICE, ALICE, BOB]);
}

#[test]
fn a_guest_is_the_only_customer_who_carried_the_address_by_then_whoever_comes_later() {
    let history = History::new()
        .with_rules(by_rank())
        .customer(0, "cus_1", "kim@customer.example")
        .invoice(0, "in_1", "cus_1", 1_000)
        .touch(0, Invoice, "in_1", Metadata, "alice")
        .guest(5, 1, "kim@customer.example", "")
        .guest(30, 2, "kim@customer.example", "");
    let before = history.commissions(&["in_1", "pi_1", "pi_2"]);
    assert_eq!(before, [500, 200, 200]);
    let second = history.clone().customer(20, "cus_2", "kim@customer.example");
    assert_eq!(second.commissions(&["in_1", "pi_1", "pi_2"]), before);
    // Of two who carried it by then, the guest is neither.
    let two = history.customer(1, "cus_2", "kim@customer.example").settle();
    assert_eq!(two.customers.len(), 3);
}

#[test]
fn of_two_customers_who_come_to_a_guests_address_at_once_neither_is_the_guest() {
    let history = History::new()
        .guest(0, 1, "kim@customer.example", "alice")
        .customer(10, "cus_2", "kim@customer.example")
        .customer(10, "cus_1", "kim@customer.example");
    assert_eq!(history.settle().customers.len(), 3);
}

#[test]
fn a_referral_that_comes_to_an_address_later_was_nobodys_neighbour_before() {
    let mut history = History::new().referral(1, 1, "kim@customer.example", ALICE);
    history.facts.last_mut().unwrap().fact.identities.push(Key::user("u1"));
    let history = history.customer(0, "cus_1", "kim@customer.example").addressed_invoice(
        5,
        "in_1",
        "cus_1",
        "kim@customer.example",
    );
    let of = |history: &History| history.payment("in_1").bind.map(|bind| bind.affiliate);
    assert_eq!(of(&history), Some(ALICE));
    // Bob's customer takes the address long afterwards: at the payment exactly one referral had it.
    let bobs = history.invoice(0, "in_9", "cus_9", 1_000).touch(0, Invoice, "in_9", Metadata, "bob");
    assert_eq!(of(&bobs.clone().customer(90, "cus_9", "kim@customer.example")), Some(ALICE));
    // Had it been theirs before, there would have been two.
    assert_eq!(of(&bobs.customer(-1, "cus_9", "kim@customer.example")), None);
}

#[test]
fn the_first_of_several_ids_is_the_one_that_was_told_of_first() {
    let mut history = History::new()
        .invoice(0, "in_1", "cus_z", 1_000)
        .touch(0, Invoice, "in_1", Metadata, "alice")
        .invoice(5, "in_2", "cus_a", 1_000);
    // One user of the company's, two customers at Stripe.
    for known in &mut history.facts {
        if known.fact.identities.len() > 1 {
            known.fact.identities.push(Key::user("u1"));
        }
    }
    let customers = history.settle().customers;
    assert_eq!(customers.len(), 1);
    assert_eq!(customers[0].stripe_customer, Some(key("cus_z")));
}
