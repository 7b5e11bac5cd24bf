//! Credit notes: what was credited after payment is taken back like a refund, and never twice.

use super::history::*;
use crate::fact::*;
use proptest::prelude::*;

impl History {
    fn credit_note(mut self, n: i64, note: &str, invoice: &str, credit: Credit) -> Self {
        let Credit { post_payment, refunds, status } = credit;
        let body = FactBody::CreditNote(CreditNoteSeen {
            credit_note: note.to_owned(),
            invoice: key(invoice),
            currency: "usd".to_owned(),
            post_payment,
            refunds,
            status,
            created: day(n),
        });
        self.add(&format!("credit_note:{note}"), Keep::Latest, status.rank(), day(n), &[invoice], body);
        self
    }
}

struct Credit {
    post_payment: i64,
    refunds: Vec<CreditedRefund>,
    status: CreditNoteStatus,
}

fn credit(post_payment: i64) -> Credit {
    Credit { post_payment, refunds: Vec::new(), status: CreditNoteStatus::Issued }
}

fn through(refund: &str, amount: Option<i64>, post_payment: i64) -> Credit {
    let refund = CreditedRefund { refund: refund.to_owned(), amount };
    Credit { refunds: vec![refund], ..credit(post_payment) }
}

/// 100.00 collected, 20.00 earned.
fn paid() -> History {
    History::new()
        .invoice(0, "in_1", "cus_1", 10_000)
        .touch(0, TouchedObject::Invoice, "in_1", TouchMethod::Metadata, "alice")
        .alias(0, "in_1", "pi_1")
}

fn taken_back(history: &History) -> i64 {
    history.payment("in_1").clawed_back
}

#[test]
fn a_credit_note_without_a_refund_takes_its_share_back() {
    assert_eq!(taken_back(&paid().credit_note(5, "cn_1", "in_1", credit(2_500))), 500);
}

#[test]
fn a_credit_note_before_payment_takes_nothing_back() {
    assert_eq!(taken_back(&paid().credit_note(0, "cn_1", "in_1", credit(0))), 0);
}

#[test]
fn a_voided_credit_note_gives_the_commission_back() {
    let voided = Credit { status: CreditNoteStatus::Voided, ..credit(2_500) };
    let history = paid().credit_note(6, "cn_1", "in_1", voided).credit_note(5, "cn_1", "in_1", credit(2_500));
    assert_eq!(taken_back(&history), 0);
}

#[test]
fn a_credit_note_before_its_invoice_waits_for_it() {
    let early = History::new().credit_note(5, "cn_1", "in_1", credit(10_000));
    assert!(early.settle().conversions.is_empty());
    let paid = early.invoice(0, "in_1", "cus_1", 10_000).touch(
        0,
        TouchedObject::Invoice,
        "in_1",
        TouchMethod::Metadata,
        "alice",
    );
    assert_eq!(taken_back(&paid), 2_000);
}

#[test]
fn a_credit_note_and_its_refund_are_taken_back_once() {
    for amount in [Some(2_500), None] {
        let note = paid().credit_note(5, "cn_1", "in_1", through("re_1", amount, 2_500));
        assert_eq!(taken_back(&note), 0, "the refund's own event tells what went back");
        let refunded = note.refund(5, "re_1", "ch_1", "pi_1", 2_500, RefundStatus::Succeeded);
        assert_eq!(taken_back(&refunded), 500);
        let cumulative = refunded.charge_refunded(5, "ch_1", "pi_1", 2_500);
        assert_eq!(taken_back(&cumulative), 500);
    }
}

#[test]
fn what_a_credit_note_gives_beyond_its_refund_is_taken_back_too() {
    let refund = |history: History| history.refund(5, "re_1", "ch_1", "pi_1", 1_000, RefundStatus::Succeeded);
    let told = paid().credit_note(5, "cn_1", "in_1", through("re_1", Some(1_000), 2_500));
    assert_eq!(taken_back(&told), 300, "the part that is no refund");
    assert_eq!(taken_back(&refund(told)), 500);
    let untold = paid().credit_note(5, "cn_1", "in_1", through("re_1", None, 2_500));
    assert_eq!(taken_back(&refund(untold)), 500, "the refund tells its amount");
}

#[test]
fn more_than_was_collected_is_never_taken_back() {
    let history = paid().credit_note(5, "cn_1", "in_1", credit(8_000)).refund(
        5,
        "re_1",
        "ch_1",
        "pi_1",
        8_000,
        RefundStatus::Succeeded,
    );
    assert_eq!(taken_back(&history), 2_000);
}

proptest! {
    #[test]
    fn parts_of_a_credit_add_up_whatever_their_means(
        refunded in 0i64..5_000, balance in 0i64..5_000, known in any::<bool>(), told in any::<bool>(),
    ) {
        let amount = told.then_some(refunded);
        let mut history =
            paid().credit_note(5, "cn_1", "in_1", through("re_1", amount, refunded + balance));
        if known {
            history = history.refund(6, "re_1", "ch_1", "pi_1", refunded, RefundStatus::Succeeded);
        }
        let gone = match (known, told) {
            (true, _) => refunded + balance,
            (false, true) => balance,
            (false, false) => 0,
        };
        // 20 % of it, half to even, as the commission is 20 % of all.
        let halves = gone * 2 / 10 + match gone * 2 % 10 {
            rest if rest > 5 || (rest == 5 && gone * 2 / 10 % 2 == 1) => 1,
            _ => 0,
        };
        prop_assert_eq!(taken_back(&history), halves);
    }
}
