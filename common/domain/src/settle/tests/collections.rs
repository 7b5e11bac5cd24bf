//! Payment intents and legacy charges: payments of their own, or an invoice's, but never both (ADR 10).

use super::history::*;
use crate::fact::TouchMethod::{ClientReferenceId, Metadata};
use crate::fact::TouchedObject::{Charge, Invoice, PaymentIntent, Session};
use crate::fact::*;
use crate::key::Key;
use crate::settle::{ConversionStatus, KnownFact, Settlement, settle};
use chrono::TimeDelta;
use proptest::prelude::*;

impl History {
    /// A payment intent that succeeded, with its charge `ch_…` of the same name.
    pub(super) fn intent(
        mut self,
        n: i64,
        intent: &str,
        customer: &str,
        amount: i64,
        invoiced: Invoiced,
    ) -> Self {
        let charge = intent.replace("pi_", "ch_");
        let guest = customer.contains('@');
        let invoice = invoiced.invoice().map_or_else(String::new, ToString::to_string);
        let body = FactBody::Intent(IntentSucceeded {
            payment_intent: key(intent),
            charge: Some(key(&charge)),
            customer: (!guest && !customer.is_empty()).then(|| key(customer)),
            email: guest.then(|| customer.to_owned()),
            billing_email: None,
            currency: "usd".to_owned(),
            amount_received: amount,
            uncaptured: None,
            invoiced,
            succeeded_at: day(n),
            no_commission: false,
        });
        let identities = [invoice.as_str(), intent, &charge, customer];
        self.add(&format!("intent:{intent}"), Keep::Latest, amount, day(n), &identities, body);
        self
    }

    /// A captured charge; a legacy one when there is no payment intent.
    pub(super) fn charge(
        mut self,
        n: i64,
        charge: &str,
        intent: &str,
        customer: &str,
        amount: i64,
        invoiced: Invoiced,
    ) -> Self {
        let invoice = invoiced.invoice().map_or_else(String::new, ToString::to_string);
        let body = FactBody::Charge(ChargeSucceeded {
            charge: key(charge),
            payment_intent: (!intent.is_empty()).then(|| key(intent)),
            customer: (!customer.is_empty()).then(|| key(customer)),
            email: None,
            billing_email: None,
            currency: "usd".to_owned(),
            amount_captured: amount,
            uncaptured: None,
            invoiced,
            succeeded_at: day(n),
            no_commission: false,
        });
        let identities = [invoice.as_str(), intent, charge, customer];
        self.add(&format!("charge:{charge}"), Keep::Latest, amount, day(n), &identities, body);
        self
    }

    fn payments(&self) -> Vec<String> {
        self.settle().conversions.iter().map(|conversion| conversion.payment.to_string()).collect()
    }
}

fn by(invoice: &str) -> Invoiced {
    Invoiced::By { invoice: key(invoice) }
}

#[test]
fn a_bare_payment_intent_is_a_payment_of_its_own() {
    let history = History::new()
        .intent(0, "pi_1", "cus_1", 4_900, Invoiced::Unsaid)
        .touch(0, PaymentIntent, "pi_1", Metadata, "alice")
        .charge(0, "ch_1", "pi_1", "cus_1", 4_900, Invoiced::Unsaid);
    let payment = history.payment("pi_1");
    assert_eq!((payment.collected, payment.base, payment.commission), (4_900, 4_900, 980));
    assert_eq!(history.payments(), ["pi_1"], "its charge is the same payment");
}

#[test]
fn refunds_and_disputes_find_a_bare_payment_intent() {
    let payment = History::new()
        .refund(1, "re_1", "ch_1", "", 2_450, RefundStatus::Succeeded)
        .dispute(2, "dp_1", "ch_1", 2_450, DisputeStatus::Open)
        .intent(0, "pi_1", "cus_1", 4_900, Invoiced::Unsaid)
        .touch(0, PaymentIntent, "pi_1", Metadata, "alice")
        .payment("pi_1");
    assert_eq!((payment.commission, payment.clawed_back, payment.held), (980, 490, 490));
}

#[test]
fn a_legacy_charge_without_a_payment_intent_is_a_payment_of_its_own() {
    let history = History::new()
        .charge(0, "ch_1", "", "cus_1", 2_000, Invoiced::Never)
        .touch(0, Charge, "ch_1", Metadata, "bob")
        .refund(3, "re_1", "ch_1", "", 1_000, RefundStatus::Succeeded);
    let payment = history.payment("ch_1");
    assert_eq!((payment.commission, payment.clawed_back, payment.bind.unwrap().affiliate), (400, 200, BOB));
}

