//! A number of one currency is never counted in another (SEMANTICS 12, 15).

use super::history::*;
use crate::fact::*;
use crate::key::Key;
use crate::money::{Currency, Money};
use crate::settle::{Conversion, KnownFact};

fn money(minor: i64, currency: &str) -> Money {
    Money { minor, currency: Currency::parse(currency).unwrap() }
}

impl History {
    fn in_currency(mut self, currency: &str) -> Self {
        let Some(known) = self.facts.last_mut() else { return self };
        match &mut known.fact.body {
            FactBody::Refund(refund) => refund.currency = currency.to_owned(),
            FactBody::ChargeRefunded(refunded) => refunded.currency = currency.to_owned(),
            FactBody::Dispute(dispute) => dispute.currency = currency.to_owned(),
            FactBody::Charge(charge) => charge.currency = currency.to_owned(),
            FactBody::CreditNote(note) => note.currency = currency.to_owned(),
            body => panic!("{body:?} is in no currency"),
        }
        self
    }

    fn balance(mut self, object: &str, charge: &str, money: Money, converted_from: Option<i64>) -> Self {
        let body = FactBody::Balance(BalanceMoved {
            object: object.to_owned(),
            charge: Some(key(charge)),
            payment_intent: None,
            money,
            converted_from,
        });
        self.add(&format!("balance:{object}"), Keep::Latest, 0, day(1), &[charge], body);
        self
    }

    fn own_charge(mut self, charge: &str, intent: &str, amount: i64) -> Self {
        let body = FactBody::Charge(ChargeSucceeded {
            charge: key(charge),
            payment_intent: Some(key(intent)),
            customer: None,
            email: None,
            billing_email: None,
            currency: "usd".to_owned(),
            amount_captured: amount,
            uncaptured: None,
            invoiced: Invoiced::Unsaid,
            succeeded_at: day(0),
            no_commission: false,
        });
        self.add(&format!("charge:{charge}"), Keep::Latest, amount, day(0), &[charge, intent], body);
        self
    }
}

/// 10,000 yen collected by one charge, 2,000 earned.
fn yen() -> History {
    History::new()
        .invoice_with(0, "in_1", "cus_1", 10_000, |invoice| invoice.currency = "jpy".to_owned())
        .touch(0, TouchedObject::Invoice, "in_1", TouchMethod::Metadata, "alice")
        .alias(0, "in_1", "ch_1")
}

fn told(payment: &Conversion, what: &str) -> String {
    let line = payment.explanation.arithmetic.iter().find(|line| line.what == what);
    line.map(|line| line.how.clone()).unwrap_or_default()
}

#[test]
fn a_dispute_in_dollars_of_a_payment_in_yen_is_all_of_it_when_nothing_tells_its_share() {
    let dispute = |status| yen().dispute(1, "dp_1", "ch_1", 3_300, status).in_currency("usd").payment("in_1");
    let open = dispute(DisputeStatus::Open);
    assert_eq!((open.held, open.clawed_back), (2_000, 0));
    let why = "10000 JPY of 10000 JPY is disputed; dispute dp_1 of 33.00 USD is in another currency than the \
               payment, and nothing tells its share: it counts as the whole payment";
    assert_eq!(told(&open, "held"), why);
    let lost = dispute(DisputeStatus::Lost);
    assert_eq!((lost.held, lost.clawed_back, lost.base), (0, 2_000, 10_000));
    assert!(told(&lost, "taken back").contains("nothing tells its share"));
    let released = dispute(DisputeStatus::Released);
    assert_eq!((released.held, released.clawed_back), (0, 0));
}

#[test]
fn balance_transactions_of_charge_and_dispute_tell_its_share() {
    let lost = || yen().dispute(1, "dp_1", "ch_1", 3_300, DisputeStatus::Lost).in_currency("usd");
    // Both in the account's currency, which is the dispute's.
    let both = lost().balance("ch_1", "ch_1", money(6_600, "usd"), None).balance(
        "dp_1",
        "ch_1",
        money(1_650, "usd"),
        None,
    );
    assert_eq!(both.payment("in_1").clawed_back, 500);
    // The charge's alone: the dispute's own number is in its currency.
    let charge = lost().balance("ch_1", "ch_1", money(6_600, "usd"), None);
    assert_eq!(charge.payment("in_1").clawed_back, 1_000);
    let why = "dispute dp_1 of 33.00 USD is 33.00 USD of 66.00 USD, that is 5000 JPY";
    assert!(told(&charge.payment("in_1"), "taken back").contains(why));
    // In the account's third currency.
    let third = lost().balance("ch_1", "ch_1", money(6_000, "eur"), None).balance(
        "dp_1",
        "ch_1",
        money(2_000, "eur"),
        None,
    );
    assert_eq!(third.payment("in_1").clawed_back, 667);
    // The account's currency is the payment's.
    let own = lost().balance("dp_1", "ch_1", money(2_500, "jpy"), None);
    assert_eq!(own.payment("in_1").clawed_back, 500);
    // The dispute's rate: 3,300 cents at 0.66 were 5,000 yen.
    let rate = lost().balance("dp_1", "ch_1", money(3_300, "usd"), Some(5_000));
    assert_eq!(rate.payment("in_1").clawed_back, 1_000);
    // One that makes fifty payments of it is none.
    let wrong = lost().balance("dp_1", "ch_1", money(3_300, "usd"), Some(500_000));
    assert_eq!(wrong.payment("in_1").clawed_back, 2_000);
    // A rate that led to another currency than the dispute's may have begun at the dispute's.
    let elsewhere = lost().balance("dp_1", "ch_1", money(3_000, "eur"), Some(3_300));
    assert_eq!(elsewhere.payment("in_1").clawed_back, 2_000);
}

