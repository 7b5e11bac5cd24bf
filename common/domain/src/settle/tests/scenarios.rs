//! One rule a test.

use super::history::*;
use crate::code::FoldedCode;
use crate::directory::{Click, OwnCommission};
use crate::fact::{DisputeStatus, FactBody, RefundStatus, TouchMethod, TouchedObject};
use crate::key::Key;
use crate::money::{BasisPoints, Currency};
use crate::rules::{Commission, Recurring, Rules, SelfReferral};
use crate::settle::{ConversionStatus, CustomerStatus, Method};

use TouchMethod::{ClientReferenceId, Metadata, PromotionCodeText};
use TouchedObject::{Customer, Invoice, Session};

fn referred() -> History {
    History::new()
        .customer(0, "cus_1", "carol@example.com")
        .invoice_session(0, "cs_1", "in_1", "cus_1")
        .touch(0, Session, "cs_1", ClientReferenceId, "alice")
        .invoice(0, "in_1", "cus_1", 4_900)
}

#[test]
fn a_session_and_its_invoice_are_one_payment() {
    let settlement = referred().settle();
    assert_eq!(settlement.conversions.len(), 1);
    let payment = &settlement.conversions[0];
    assert_eq!(payment.payment, key("in_1"));
    assert_eq!((payment.base, payment.commission), (4_900, 980));
    let bind = payment.bind.clone().unwrap();
    assert_eq!((bind.affiliate, bind.method), (ALICE, Method::ClientReferenceId));
    assert_eq!(settlement.customers[0].status, CustomerStatus::Converted);
}

#[test]
fn tax_is_no_base() {
    let payment = referred().taxed_invoice(31, "in_2", "cus_1", 5_831, 931).payment("in_2");
    assert_eq!((payment.collected, payment.base, payment.commission), (5_831, 4_900, 980));
}

#[test]
fn the_first_bind_wins() {
    let history = referred()
        .touch(31, Session, "cs_2", ClientReferenceId, "bob")
        .invoice_session(31, "cs_2", "in_2", "cus_1")
        .invoice(31, "in_2", "cus_1", 10_000);
    assert_eq!(history.payment("in_2").bind.unwrap().affiliate, ALICE);
}

#[test]
fn metadata_goes_before_client_reference_and_that_before_a_coupon() {
    let coupon = History::new()
        .invoice_session(0, "cs_1", "in_1", "cus_1")
        .invoice(0, "in_1", "cus_1", 1_000)
        .touch(0, Invoice, "in_1", PromotionCodeText, "BOB10");
    assert_eq!(coupon.payment("in_1").bind.unwrap().affiliate, BOB);
    let reference = coupon.touch(0, Session, "cs_1", ClientReferenceId, "ref_ALICE");
    assert_eq!(reference.payment("in_1").bind.unwrap().affiliate, ALICE);
    let metadata = reference.touch(0, Invoice, "in_1", Metadata, "bob");
    assert_eq!(metadata.payment("in_1").bind.clone().unwrap().method, Method::Metadata);
    assert_eq!(metadata.payment("in_1").bind.unwrap().affiliate, BOB);
}

#[test]
fn the_switch_puts_a_coupon_first() {
    let history = History::new()
        .with_rules(Rules { coupon_first: true, ..percent(2_000) })
        .session(0, "cs_1", "pi_1", "", "", 1_000)
        .touch(0, Session, "cs_1", Metadata, "alice")
        .touch(0, Session, "cs_1", PromotionCodeText, "BOB10");
    assert_eq!(history.payment("pi_1").bind.unwrap().affiliate, BOB);
}

#[test]
fn a_coupon_of_nobody_never_blocks_the_rest() {
    let history = History::new()
        .session(0, "cs_1", "pi_1", "", "", 1_000)
        .touch(0, Session, "cs_1", Metadata, "nobody")
        .touch(0, Session, "cs_1", PromotionCodeText, "SUMMER")
        .touch(0, Session, "cs_1", PromotionCodeText, "ALICE20");
    let payment = history.payment("pi_1");
    assert_eq!(payment.bind.unwrap().affiliate, ALICE);
    assert_eq!(payment.explanation.candidates.len(), 3);
}