#[test]
fn a_guest_who_pays_by_payment_intent_is_known_by_the_address() {
    let history = History::new().referral(0, 1, "Guest@example.com", ALICE).intent(
        1,
        "pi_1",
        "guest@example.com",
        1_000,
        Invoiced::Unsaid,
    );
    assert_eq!(history.payment("pi_1").bind.unwrap().affiliate, ALICE);
    assert_eq!(history.settle().customers.len(), 1);
}

#[test]
fn a_session_tells_the_money_of_its_payment_intent() {
    let history = History::new()
        .session(0, "cs_1", "pi_1", "cus_1", "", 4_000)
        .touch(0, Session, "cs_1", ClientReferenceId, "alice")
        .intent(0, "pi_1", "cus_1", 4_900, Invoiced::Unsaid);
    assert_eq!(history.payments(), ["pi_1"]);
    assert_eq!(history.payment("pi_1").base, 4_900, "more was captured than the session's total");
}

#[test]
fn a_session_earns_of_what_its_payment_intent_received() {
    for (received, base) in [(12_000, 10_000), (6_000, 5_000), (6_001, 5_000), (13_200, 11_000)] {
        let mut history = History::new()
            .session(0, "cs_1", "pi_1", "cus_1", "", 12_000)
            .touch(0, Session, "cs_1", ClientReferenceId, "alice")
            .intent(0, "pi_1", "cus_1", received, Invoiced::Unsaid)
            .refund(1, "re_1", "ch_1", "pi_1", received / 2, RefundStatus::Succeeded);
        for known in &mut history.facts {
            if let FactBody::Session(session) = &mut known.fact.body {
                (session.amount_tax, session.amount_shipping) = (1_500, 500);
            }
        }
        let payment = history.payment("pi_1");
        assert_eq!((payment.collected, payment.base), (received, base));
        assert!((payment.clawed_back - payment.commission / 2).abs() <= 1, "half of it went back");
    }
}

#[test]
fn what_was_never_captured_was_never_refunded() {
    let captured = |uncaptured| {
        let mut history = History::new()
            .touch(0, PaymentIntent, "pi_1", Metadata, "alice")
            .intent(0, "pi_1", "cus_1", 9_000, Invoiced::Unsaid)
            .charge_refunded(2, "ch_1", "pi_1", 5_500);
        for known in &mut history.facts {
            if let FactBody::Intent(intent) = &mut known.fact.body {
                intent.uncaptured = Some(uncaptured);
            }
            if let FactBody::ChargeRefunded(refunded) = &mut known.fact.body {
                refunded.uncaptured = Some(uncaptured);
            }
        }
        history
    };
    let taken_back = |history: &History| history.payment("pi_1").clawed_back;
    assert_eq!(taken_back(&captured(0)), 1_100);
    let sum = captured(1_000);
    assert_eq!(taken_back(&sum), 900, "of 5,500 that Stripe counts 1,000 were released");
    let release = sum.clone().refund(0, "re_0", "ch_1", "pi_1", 1_000, RefundStatus::Succeeded);
    assert_eq!(taken_back(&release), 900, "the refund that stands for the release is no money");
    let real = release.refund(2, "re_1", "ch_1", "pi_1", 4_500, RefundStatus::Succeeded);
    assert_eq!(taken_back(&real), 900);
    let late = captured(1_000).refund(3, "re_2", "ch_1", "pi_1", 1_000, RefundStatus::Succeeded);
    assert_eq!(taken_back(&late), 900, "a later one of its amount is money, which the sum holds already");
    assert_eq!(taken_back(&late.refund(4, "re_3", "ch_1", "pi_1", 4_000, RefundStatus::Succeeded)), 1_000);
}

#[test]
fn a_session_that_waits_for_a_delayed_payment_is_paid_by_its_payment_intent() {
    let mut history = History::new().session(0, "cs_1", "pi_1", "cus_1", "", 4_900);
    if let FactBody::Session(session) = &mut history.facts[0].fact.body {
        session.payment_status = SessionPaymentStatus::Unpaid;
        session.amount_tax = 900;
    }
    assert!(history.payments().is_empty(), "nothing was collected");
    let paid = history.intent(3, "pi_1", "cus_1", 4_900, Invoiced::Unsaid).payment("pi_1");
    assert_eq!((paid.collected, paid.base, paid.occurred_at), (4_900, 4_000, day(3)));
}

