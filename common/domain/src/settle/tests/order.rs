//! The ledger is a function of the set of facts (SEMANTICS 3).

use super::history::*;
use crate::code::FoldedCode;
use crate::decision::{LockedTo, Ruling};
use crate::directory::Period;
use crate::fact::{DisputeStatus, Invoiced, RefundStatus, TouchMethod, TouchedObject};
use crate::key::Key;
use crate::settle::KnownFact;
use chrono::TimeDelta;
use proptest::prelude::*;

/// One thing that may happen in a history of a few customers who share addresses and objects.
#[derive(Clone, Debug)]
enum Step {
    Customer { customer: u8, email: u8 },
    Invoice { n: u8, customer: u8, amount: i64 },
    InvoiceSession { n: u8, customer: u8 },
    Session { n: u8, customer: u8, email: u8, amount: i64 },
    Intent { n: u8, customer: u8, amount: i64, invoiced: u8 },
    Charge { n: u8, customer: u8, amount: i64, intent: bool },
    Touch { n: u8, on: u8, method: u8, code: u8 },
    Alias { n: u8 },
    Refund { n: u8, refund: u8, amount: i64, status: u8 },
    Refunded { n: u8, amount: i64 },
    Dispute { n: u8, amount: i64, status: u8 },
    Referral { email: u8, affiliate: bool },
    Signup { user: u8, affiliate: bool },
    Lock { customer: u8, by_email: bool, to: u8 },
    Verdict { n: u8, ruling: u8 },
}

fn step() -> impl Strategy<Value = (i64, Step)> {
    let amount = || 1i64..20_000;
    let what = prop_oneof![
        (0u8..3, 0u8..3).prop_map(|(customer, email)| Step::Customer { customer, email }),
        (0u8..5, 0u8..3, amount()).prop_map(|(n, customer, amount)| Step::Invoice { n, customer, amount }),
        (0u8..5, 0u8..3).prop_map(|(n, customer)| Step::InvoiceSession { n, customer }),
        (5u8..8, 0u8..4, 0u8..3, amount()).prop_map(|(n, customer, email, amount)| Step::Session {
            n,
            customer,
            email,
            amount
        }),
        (0u8..8, 0u8..3, 1i64..3, 0u8..4).prop_map(|(n, customer, amount, invoiced)| Step::Intent {
            n,
            customer,
            amount,
            invoiced
        }),
        (0u8..8, 0u8..3, 1i64..3, any::<bool>()).prop_map(|(n, customer, amount, intent)| Step::Charge {
            n,
            customer,
            amount,
            intent
        }),
        // Amounts and days that meet, for invoices that claim money.
        (0u8..5, 0u8..3, 1i64..3).prop_map(|(n, customer, amount)| Step::Invoice { n, customer, amount }),
        (0u8..8, 0u8..4, 0u8..3, 0u8..4).prop_map(|(n, on, method, code)| Step::Touch {
            n,
            on,
            method,
            code
        }),
        (0u8..8).prop_map(|n| Step::Alias { n }),
        (0u8..8, 0u8..3, amount(), 0u8..4).prop_map(|(n, refund, amount, status)| Step::Refund {
            n,
            refund,
            amount,
            status
        }),
        (0u8..8, amount()).prop_map(|(n, amount)| Step::Refunded { n, amount }),
        (0u8..8, amount(), 0u8..4).prop_map(|(n, amount, status)| Step::Dispute { n, amount, status }),
        (0u8..3, any::<bool>()).prop_map(|(email, affiliate)| Step::Referral { email, affiliate }),
        (0u8..2, any::<bool>()).prop_map(|(user, affiliate)| Step::Signup { user, affiliate }),
        (0u8..3, any::<bool>(), 0u8..4).prop_map(|(customer, by_email, to)| Step::Lock {
            customer,
            by_email,
            to
        }),
        (0u8..8, 0u8..3).prop_map(|(n, ruling)| Step::Verdict { n, ruling }),
    ];
    (prop_oneof![0i64..90, 0i64..3], what)
}