#[test]
fn a_code_that_was_inactive_at_the_time_does_not_attribute_and_says_so() {
    let history = |from| {
        History::new().suspend_coupon("ALICE20", from).session(10, "cs_1", "pi_1", "", "", 1_000).touch(
            10,
            Session,
            "cs_1",
            PromotionCodeText,
            "ALICE20",
        )
    };
    let late = history(5).payment("pi_1");
    assert_eq!(late.status, ConversionStatus::Unattributed);
    assert_eq!(late.reason.as_deref(), Some("\"ALICE20\" was inactive at the time"));
    assert_eq!(late.commission, 0);
    assert_eq!(history(20).payment("pi_1").bind.unwrap().affiliate, ALICE);
}

#[test]
fn an_unattributed_payment_finds_a_mapping_that_appears_within_the_window() {
    let history = |n| {
        History::new()
            .customer(0, "cus_1", "")
            .invoice(0, "in_1", "cus_1", 1_000)
            .touch(n, Customer, "cus_1", Metadata, "alice")
            .invoice(60, "in_2", "cus_1", 1_000)
    };
    assert_eq!(history(30).payment("in_1").bind.unwrap().affiliate, ALICE);
    let late = history(31);
    assert_eq!(late.payment("in_1").status, ConversionStatus::Unattributed);
    assert_eq!(late.payment("in_2").bind.unwrap().affiliate, ALICE);
}

#[test]
fn a_guest_checkout_is_attributed() {
    let history = History::new().session(0, "cs_1", "pi_1", "", "guest@example.com", 2_500).touch(
        0,
        Session,
        "cs_1",
        ClientReferenceId,
        "bob",
    );
    let payment = history.payment("pi_1");
    assert_eq!((payment.commission, payment.bind.unwrap().affiliate), (500, BOB));
    assert_eq!(history.settle().customers[0].anchor, Key::email("guest@example.com").unwrap());
}

#[test]
fn a_trial_binds_and_pays_nothing_until_money_comes() {
    let history = History::new()
        .invoice_session(0, "cs_1", "in_0", "cus_1")
        .touch(0, Session, "cs_1", ClientReferenceId, "alice")
        .invoice(0, "in_0", "cus_1", 0);
    assert!(history.settle().conversions.is_empty());
    assert_eq!(history.settle().customers[0].status, CustomerStatus::Pending);
    assert_eq!(history.invoice(14, "in_1", "cus_1", 4_900).payment("in_1").commission, 980);
}

#[test]
fn two_partial_refunds_take_back_shares_of_the_original_commission() {
    let history = History::new()
        .session(0, "cs_1", "pi_1", "cus_1", "", 10_000)
        .touch(0, Session, "cs_1", ClientReferenceId, "alice")
        .refund(1, "re_1", "ch_1", "pi_1", 2_500, RefundStatus::Succeeded)
        .charge_refunded(1, "ch_1", "pi_1", 2_500)
        .refund(2, "re_2", "ch_1", "pi_1", 2_500, RefundStatus::Succeeded);
    let payment = history.payment("pi_1");
    assert_eq!((payment.commission, payment.clawed_back), (2_000, 1_000));
    let all = history.charge_refunded(3, "ch_1", "pi_1", 10_000).payment("pi_1");
    assert_eq!((all.clawed_back, all.status), (2_000, ConversionStatus::Reversed));
}

#[test]
fn a_failed_refund_gives_the_commission_back() {
    let history = History::new()
        .session(0, "cs_1", "pi_1", "cus_1", "", 10_000)
        .touch(0, Session, "cs_1", ClientReferenceId, "alice")
        .refund(1, "re_1", "ch_1", "pi_1", 10_000, RefundStatus::Succeeded)
        .charge_refunded(1, "ch_1", "pi_1", 10_000);
    assert_eq!(history.payment("pi_1").clawed_back, 2_000);
    let failed = history.refund(5, "re_1", "ch_1", "pi_1", 10_000, RefundStatus::Failed);
    assert_eq!(failed.payment("pi_1").clawed_back, 0);
}

#[test]
fn a_refund_before_its_payment_waits_for_it() {
    let early = History::new().refund(1, "re_1", "ch_1", "pi_1", 5_000, RefundStatus::Succeeded);
    assert_eq!(early.settle(), super::super::Settlement::default());
    let paid = early
        .invoice(0, "in_1", "cus_1", 10_000)
        .touch(0, Invoice, "in_1", Metadata, "alice")
        .alias(0, "in_1", "pi_1");
    let payment = paid.payment("in_1");
    assert_eq!((payment.commission, payment.clawed_back), (2_000, 1_000));
}