#[test]
fn a_named_invoice_that_is_not_there_is_waited_for() {
    let intent = History::new().intent(0, "pi_1", "cus_1", 4_900, by("in_1"));
    assert!(intent.payments().is_empty());
    assert_eq!(intent.invoice(0, "in_1", "cus_1", 4_900).payments(), ["in_1"]);
}

#[test]
fn money_that_stripe_describes_as_an_invoices_waits_for_the_invoice() {
    let intent = History::new().intent(0, "pi_1", "cus_1", 4_900, Invoiced::Hinted);
    assert!(intent.payments().is_empty());
    let other = intent.clone().invoice(0, "in_9", "cus_1", 1_000);
    assert_eq!(other.payments(), ["in_9"], "an invoice of another amount is another payment");
    assert_eq!(intent.invoice(0, "in_1", "cus_1", 4_900).payments(), ["in_1"]);
}

#[test]
fn an_invoice_claims_the_money_that_is_exactly_what_was_paid_on_it() {
    let history = History::new()
        .intent(0, "pi_1", "cus_1", 4_900, Invoiced::Unsaid)
        .invoice(1, "in_1", "cus_1", 4_900)
        .touch(0, Invoice, "in_1", Metadata, "alice")
        .refund(2, "re_1", "ch_1", "", 4_900, RefundStatus::Succeeded);
    assert_eq!(history.payments(), ["in_1"]);
    let payment = history.payment("in_1");
    assert_eq!((payment.commission, payment.clawed_back), (980, 980), "its refund follows");
}

#[test]
fn an_invoice_claims_one_payment_and_not_those_of_others_or_of_other_days() {
    let claimed = |history: History| {
        let mut payments = history.invoice(2, "in_1", "cus_1", 4_900).payments();
        payments.retain(|payment| payment != "in_1");
        payments
    };
    let intent = |n, customer| History::new().intent(n, "pi_1", customer, 4_900, Invoiced::Unsaid);
    assert!(claimed(intent(2, "cus_1")).is_empty());
    assert_eq!(claimed(intent(2, "cus_2")), ["pi_1"], "of another customer");
    assert_eq!(claimed(intent(0, "cus_1")), ["pi_1"], "two days before");
    let two = intent(1, "cus_1").intent(2, "pi_2", "cus_1", 4_900, Invoiced::Unsaid);
    assert_eq!(claimed(two), ["pi_1"], "the nearest is the invoice's, the other its own");
    let never = History::new().intent(2, "pi_1", "cus_1", 4_900, Invoiced::Never);
    assert_eq!(claimed(never), ["pi_1"], "it says that it has no invoice");
}

#[test]
fn a_link_overrules_what_an_invoice_claimed() {
    let history = History::new()
        .intent(0, "pi_1", "cus_1", 4_900, Invoiced::Unsaid)
        .intent(1, "pi_2", "cus_1", 4_900, Invoiced::Unsaid)
        .invoice(0, "in_1", "cus_1", 4_900);
    assert_eq!(history.payments(), ["in_1", "pi_2"]);
    assert_eq!(history.alias(1, "in_1", "pi_2").payments(), ["in_1", "pi_1"]);
}

#[test]
fn several_payments_of_one_invoice_are_refunded_each_by_itself() {
    let history = History::new()
        .invoice(0, "in_1", "cus_1", 10_000)
        .touch(0, Invoice, "in_1", Metadata, "alice")
        .intent(0, "pi_1", "cus_1", 4_000, Invoiced::Hinted)
        .intent(0, "pi_2", "cus_1", 6_000, Invoiced::Hinted)
        .alias(0, "in_1", "pi_1")
        .alias(0, "in_1", "pi_2")
        .charge_refunded(1, "ch_1", "pi_1", 1_000)
        .refund(2, "re_2", "ch_2", "pi_2", 6_000, RefundStatus::Succeeded);
    assert_eq!(history.payments(), ["in_1"]);
    assert_eq!(history.payment("in_1").clawed_back, 1_400);
}

#[test]
fn a_payment_intent_that_forbids_commission_earns_none() {
    let mut history = History::new().intent(0, "pi_1", "cus_1", 4_900, Invoiced::Unsaid).touch(
        0,
        PaymentIntent,
        "pi_1",
        Metadata,
        "alice",
    );
    if let FactBody::Intent(intent) = &mut history.facts[0].fact.body {
        intent.no_commission = true;
    }
    let payment = history.payment("pi_1");
    assert_eq!((payment.commission, payment.reason.as_deref()), (0, Some("pi_1 says commission: false")));
}

