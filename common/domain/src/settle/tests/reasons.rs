//! A payment without commission says why not: each reason once. Those of limits, currencies and rules are told where
//! the rules are tested, those of locks and verdicts beside the decisions.

use super::history::*;
use crate::code::FoldedCode;
use crate::directory::Period;
use crate::fact::{ConversionKind, FactBody, TouchMethod, TouchedObject};
use crate::settle::{Conversion, ConversionStatus};

use TouchMethod::{ClientReferenceId, Metadata};
use TouchedObject::{Invoice, Session};

/// A guest's payment with this code in the metadata.
fn paid_with(code: &str) -> History {
    History::new()
        .session(0, "cs_1", "pi_1", "", "guest@example.com", 1_000)
        .touch(0, Session, "cs_1", Metadata, code)
}

fn reason(payment: &Conversion) -> &str {
    assert_eq!(payment.commission, 0);
    let reason = payment.reason.as_deref().unwrap_or_else(|| panic!("no reason: {payment:?}"));
    let decision = &payment.explanation.decision;
    assert!(payment.bind.is_some() || decision == &format!("nobody earns: {reason}"), "{decision}");
    reason
}

#[test]
fn no_candidate_at_all() {
    let payment = History::new().session(0, "cs_1", "pi_1", "", "", 1_000).payment("pi_1");
    assert_eq!(reason(&payment), "no referral code, no affiliate's coupon and no known referral");
    assert_eq!(payment.status, ConversionStatus::Unattributed);
}

#[test]
fn a_code_of_nobody() {
    assert_eq!(reason(&paid_with("nobody").payment("pi_1")), "\"nobody\" is nobody's code");
}

#[test]
fn an_affiliate_who_was_inactive() {
    let mut history = paid_with("alice");
    let alice = history.directory.affiliates.get_mut(&ALICE).unwrap();
    alice.inactive.push(Period { from: Some(day(0)), until: Some(day(1)) });
    assert_eq!(reason(&history.payment("pi_1")), "affiliate 1 was inactive at the time");
    // The span is half open: at its end the codes count again.
    let alice = history.directory.affiliates.get_mut(&ALICE).unwrap();
    alice.inactive = vec![Period { from: Some(day(-1)), until: Some(day(0)) }];
    assert_eq!(history.payment("pi_1").bind.unwrap().affiliate, ALICE);
}

#[test]
fn a_code_whose_affiliate_is_gone() {
    let mut history = paid_with("alice");
    history.directory.affiliates.remove(&ALICE);
    assert_eq!(reason(&history.payment("pi_1")), "\"alice\" belongs to an affiliate that does not exist");
}

#[test]
fn an_affiliate_named_by_an_id_that_does_not_exist() {
    let history =
        History::new().posted(0, 7, 1_000, |posted| posted.affiliate = Some(crate::ids::AffiliateId(99)));
    assert_eq!(reason(&history.payment("conversion:7")), "affiliate 99 does not exist");
}

#[test]
fn a_click_that_was_never_recorded() {
    let history = History::new().session(0, "cs_1", "pi_1", "", "", 1_000).touch(
        0,
        Session,
        "cs_1",
        ClientReferenceId,
        "clk_lost",
    );
    assert_eq!(reason(&history.payment("pi_1")), "\"clk_lost\" is nobody's code");
}

#[test]
fn commission_false_on_the_invoice_or_on_the_customer() {
    let sale = || {
        History::new()
            .customer(0, "cus_1", "")
            .invoice(0, "in_1", "cus_1", 1_000)
            .touch(0, Invoice, "in_1", Metadata, "alice")
    };
    let mut on_invoice = sale();
    let mut on_customer = sale();
    for known in &mut on_invoice.facts {
        if let FactBody::Invoice(invoice) = &mut known.fact.body {
            invoice.no_commission = true;
        }
    }
    for known in &mut on_customer.facts {
        if let FactBody::Customer(customer) = &mut known.fact.body {
            customer.no_commission = true;
        }
    }
    assert_eq!(reason(&on_invoice.payment("in_1")), "in_1 says commission: false");
    assert!(reason(&on_customer.payment("in_1")).contains("commission: false"));
}

#[test]
fn nothing_but_tax() {
    let history = History::new()
        .taxed_invoice(0, "in_1", "cus_1", 1_000, 1_000)
        .touch(0, Invoice, "in_1", Metadata, "alice");
    assert_eq!(reason(&history.payment("in_1")), "nothing is left without tax and shipping");
}

#[test]
fn a_signup() {
    let history = History::new().posted(0, 7, 0, |posted| {
        posted.kind = ConversionKind::Signup;
        posted.affiliate = Some(ALICE);
    });
    assert_eq!(reason(&history.payment("conversion:7")), "a signup earns nothing by the programme's rules");
}

#[test]
fn every_candidate_that_failed_says_why() {
    let code = FoldedCode::new("bob").unwrap();
    let mut history = paid_with("nobody").touch(0, Session, "cs_1", ClientReferenceId, "bob");
    history.directory.referral_codes.get_mut(&code).unwrap().inactive =
        vec![Period { from: None, until: None }];
    let payment = history.payment("pi_1");
    let told: Vec<_> = payment.explanation.candidates.iter().map(|told| told.verdict.as_str()).collect();
    assert_eq!(told, ["\"nobody\" is nobody's code", "\"bob\" was inactive at the time"]);
    assert_eq!(reason(&payment), "\"nobody\" is nobody's code", "the first in precedence is the reason");
}