#[test]
fn a_refund_on_top_of_a_lost_dispute_is_taken_back_once() {
    let history = History::new()
        .session(0, "cs_1", "pi_1", "cus_1", "", 10_000)
        .touch(0, Session, "cs_1", ClientReferenceId, "alice")
        .alias(0, "pi_1", "ch_1")
        .dispute(3, "dp_1", "ch_1", 10_000, DisputeStatus::Open);
    let open = history.payment("pi_1");
    assert_eq!((open.held, open.status), (2_000, ConversionStatus::Held));
    let lost = history
        .dispute(9, "dp_1", "ch_1", 10_000, DisputeStatus::Lost)
        .refund(10, "re_1", "ch_1", "pi_1", 10_000, RefundStatus::Succeeded)
        .payment("pi_1");
    assert_eq!((lost.clawed_back, lost.held), (2_000, 0));
}

#[test]
fn a_won_dispute_releases_what_was_held() {
    let payment = History::new()
        .session(0, "cs_1", "pi_1", "cus_1", "", 10_000)
        .touch(0, Session, "cs_1", ClientReferenceId, "alice")
        .alias(0, "pi_1", "ch_1")
        .dispute(9, "dp_1", "ch_1", 10_000, DisputeStatus::Released)
        .dispute(3, "dp_1", "ch_1", 10_000, DisputeStatus::Open)
        .payment("pi_1");
    assert_eq!((payment.held, payment.clawed_back), (0, 0));
}

#[test]
fn a_flat_commission_is_not_converted() {
    let usd = Currency::parse("usd").unwrap();
    let flat = Commission::Flat { minor: 1_500, currency: usd, capped_at_base: false };
    let history = referred().with_rules(Rules { commission: flat, ..percent(0) });
    assert_eq!(history.payment("in_1").commission, 1_500);
    let euro =
        Commission::Flat { minor: 1_500, currency: Currency::parse("eur").unwrap(), capped_at_base: false };
    let payment = referred().with_rules(Rules { commission: euro, ..percent(0) }).payment("in_1");
    assert_eq!(payment.commission, 0);
    assert!(payment.reason.unwrap().contains("nothing is converted"));
}

#[test]
fn only_as_many_payments_earn_as_the_rules_say() {
    let history = |recurring| {
        referred()
            .with_rules(Rules { recurring, ..percent(1_000) })
            .invoice(31, "in_2", "cus_1", 1_000)
            .invoice(59, "in_3", "cus_1", 1_000)
    };
    let earned = |recurring| {
        let history = history(recurring);
        ["in_1", "in_2", "in_3"].map(|payment| history.payment(payment).commission)
    };
    assert_eq!(earned(Recurring::All), [490, 100, 100]);
    assert_eq!(earned(Recurring::First), [490, 0, 0]);
    assert_eq!(earned(Recurring::Payments(2)), [490, 100, 0]);
    // Day 0 is 1 January: day 31 is 1 February, and one month after the first payment.
    assert_eq!(earned(Recurring::Months(1)), [490, 0, 0]);
    assert_eq!(earned(Recurring::Months(2)), [490, 100, 0]);
}

#[test]
fn an_older_payment_that_comes_late_changes_the_ranks() {
    let history = referred()
        .with_rules(Rules { recurring: Recurring::First, ..percent(1_000) })
        .invoice(10, "in_2", "cus_1", 1_000);
    assert_eq!(history.payment("in_2").commission, 0);
    let older = history
        .invoice_session(-5, "cs_0", "in_0", "cus_1")
        .touch(-5, Session, "cs_0", ClientReferenceId, "alice")
        .invoice(-5, "in_0", "cus_1", 2_000);
    assert_eq!(older.payment("in_0").commission, 200);
    assert_eq!(older.payment("in_1").commission, 0);
}

