//! What is changed today leaves what was paid alone (SEMANTICS 6, 8, 13, 16), and times of two clocks.

use super::history::*;
use crate::code::FoldedCode;
use crate::decision::LockedTo;
use crate::directory::{AddressRole, Click, OwnAddress, OwnCode, Period};
use crate::fact::{
    CommissionFlag, FactBody, Keep, SessionPaymentStatus, SubscriptionSeen, TouchMethod, TouchedObject,
};
use crate::key::Key;
use crate::money::BasisPoints;
use crate::rules::{Commission, Rules};
use crate::settle::ConversionStatus;
use chrono::TimeDelta;

use TouchMethod::{ClientReferenceId, Coupon, Metadata, PromotionCode, PromotionCodeText};
use TouchedObject::{Invoice, Session};

/// Two payments of a customer whom Alice referred.
fn referred() -> History {
    History::new()
        .customer(0, "cus_1", "carol@example.com")
        .invoice(10, "in_1", "cus_1", 1_000)
        .touch(10, Invoice, "in_1", Metadata, "alice")
        .invoice(40, "in_2", "cus_1", 1_000)
}

impl History {
    fn says(mut self, n: i64, object: &str, forbids: bool) -> Self {
        let body = FactBody::CommissionFlag(CommissionFlag { object: key(object), forbids });
        self.add(&format!("commission:{object}:{n}"), Keep::First, 0, day(n), &[object], body);
        self
    }

    fn address(mut self, email: &str, since: Option<i64>, role: AddressRole) -> Self {
        let own = OwnAddress { email: email.to_owned(), since: since.map(day), role };
        self.directory.affiliates.get_mut(&ALICE).unwrap().addresses.push(own);
        self
    }

    fn paid_out(mut self, n: i64, payment: &str) -> Self {
        self.directory.paid_out.insert(key(payment), day(n));
        self
    }

    fn calls_itself(mut self, code: &str, since: i64) -> Self {
        let alice = self.directory.affiliates.get_mut(&ALICE).unwrap();
        if alice.codes.is_empty() {
            alice.codes.push(OwnCode { code: alice.referral_code.clone(), since: None });
        }
        alice.codes.push(OwnCode { code: code.to_owned(), since: Some(day(since)) });
        code.clone_into(&mut alice.referral_code);
        self
    }

    fn earned(&self) -> [i64; 2] {
        ["in_1", "in_2"].map(|payment| self.payment(payment).commission)
    }
}

#[test]
fn commission_false_holds_from_when_it_was_said_until_it_is_taken_away() {
    assert_eq!(referred().earned(), [200, 200]);
    assert_eq!(referred().says(20, "cus_1", true).earned(), [200, 0]);
    assert_eq!(referred().says(10, "cus_1", true).earned(), [0, 0]);
    assert_eq!(referred().says(5, "cus_1", true).says(20, "cus_1", false).earned(), [0, 200]);
    let between = referred().says(15, "cus_1", true).says(20, "cus_1", false);
    assert_eq!(between.earned(), [200, 200]);
    assert_eq!(between.says(50, "cus_1", true).earned(), [200, 200]);
}

#[test]
fn a_subscription_that_says_commission_false_today_skips_nothing_that_was_paid() {
    let history = |said| {
        let of_subscription = |history: History, n, invoice| {
            history.invoice_with(n, invoice, "cus_1", 1_000, |invoice| {
                invoice.subscription = Some(key("sub_1"));
            })
        };
        let history =
            of_subscription(History::new(), 10, "in_1").touch(10, Invoice, "in_1", Metadata, "alice");
        of_subscription(history, 40, "in_2").says(said, "sub_1", true)
    };
    assert_eq!(history(20).earned(), [200, 0]);
    assert_eq!(history(41).earned(), [200, 200]);
}