#[test]
fn a_fraud_warning_holds_what_is_left_until_nothing_can_be_done() {
    let warned = |history: History, n, actionable| {
        let body = FactBody::FraudWarning(FraudWarningSeen {
            warning: "issfr_1".to_owned(),
            charge: Some(key("ch_1")),
            payment_intent: None,
            actionable,
            fraud_type: None,
            created: day(1),
        });
        let mut history = history;
        history.add("fraud_warning:issfr_1", Keep::Latest, i64::from(!actionable), day(n), &["ch_1"], body);
        history
    };
    let paid = History::new().intent(0, "pi_1", "cus_1", 10_000, Invoiced::Unsaid).touch(
        0,
        PaymentIntent,
        "pi_1",
        Metadata,
        "alice",
    );
    let held = warned(paid.refund(1, "re_1", "ch_1", "", 2_500, RefundStatus::Succeeded), 1, true);
    let payment = held.payment("pi_1");
    assert_eq!((payment.clawed_back, payment.held, payment.status), (500, 1_500, ConversionStatus::Held));
    assert!(payment.reason.unwrap().contains("issfr_1"));
    assert_eq!(warned(held, 2, false).payment("pi_1").held, 0);
}

/// What Stripe sends for one subscription payment since 2025-03-31, and when it happened in seconds.
fn subscription_mix() -> Vec<KnownFact> {
    let history = History::new()
        .touch(0, Invoice, "in_1", Metadata, "alice")
        .charge(0, "ch_1", "pi_1", "cus_1", 4_900, Invoiced::Hinted)
        .intent(0, "pi_1", "cus_1", 4_900, Invoiced::Hinted)
        .invoice(0, "in_1", "cus_1", 4_900)
        .alias(0, "in_1", "pi_1")
        .invoice_session(0, "cs_1", "in_1", "cus_1");
    let seconds = |(n, mut known): (usize, KnownFact)| {
        known.fact.at += TimeDelta::seconds(i64::try_from(n).unwrap());
        known
    };
    history.facts.into_iter().enumerate().map(seconds).collect()
}

fn settled(facts: &[KnownFact]) -> Settlement {
    let world = History::new();
    settle(facts, &world.rules, &world.directory).unwrap()
}

proptest! {
    /// Whatever comes first, nothing is credited that has to be taken back.
    #[test]
    fn a_subscriptions_events_never_credit_what_is_not_the_invoices(
        facts in Just(subscription_mix()).prop_shuffle(),
    ) {
        for seen in 1..=facts.len() {
            for conversion in settled(&facts[..seen]).conversions {
                prop_assert_eq!(&conversion.payment, &Key::stored("in_1".to_owned()));
                prop_assert_eq!(conversion.collected, 4_900);
            }
        }
        prop_assert_eq!(settled(&facts).conversions.len(), 1);
    }

    /// Each payment of money is credited once, linked or not, in any order.
    #[test]
    fn an_invoice_and_its_money_are_never_both_credited(
        purchases in prop::collection::vec((0i64..6, 0u8..2, 1i64..3, any::<bool>(), any::<bool>()), 1..6),
        seed in any::<u64>(),
    ) {
        let mut history = History::new();
        for (n, (day, customer, amount, hinted, linked)) in purchases.iter().enumerate() {
            let (intent, invoice) = (format!("pi_{n}"), format!("in_{n}"));
            let customer = format!("cus_{customer}");
            let said = if *hinted { Invoiced::Hinted } else { Invoiced::Unsaid };
            history = history
                .intent(*day, &intent, &customer, amount * 1_000, said)
                .invoice(*day, &invoice, &customer, amount * 1_000);
            if *linked {
                history = history.alias(*day, &invoice, &intent);
            }
        }
        let collected: i64 = history.settle().conversions.iter().map(|payment| payment.collected).sum();
        prop_assert_eq!(collected, purchases.iter().map(|(_, _, amount, ..)| amount * 1_000).sum::<i64>());
        let mut shuffled = history.clone();
        let turn = usize::try_from(seed % 97).unwrap() % shuffled.facts.len();
        shuffled.facts.rotate_left(turn);
        prop_assert_eq!(history.settle(), shuffled.settle());
    }
}