#[test]
fn an_address_attributes_when_exactly_one_referral_carries_it() {
    let one = History::new()
        .referral(0, 1, "Dave@Example.com", ALICE)
        .customer(1, "cus_1", "dave@example.com")
        .invoice(2, "in_1", "cus_1", 1_000);
    assert_eq!(one.payment("in_1").bind.unwrap().affiliate, ALICE);
    assert_eq!(one.settle().customers.len(), 1);
    let several = History::new()
        .customer(0, "cus_1", "team@example.com")
        .invoice(0, "in_1", "cus_1", 1_000)
        .touch(0, Invoice, "in_1", Metadata, "alice")
        .customer(0, "cus_2", "team@example.com")
        .invoice(0, "in_2", "cus_2", 1_000)
        .touch(0, Invoice, "in_2", Metadata, "bob")
        .customer(1, "cus_3", "team@example.com")
        .invoice(1, "in_3", "cus_3", 1_000);
    assert_eq!(several.payment("in_1").bind.unwrap().affiliate, ALICE);
    assert_eq!(several.payment("in_2").bind.unwrap().affiliate, BOB);
    let third = several.payment("in_3");
    assert_eq!(third.bind, None);
    assert!(third.reason.unwrap().contains("several referrals"));
}

#[test]
fn a_posted_conversion_goes_to_whom_the_caller_names() {
    let history = referred().posted(3, 7, 2_000, |posted| {
        posted.affiliate = Some(BOB);
        posted.who.stripe_customer = Some(key("cus_1"));
    });
    let payment = history.payment("conversion:7");
    assert_eq!((payment.bind.unwrap().affiliate, payment.commission), (BOB, 400));
    let by_identity = referred().posted(3, 7, 2_000, |posted| {
        posted.who.email = Some("Carol@example.com".to_owned());
    });
    assert_eq!(by_identity.payment("conversion:7").bind.unwrap().affiliate, ALICE);
}

#[test]
fn a_deleted_conversion_is_taken_back_whole() {
    let payment = History::new()
        .posted(3, 7, 2_000, |posted| {
            posted.affiliate = Some(BOB);
            posted.deleted = true;
        })
        .payment("conversion:7");
    assert_eq!((payment.commission, payment.clawed_back), (400, 400));
    assert_eq!(payment.status, ConversionStatus::Reversed);
}

#[test]
fn a_reference_that_is_a_stripe_id_is_the_same_payment() {
    let history = referred().posted(0, 7, 4_900, |posted| {
        posted.payment = key("in_1");
        posted.affiliate = Some(ALICE);
    });
    let settlement = history.settle();
    assert_eq!(settlement.conversions.len(), 1);
    assert_eq!(settlement.conversions[0].commission, 980);
}

#[test]
fn an_affiliates_own_commission_goes_before_the_programmes_from_its_time_on() {
    let mut history = referred().invoice(40, "in_2", "cus_1", 10_000);
    let alice = history.directory.affiliates.get_mut(&ALICE).unwrap();
    let half = Some(Commission::Percent { basis_points: BasisPoints(5_000) });
    alice.commissions.push(OwnCommission { version: 1, valid_from: Some(day(10)), commission: half });
    assert_eq!(history.payment("in_1").commission, 980, "what was earned before stays");
    assert_eq!(history.payment("in_2").commission, 5_000);
    assert_eq!(
        history.payment("in_2").explanation.arithmetic[1].how,
        "the affiliate's own 50% of 100.00 USD, half to even"
    );
}

fn clicked(days_before: i64) -> History {
    let mut history = History::new().session(0, "cs_1", "pi_1", "", "", 1_000).touch(
        0,
        Session,
        "cs_1",
        ClientReferenceId,
        "clk_1",
    );
    let owner = history.directory.referral_codes[&FoldedCode::new("alice").unwrap()].clone();
    let click = Click { owner, at: day(-days_before) };
    history.directory.clicks.insert(FoldedCode::new("clk_1").unwrap(), click);
    history
}

#[test]
fn a_click_counts_to_the_last_moment_of_the_window_and_not_from_the_future() {
    assert_eq!(clicked(60).payment("pi_1").bind.unwrap().affiliate, ALICE);
    let late = clicked(61).payment("pi_1");
    assert!(late.bind.is_none());
    assert!(late.explanation.candidates[0].verdict.ends_with("is more than 60 days old"));
    let early = clicked(-1).payment("pi_1");
    assert!(early.explanation.candidates[0].verdict.ends_with("came after the payment"));
}