#[test]
fn an_address_that_becomes_the_affiliates_later_touches_nothing_that_was_paid_out() {
    let history = || referred().address("carol+x@example.com", Some(20), AddressRole::Contact);
    let status = |history: &History, payment| history.payment(payment).status;
    assert_eq!(status(&history(), "in_1"), ConversionStatus::Held, "not paid out yet: it waits for a person");
    let paid = history().paid_out(15, "in_1").paid_out(50, "in_2");
    assert_eq!(status(&paid, "in_1"), ConversionStatus::Attributed);
    assert_eq!(status(&paid, "in_2"), ConversionStatus::Held, "it was known when that was paid out");
}

#[test]
fn a_payout_address_is_one_of_the_affiliates() {
    let payment = referred().address("carol@example.com", None, AddressRole::Payout).payment("in_1");
    assert_eq!(payment.status, ConversionStatus::Held);
    assert!(payment.reason.unwrap().ends_with("a payout address of affiliate 1"));
}

#[test]
fn a_code_that_is_renamed_changes_no_commission_of_who_was_bound_without_one() {
    let fixed = |basis_points| Commission::Percent { basis_points: BasisPoints(basis_points) };
    let codes = [("alice", 3_000), ("star", 5_000)];
    let codes = codes.map(|(code, share)| (FoldedCode::new(code).unwrap(), fixed(share)));
    let rules = Rules { codes: codes.into(), ..percent(2_000) };
    let named = History::new().with_rules(rules).posted(0, 7, 1_000, |posted| {
        posted.affiliate = Some(ALICE);
        posted.who.email = Some("carol@example.com".to_owned());
    });
    let earned = |history: &History| history.payment("conversion:7").commission;
    let locked = named.clone().lock(1, "carol@example.com", LockedTo::Affiliate(ALICE));
    assert_eq!((earned(&named), earned(&locked)), (300, 300));
    let (renamed, relocked) = (named.calls_itself("STAR", 30), locked.calls_itself("STAR", 30));
    assert_eq!((earned(&renamed), earned(&relocked)), (300, 300));
    let bind = renamed.payment("conversion:7").bind.unwrap();
    assert_eq!((bind.referral_code.as_deref(), bind.rated_as.as_deref()), (Some("STAR"), Some("alice")));
    // Who is bound after it is rated by the new one.
    let later = relocked.lock(31, "carol@example.com", LockedTo::Affiliate(ALICE));
    assert_eq!(earned(&later), 500);
}

#[test]
fn a_click_in_the_second_of_its_payment_is_not_after_it() {
    let clicked = |millis: i64| {
        let mut history = History::new().session(0, "cs_1", "pi_1", "", "", 1_000).touch(
            0,
            Session,
            "cs_1",
            ClientReferenceId,
            "clk_1",
        );
        let owner = history.directory.referral_codes[&FoldedCode::new("alice").unwrap()].clone();
        let click = Click { owner, at: day(0) + TimeDelta::milliseconds(millis) };
        history.directory.clicks.insert(FoldedCode::new("clk_1").unwrap(), click);
        history.payment("pi_1").bind.is_some()
    };
    assert!(clicked(500) && clicked(999));
    assert!(!clicked(1_000));
    let window = 60 * 86_400_000;
    assert!(clicked(-window) && clicked(-window + 500));
    assert!(!clicked(-window - 1));
}

#[test]
fn an_affiliate_suspended_within_a_second_is_suspended_for_all_of_it() {
    let mut history = referred();
    let half_past = day(10) + TimeDelta::milliseconds(500);
    let suspended = Period { from: Some(half_past), until: Some(half_past + TimeDelta::days(1)) };
    history.directory.affiliates.get_mut(&ALICE).unwrap().inactive.push(suspended);
    assert!(history.payment("in_1").bind.is_none());
}

