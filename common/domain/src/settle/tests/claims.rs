//! Which money an invoice claims, and what Stripe's own word does to it (ADR 10).

use super::history::*;
use crate::fact::TouchMethod::Metadata;
use crate::fact::TouchedObject::Invoice;
use crate::fact::*;

impl History {
    /// Stripe's word that an invoice or a payment intent belongs to no other.
    fn apart(mut self, n: i64, object: &str) -> Self {
        let body = FactBody::Apart(PaymentApart { object: key(object) });
        self.add(&format!("apart:{object}"), Keep::First, 0, day(n), &[object], body);
        self
    }

    fn claimed(&self) -> Vec<String> {
        let conversions = self.settle().conversions;
        let invoices = conversions.iter().filter(|one| one.payment.as_str().starts_with("in_"));
        invoices
            .map(|one| one.aliases.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
            .collect()
    }
}

#[test]
fn what_is_described_as_an_invoices_goes_before_what_is_nearer_or_sorts_first() {
    for described in ["pi_1", "pi_2"] {
        let said = |intent| if intent == described { Invoiced::Hinted } else { Invoiced::Unsaid };
        let history = History::new()
            .invoice(1, "in_1", "cus_1", 4_900)
            .touch(1, Invoice, "in_1", Metadata, "alice")
            .intent(1, "pi_1", "cus_1", 4_900, said("pi_1"))
            .intent(if described == "pi_1" { 1 } else { 2 }, "pi_2", "cus_1", 4_900, said("pi_2"));
        let charge = described.replace("pi", "ch");
        assert_eq!(history.claimed(), [format!("{charge} in_1 {described}")]);
        assert_eq!(history.settle().conversions.len(), 2, "the other is a payment of its own");
        let refunded = history.refund(3, "re_1", &charge, "", 4_900, RefundStatus::Succeeded);
        assert_eq!(refunded.payment("in_1").clawed_back, 980);
    }
}

#[test]
fn each_invoice_takes_the_nearest_of_what_is_described_as_an_invoices() {
    let history = History::new()
        .invoice(1, "in_1", "cus_1", 4_900)
        .invoice(2, "in_2", "cus_1", 4_900)
        .intent(2, "pi_a", "cus_1", 4_900, Invoiced::Hinted)
        .intent(1, "pi_b", "cus_1", 4_900, Invoiced::Hinted)
        .intent(1, "pi_c", "cus_1", 4_900, Invoiced::Unsaid);
    assert_eq!(history.claimed(), ["ch_b in_1 pi_b", "ch_a in_2 pi_a"]);
}

#[test]
fn of_two_that_are_as_near_the_earlier_is_claimed_however_their_ids_sort() {
    for (earlier, later) in [("1", "2"), ("2", "1")] {
        let history = History::new()
            .invoice(2, "in_1", "cus_1", 4_900)
            .intent(1, &format!("pi_{earlier}"), "cus_1", 4_900, Invoiced::Unsaid)
            .intent(3, &format!("pi_{later}"), "cus_1", 4_900, Invoiced::Unsaid);
        assert_eq!(history.claimed(), [format!("ch_{earlier} in_1 pi_{earlier}")]);
        let history = History::new()
            .invoice(1, &format!("in_{earlier}"), "cus_1", 4_900)
            .invoice(3, &format!("in_{later}"), "cus_1", 4_900)
            .intent(2, "pi_1", "cus_1", 4_900, Invoiced::Unsaid);
        let mut claimed = history.claimed();
        claimed.retain(|names| names.contains("pi_1"));
        assert_eq!(claimed, [format!("ch_1 in_{earlier} pi_1")]);
    }
}

#[test]
fn an_invoice_that_was_paid_out_of_band_claims_nothing() {
    let history = History::new()
        .invoice(1, "in_1", "cus_1", 4_900)
        .intent(1, "pi_1", "cus_1", 4_900, Invoiced::Unsaid)
        .apart(1, "in_1");
    assert_eq!(history.claimed(), ["in_1"]);
    assert_eq!(history.settle().conversions.len(), 2);
    assert_eq!(history.alias(2, "in_1", "pi_1").claimed(), ["ch_1 in_1 pi_1"], "a link overrules it");
}

#[test]
fn money_of_which_stripe_knows_no_invoice_is_claimed_by_none_and_waits_for_none() {
    for said in [Invoiced::Unsaid, Invoiced::Hinted] {
        let intent = History::new().intent(1, "pi_1", "cus_1", 4_900, said).apart(3, "pi_1");
        assert_eq!(intent.payment("pi_1").collected, 4_900, "nothing is left to wait for");
        let both = intent.invoice(1, "in_1", "cus_1", 4_900);
        assert_eq!(both.claimed(), ["in_1"]);
        assert_eq!(both.settle().conversions.len(), 2);
    }
}