#[test]
fn a_purchase_of_the_affiliates_own_is_held_with_its_evidence() {
    let history = History::new()
        .customer(0, "cus_1", "Alice+shop@affiliates.example")
        .invoice(0, "in_1", "cus_1", 4_900)
        .touch(0, Invoice, "in_1", Metadata, "alice");
    let payment = history.payment("in_1");
    assert_eq!((payment.status, payment.commission, payment.held), (ConversionStatus::Held, 980, 980));
    assert!(payment.reason.unwrap().starts_with("held as a purchase of the affiliate's own"));
    let rejecting = Rules { self_referral: SelfReferral::Reject, ..percent(2_000) };
    let payment = history.with_rules(rejecting).payment("in_1");
    assert_eq!((payment.commission, payment.held), (0, 0));
    assert!(payment.reason.unwrap().starts_with("rejected as a purchase of the affiliate's own"));
}

#[test]
fn a_promotion_code_goes_before_the_coupon_that_others_share() {
    let mut history = History::new()
        .session(0, "cs_1", "pi_1", "", "", 1_000)
        .touch(0, Session, "cs_1", TouchMethod::Coupon, "SHARED")
        .touch(0, Session, "cs_1", PromotionCodeText, "BOB10");
    let codes = &history.directory.coupons_by_code;
    let owners = ["alice20", "bob10"].map(|code| codes[&FoldedCode::new(code).unwrap()][0].clone());
    history.directory.coupons_by_stripe_coupon.insert(FoldedCode::new("SHARED").unwrap(), owners.into());
    for fact in &mut history.facts {
        // One event tells both.
        fact.fact.event = "evt_1".to_owned();
    }
    assert_eq!(history.payment("pi_1").bind.unwrap().affiliate, BOB);
}

#[test]
fn an_address_binds_nobody_who_did_nothing_yet_with_or_without_a_code_of_nobody() {
    let history = History::new()
        .customer(0, "cus_1", "carol@example.com")
        .touch(0, Customer, "cus_1", Metadata, "alice")
        .customer(5, "cus_2", "carol@example.com");
    for history in [history.clone(), history.touch(5, Customer, "cus_2", Metadata, "nobody")] {
        assert_eq!(history.settle().customers[1].bind, None);
        let paid = history.invoice(9, "in_1", "cus_2", 1_000).payment("in_1");
        assert_eq!(paid.bind.map(|bind| (bind.affiliate, bind.method)), Some((ALICE, Method::Email)));
    }
}

#[test]
fn an_address_that_two_referrals_carry_at_the_payment_attributes_to_neither() {
    let payment = History::new()
        .customer(0, "cus_1", "carol@example.com")
        .touch(0, Customer, "cus_1", Metadata, "alice")
        .customer(1, "cus_2", "carol@example.com")
        .touch(1, Customer, "cus_2", Metadata, "bob")
        .customer(2, "cus_3", "carol@example.com")
        .invoice(2, "in_3", "cus_3", 1_000)
        .payment("in_3");
    assert_eq!(payment.status, ConversionStatus::Unattributed);
    assert_eq!(payment.reason.as_deref(), Some("several referrals carry the customer's e-mail address"));
}

#[test]
fn a_customer_who_says_commission_false_earns_nobody_anything_by_a_named_value_either() {
    let mut history = History::new()
        .customer(0, "cus_1", "carol@example.com")
        .touch(0, Customer, "cus_1", Metadata, "alice")
        .posted(1, 7, 1_000, |posted| {
            posted.value = Some(300);
            posted.who.stripe_customer = Some(key("cus_1"));
        });
    let FactBody::Customer(customer) = &mut history.facts[0].fact.body else { unreachable!() };
    customer.no_commission = true;
    let payment = history.payment("conversion:7");
    assert_eq!((payment.commission, payment.reason.as_deref()), (0, Some("cus_1 says commission: false")));
}

#[test]
fn a_refund_that_is_pending_or_failed_is_no_money_even_where_its_charge_counts_it() {
    let paid = referred().alias(0, "in_1", "pi_1").alias(0, "ch_1", "pi_1");
    // 4,900 were paid and 980 earned; 2,450 went back, 1,000 more may.
    let pending = paid
        .refund(3, "re_1", "ch_1", "pi_1", 2_450, RefundStatus::Succeeded)
        .refund(4, "re_2", "ch_1", "pi_1", 1_000, RefundStatus::Pending)
        .charge_refunded(4, "ch_1", "pi_1", 3_450);
    assert_eq!(pending.payment("in_1").clawed_back, 490);
    let failed = pending.refund(6, "re_2", "ch_1", "pi_1", 1_000, RefundStatus::Failed);
    assert_eq!(failed.payment("in_1").clawed_back, 490);
}