#[test]
fn what_one_dispute_tells_of_a_charge_holds_for_every_dispute_of_it() {
    // The second names no charge that was expanded: what the first brought along is of the same charge.
    let payment = yen()
        .dispute(1, "dp_1", "ch_1", 66, DisputeStatus::Lost)
        .in_currency("usd")
        .balance("ch_1", "ch_1", money(6_600, "usd"), None)
        .dispute(2, "dp_2", "ch_1", 6_567, DisputeStatus::Open)
        .in_currency("usd")
        .payment("in_1");
    assert_eq!((payment.clawed_back, payment.held), (20, 1_980));
    assert!(told(&payment, "held").contains("65.67 USD of 66.00 USD, that is 9950 JPY"));
}

#[test]
fn the_charge_that_a_dispute_names_goes_before_another_of_its_intent() {
    let disputed = |first: &str| {
        let mut history = yen().alias(0, "ch_1", "pi_1").alias(0, "ch_0", "pi_1");
        let charges = [("ch_0", 660), ("ch_1", 6_600)];
        for (charge, minor) in if first == "ch_0" { charges } else { [charges[1], charges[0]] } {
            history = history.balance(charge, charge, money(minor, "usd"), None);
            if let Some(KnownFact { fact: Fact { body: FactBody::Balance(moved), .. }, .. }) =
                history.facts.last_mut()
            {
                moved.payment_intent = Some(key("pi_1"));
            }
        }
        history = history.dispute(1, "dp_1", "ch_1", 330, DisputeStatus::Lost).in_currency("usd");
        if let Some(KnownFact { fact: Fact { body: FactBody::Dispute(dispute), .. }, .. }) =
            history.facts.last_mut()
        {
            dispute.payment_intent = Some(key("pi_1"));
        }
        history.payment("in_1").clawed_back
    };
    assert_eq!((disputed("ch_0"), disputed("ch_1")), (100, 100));
}

#[test]
fn a_rate_that_moved_takes_no_more_than_was_earned() {
    let dearer = yen().dispute(1, "dp_1", "ch_1", 7_000, DisputeStatus::Lost).in_currency("usd").balance(
        "ch_1",
        "ch_1",
        money(6_600, "usd"),
        None,
    );
    assert_eq!(dearer.payment("in_1").clawed_back, 2_000);
}

#[test]
fn a_refund_in_another_currency_counts_by_its_charges_own_money() {
    let told = yen().own_charge("ch_1", "pi_1", 6_600).in_currency("usd");
    let refunded =
        told.clone().refund(1, "re_1", "ch_1", "", 1_650, RefundStatus::Succeeded).in_currency("usd");
    assert_eq!(refunded.payment("in_1").clawed_back, 500);
    let in_all = told.charge_refunded(1, "ch_1", "", 3_300).in_currency("usd");
    assert_eq!(in_all.payment("in_1").clawed_back, 1_000);
    let unknown = yen().refund(1, "re_1", "ch_1", "", 1_650, RefundStatus::Succeeded).in_currency("usd");
    assert_eq!(unknown.payment("in_1").clawed_back, 2_000);
    let pending = yen().refund(1, "re_1", "ch_1", "", 1_650, RefundStatus::Pending).in_currency("usd");
    assert_eq!(pending.payment("in_1").clawed_back, 0);
}