/// Discounts of one session, in Stripe's order, each a promotion code's id, its text and its coupon.
fn discounted(discounts: &[[(TouchMethod, &str); 2]]) -> History {
    let mut history = History::new().session(0, "cs_1", "pi_1", "", "", 1_000);
    for (place, touches) in (0u32..).zip(discounts) {
        for (method, value) in touches {
            history = history.touch(0, Session, "cs_1", *method, value);
            let known = history.facts.last_mut().unwrap();
            known.fact.event = "evt_session".to_owned();
            if let FactBody::Touch(touch) = &mut known.fact.body {
                touch.place = place;
            }
        }
    }
    let coupons = &history.directory.coupons_by_code;
    let owner = |code: &str| coupons[&FoldedCode::new(code).unwrap()].clone();
    let (alice, bob) = (owner("alice20"), owner("bob10"));
    let directory = &mut history.directory;
    directory.coupons_by_promotion_code.insert(FoldedCode::new("promo_z").unwrap(), alice.clone());
    directory.coupons_by_promotion_code.insert(FoldedCode::new("promo_a").unwrap(), bob);
    directory.coupons_by_stripe_coupon.insert(FoldedCode::new("spring").unwrap(), alice);
    history
}

#[test]
fn of_several_discounts_the_first_that_stripe_lists_binds() {
    let (z, a) = ((PromotionCode, "promo_z"), (PromotionCode, "promo_a"));
    let nobodys = (Coupon, "co_nobody");
    let of = |discounts: &[[(TouchMethod, &str); 2]]| {
        discounted(discounts).payment("pi_1").bind.unwrap().affiliate
    };
    assert_eq!(of(&[[z, nobodys], [a, nobodys]]), ALICE);
    assert_eq!(of(&[[a, nobodys], [z, nobodys]]), BOB);
    let coupon = (Coupon, "spring");
    assert_eq!(of(&[[coupon, nobodys], [a, nobodys]]), ALICE, "a coupon that is listed first");
    assert_eq!(of(&[[a, nobodys], [coupon, nobodys]]), BOB);
    assert_eq!(
        of(&[[(PromotionCodeText, "BOB10"), coupon], [z, nobodys]]),
        BOB,
        "the code before its coupon"
    );
}

impl History {
    fn subscription(mut self, n: i64) -> Self {
        let body = FactBody::Subscription(SubscriptionSeen {
            subscription: key("sub_1"),
            customer: Some(key("cus_1")),
            status: "active".to_owned(),
            canceled_at: None,
            no_commission: false,
            no_commission_is_dated: true,
        });
        self.add("subscription:sub_1", Keep::Latest, 0, day(n), &["sub_1", "cus_1"], body);
        self
    }
}

#[test]
fn what_is_told_of_again_is_known_since_it_was_first_told_of() {
    let mut referred = History::new().referral(1, 1, "kim@customer.example", ALICE);
    referred.facts.last_mut().unwrap().fact.identities.push(Key::user("u1"));
    let subscribed = referred.subscription(0).invoice_with(5, "in_1", "cus_1", 1_000, |invoice| {
        invoice.email = Some("kim@customer.example".to_owned());
    });
    let kims = |history: &History| {
        let customers = history.settle().customers;
        let found = customers.into_iter().find(|customer| customer.anchor == key("cus_1")).unwrap();
        (found.first_seen_at, found.bind.unwrap().bound_at)
    };
    assert_eq!(kims(&subscribed), (day(0), day(5)), "the address came with the invoice");
    let renewed = subscribed.subscription(30).subscription(60);
    assert_eq!(kims(&renewed), (day(0), day(5)), "a renewal says nothing of it");
}

#[test]
fn a_delayed_payment_does_not_make_a_checkout_known_later() {
    let session = |history: History, n, status| {
        history.session(n, "cs_1", "pi_1", "", "kim@customer.example", 1_000).which_was(status)
    };
    let unpaid = session(History::new(), 3, SessionPaymentStatus::Unpaid);
    let first_seen = |history: &History| history.settle().customers[0].first_seen_at;
    assert_eq!(first_seen(&unpaid), day(3));
    assert_eq!(first_seen(&session(unpaid, 8, SessionPaymentStatus::Paid)), day(3));
}