fn history(steps: &[(i64, Step)]) -> History {
    let email = |n: u8| format!("user{n}@example.com");
    let customer = |n: u8| if n == 3 { String::new() } else { format!("cus_{n}") };
    steps.iter().fold(History::new(), |history, (day, step)| {
        let day = *day;
        match step {
            Step::Customer { customer: c, email: e } => history.customer(day, &customer(*c), &email(*e)),
            Step::Invoice { n, customer: c, amount } => {
                history.invoice(day, &format!("in_{n}"), &customer(*c), *amount)
            }
            Step::InvoiceSession { n, customer: c } => {
                history.invoice_session(day, &format!("cs_{n}"), &format!("in_{n}"), &customer(*c))
            }
            Step::Session { n, customer: c, email: e, amount } => history.session(
                day,
                &format!("cs_{n}"),
                &format!("pi_{n}"),
                &customer(*c),
                &email(*e),
                *amount,
            ),
            Step::Intent { n, customer: c, amount, invoiced } => {
                let invoice = Key::stored(format!("in_{}", n % 5));
                let invoiced = match invoiced {
                    0 => Invoiced::By { invoice },
                    1 => Invoiced::Never,
                    2 => Invoiced::Hinted,
                    _ => Invoiced::Unsaid,
                };
                history.intent(day, &format!("pi_{n}"), &customer(*c), *amount, invoiced)
            }
            Step::Charge { n, customer: c, amount, intent } => {
                let intent = if *intent { format!("pi_{n}") } else { String::new() };
                history.charge(day, &format!("ch_{n}"), &intent, &customer(*c), *amount, Invoiced::Unsaid)
            }
            Step::Touch { n, on, method, code } => {
                let (on, object) = match on {
                    0 => (TouchedObject::Session, format!("cs_{n}")),
                    1 => (TouchedObject::Invoice, format!("in_{n}")),
                    2 => (TouchedObject::PaymentIntent, format!("pi_{n}")),
                    _ => (TouchedObject::Customer, format!("cus_{}", n % 3)),
                };
                let (method, codes) = match method {
                    0 => (TouchMethod::Metadata, ["alice", "bob", "ref_alice", "nobody"]),
                    1 => (TouchMethod::ClientReferenceId, ["bob", "alice", "user-0", "user-1"]),
                    _ => (TouchMethod::PromotionCodeText, ["ALICE20", "BOB10", "SUMMER", "bob10"]),
                };
                history.touch(day, on, &object, method, codes[usize::from(*code)])
            }
            Step::Alias { n } if *n < 5 => history.alias(day, &format!("in_{n}"), &format!("pi_{n}")),
            Step::Alias { n } => history.alias(day, &format!("ch_{n}"), &format!("pi_{n}")),
            Step::Refund { n, refund, amount, status } => {
                let status = [
                    RefundStatus::Pending,
                    RefundStatus::Succeeded,
                    RefundStatus::Failed,
                    RefundStatus::Canceled,
                ][usize::from(*status)];
                let id = format!("re_{n}_{refund}");
                history.refund(day, &id, &format!("ch_{n}"), &format!("pi_{n}"), *amount, status)
            }
            Step::Refunded { n, amount } => {
                history.charge_refunded(day, &format!("ch_{n}"), &format!("pi_{n}"), *amount)
            }
            Step::Dispute { n, amount, status } => {
                let status = [
                    DisputeStatus::Warning,
                    DisputeStatus::Open,
                    DisputeStatus::Released,
                    DisputeStatus::Lost,
                ][usize::from(*status)];
                history.dispute(day, &format!("dp_{n}"), &format!("ch_{n}"), *amount, status)
            }
            Step::Referral { email: e, affiliate } => {
                let affiliate = if *affiliate { ALICE } else { BOB };
                history.referral(day, i64::from(*e), &email(*e), affiliate)
            }
            Step::Signup { user, affiliate } => {
                history.signup(day, &format!("user-{user}"), if *affiliate { ALICE } else { BOB })
            }
            Step::Lock { customer: c, by_email, to } => {
                let to = [
                    LockedTo::Affiliate(ALICE),
                    LockedTo::Affiliate(BOB),
                    LockedTo::Nobody,
                    LockedTo::Released,
                ][usize::from(*to)];
                history.lock(day, &if *by_email { email(*c) } else { customer(*c) }, to)
            }
            Step::Verdict { n, ruling } => {
                let ruling = [Ruling::Hold, Ruling::Release, Ruling::Reject][usize::from(*ruling)];
                let payment = match n % 3 {
                    0 => format!("pi_{n}"),
                    1 => format!("ch_{n}"),
                    _ => format!("in_{n}"),
                };
                history.verdict(day, &payment, ruling)
            }
        }
    })
}