#[test]
fn what_was_released_in_one_currency_is_taken_off_no_refund_in_another() {
    // Of a charge of 13,300 yen 10,000 were captured; 3,300 yen are no 33 dollars.
    let mut history = yen().own_charge("ch_1", "pi_1", 10_000).in_currency("jpy");
    if let Some(KnownFact { fact: Fact { body: FactBody::Charge(charge), .. }, .. }) =
        history.facts.last_mut()
    {
        charge.uncaptured = Some(3_300);
    }
    let history = history.balance("ch_1", "ch_1", money(6_600, "usd"), None);
    let object =
        history.clone().refund(0, "re_1", "ch_1", "", 3_300, RefundStatus::Succeeded).in_currency("usd");
    assert_eq!(object.payment("in_1").clawed_back, 1_000, "half of 66.00 USD");
    let in_all = history.clone().charge_refunded(0, "ch_1", "", 3_300).in_currency("usd");
    assert_eq!(in_all.payment("in_1").clawed_back, 1_000);
    let release = history.charge_refunded(0, "ch_1", "", 3_300).in_currency("jpy");
    assert_eq!(release.payment("in_1").clawed_back, 0);
}

#[test]
fn reversals_in_two_currencies_are_summed_as_shares() {
    let history = yen()
        .refund(1, "re_1", "ch_1", "", 2_500, RefundStatus::Succeeded)
        .in_currency("jpy")
        .dispute(2, "dp_1", "ch_1", 1_650, DisputeStatus::Lost)
        .in_currency("usd")
        .balance("ch_1", "ch_1", money(6_600, "usd"), None);
    let payment = history.payment("in_1");
    assert_eq!(payment.clawed_back, 1_000);
    assert!(told(&payment, "taken back").starts_with("5000 JPY of 10000 JPY went back"));
}

#[test]
fn invoices_of_two_currencies_are_two_payments_whatever_is_said_to_have_paid_both() {
    let history = History::new()
        .invoice(0, "in_b", "cus_1", 4_900)
        .touch(0, TouchedObject::Invoice, "in_b", TouchMethod::Metadata, "alice")
        .invoice_with(1, "in_a", "cus_1", 3_000, |invoice| invoice.currency = "eur".to_owned())
        .alias(0, "in_b", "pi_1")
        .alias(1, "in_a", "pi_1");
    let settlement = history.settle();
    let earned = |key: &str| {
        let payment = settlement.conversions.iter().find(|payment| payment.payment.as_str() == key).unwrap();
        (payment.currency.as_str().to_owned(), payment.base, payment.commission)
    };
    assert_eq!(settlement.conversions.len(), 2);
    assert_eq!(earned("in_b"), ("usd".to_owned(), 4_900, 980));
    assert_eq!(earned("in_a"), ("eur".to_owned(), 3_000, 600));
    let keys: Vec<&Key> = settlement.conversions.iter().flat_map(|payment| &payment.aliases).collect();
    assert_eq!(keys.iter().filter(|key| key.as_str() == "pi_1").count(), 1);
    // What of it went back is in the currency of the payment intent's invoice.
    let back = history.refund(2, "re_1", "", "pi_1", 4_900, RefundStatus::Succeeded);
    assert_eq!(back.payment("in_b").clawed_back, 980);
    assert_eq!(back.payment("in_a").clawed_back, 0);
}

#[test]
fn two_invoices_of_one_currency_are_one_payment() {
    let history = History::new()
        .invoice(0, "in_1", "cus_1", 4_900)
        .touch(0, TouchedObject::Invoice, "in_1", TouchMethod::Metadata, "alice")
        .invoice(0, "in_2", "cus_1", 5_100)
        .invoice_with(0, "in_3", "cus_1", 0, |invoice| invoice.currency = "eur".to_owned())
        .alias(0, "in_1", "pi_1")
        .alias(0, "in_2", "pi_1")
        .alias(0, "in_3", "pi_1");
    let payment = history.payment("in_1");
    assert_eq!((payment.collected, payment.commission), (10_000, 2_000));
    assert_eq!(history.settle().conversions.len(), 1);
}

#[test]
fn a_payment_of_two_invoices_was_made_when_the_first_of_them_was_paid_however_their_ids_sort() {
    for (first, second) in [("in_1", "in_2"), ("in_2", "in_1")] {
        let history = History::new()
            .invoice(3, first, "cus_1", 4_900)
            .touch(3, TouchedObject::Invoice, first, TouchMethod::Metadata, "alice")
            .invoice(9, second, "cus_1", 5_100)
            .alias(3, first, "pi_1")
            .alias(9, second, "pi_1");
        assert_eq!(history.payment("in_1").occurred_at, day(3), "{first} was paid first");
    }
}

#[test]
fn a_commission_named_in_another_currency_than_the_payments_is_no_number_of_it() {
    let named = |currency: &str| {
        let currency = currency.to_owned();
        yen()
            .posted(0, 7, 4_900, |posted| {
                posted.payment = key("in_1");
                posted.value = Some(500);
                posted.currency = currency;
                posted.affiliate = Some(ALICE);
            })
            .payment("in_1")
    };
    assert_eq!(named("jpy").commission, 500);
    let other = named("usd");
    assert_eq!((other.commission, other.base, other.currency.as_str()), (2_000, 10_000, "jpy"));
    assert!(told(&other, "named").contains("nothing is converted"));
}