/// What the registry learnt late, and for how long a coupon was suspended.
#[derive(Clone, Debug)]
struct Registry {
    alice_since: i64,
    coupon_since: i64,
    suspended: (i64, i64),
}

fn registry() -> impl Strategy<Value = Registry> {
    (-10i64..120, -10i64..120, (0i64..60, 0i64..40)).prop_map(|(alice_since, coupon_since, (from, days))| {
        Registry { alice_since, coupon_since, suspended: (from, from + days) }
    })
}

/// The history in a world whose codes came when `registry` says.
fn history_with(steps: &[(i64, Step)], registry: &Registry) -> History {
    let mut history = history(steps);
    let code = |code: &str| FoldedCode::new(code).unwrap();
    let directory = &mut history.directory;
    directory.referral_codes.get_mut(&code("alice")).unwrap().created_at = day(registry.alice_since);
    let coupon = &mut directory.coupons_by_code.get_mut(&code("BOB10")).unwrap()[0];
    coupon.created_at = day(registry.coupon_since);
    let (from, until) = registry.suspended;
    coupon.inactive.push(Period { from: Some(day(from)), until: Some(day(until)) });
    history
}

/// As many histories as the promise is worth.
const HISTORIES: u32 = 10_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(HISTORIES))]

    #[test]
    fn any_order_and_any_duplicates_settle_the_same(
        steps in prop::collection::vec(step(), 1..24),
        registry in registry(),
        seed in any::<u64>(),
    ) {
        let ordered = history_with(&steps, &registry);
        let mut shuffled = ordered.clone();
        // Each fact once to three times, in an order drawn from the seed.
        let mut random = seed | 1;
        let mut draw = |most: usize| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            usize::try_from(random % u64::try_from(most).unwrap()).unwrap()
        };
        // A repeat is received later; what counts is the earliest receipt.
        let mut delivered = ordered.facts.clone();
        for fact in &ordered.facts {
            for _ in 0..draw(3) {
                let late = TimeDelta::hours(i64::try_from(draw(2_000)).unwrap());
                delivered.push(KnownFact { received_at: fact.received_at + late, ..fact.clone() });
            }
        }
        for place in (1..delivered.len()).rev() {
            delivered.swap(place, draw(place + 1));
        }
        shuffled.facts = delivered;
        prop_assert_eq!(ordered.settle(), shuffled.settle());
    }

    #[test]
    fn never_more_is_taken_back_or_held_than_was_earned(
        steps in prop::collection::vec(step(), 1..24),
        registry in registry(),
    ) {
        for conversion in history_with(&steps, &registry).settle().conversions {
            prop_assert!(conversion.clawed_back >= 0 && conversion.held >= 0);
            prop_assert!(conversion.clawed_back + conversion.held <= conversion.commission);
            prop_assert_eq!(conversion.bind.is_none() && conversion.commission > 0, false);
        }
    }
}
