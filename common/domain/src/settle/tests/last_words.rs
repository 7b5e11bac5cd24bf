//! Of what Stripe tells of a thing again and again the latest word counts, in both directions (SEMANTICS 12).

use super::history::*;
use crate::decision::LockedTo;
use crate::fact::DisputeStatus::{Lost, Open, Released, Warning};
use crate::fact::RefundStatus::{Canceled, Failed, Pending, Succeeded};
use crate::fact::*;
use chrono::TimeDelta;

fn sale() -> History {
    History::new().invoice(0, "in_1", "cus_1", 10_000).touch(
        0,
        TouchedObject::Invoice,
        "in_1",
        TouchMethod::Metadata,
        "alice",
    )
}

/// In the order given and reversed.
fn comes_to(history: &History, clawed_back: i64, held: i64, what: &str) {
    let mut reversed = history.clone();
    reversed.facts.reverse();
    for history in [history, &reversed] {
        let payment = history.payment("in_1");
        assert_eq!((payment.clawed_back, payment.held), (clawed_back, held), "{what}");
    }
}

#[test]
fn a_dispute_stands_where_its_latest_event_says() {
    for (statuses, clawed_back, held) in [
        (&[Open, Lost, Released][..], 0, 0),
        (&[Open, Released, Lost], 2_000, 0),
        (&[Warning, Released, Open], 0, 2_000),
        (&[Open, Released, Open], 0, 2_000),
        (&[Open, Lost, Released, Open, Lost], 2_000, 0),
        (&[Open, Lost, Warning], 0, 0),
    ] {
        let mut history = sale().alias(0, "in_1", "ch_1");
        for (n, status) in (1..).zip(statuses) {
            history = history.dispute(n, "dp_1", "ch_1", 10_000, *status);
        }
        comes_to(&history, clawed_back, held, &format!("{statuses:?}"));
    }
}

#[test]
fn a_refund_stands_where_its_latest_event_says() {
    for (statuses, clawed_back) in [
        (&[Pending, Failed, Succeeded][..], 2_000),
        (&[Succeeded, Failed], 0),
        (&[Succeeded, Canceled], 0),
        (&[Canceled, Pending, Succeeded], 2_000),
        (&[Succeeded, Failed, Pending], 0),
    ] {
        let mut history = sale().alias(0, "in_1", "ch_1");
        for (n, status) in (1..).zip(statuses) {
            history = history.refund(n, "re_1", "ch_1", "", 10_000, *status);
        }
        comes_to(&history, clawed_back, 0, &format!("{statuses:?}"));
    }
}

#[test]
fn within_one_second_the_later_stage_counts() {
    let history = sale().alias(0, "in_1", "ch_1");
    let disputed =
        history.clone().dispute(1, "dp_1", "ch_1", 10_000, Lost).dispute(1, "dp_1", "ch_1", 10_000, Open);
    comes_to(&disputed, 2_000, 0, "lost at once");
    let refunded = history
        .refund(1, "re_1", "ch_1", "", 10_000, Succeeded)
        .refund(1, "re_1", "ch_1", "", 10_000, Pending);
    comes_to(&refunded, 2_000, 0, "refunded at once");
}

#[test]
fn revisions_count_by_their_number_whatever_the_clock_says() {
    let mut history =
        sale().lock(5, "cus_1", LockedTo::Affiliate(ALICE)).lock(4, "cus_1", LockedTo::Affiliate(BOB));
    assert_eq!(history.payment("in_1").bind.unwrap().affiliate, BOB);
    history.facts.reverse();
    assert_eq!(history.payment("in_1").bind.unwrap().affiliate, BOB);
}

#[test]
fn what_a_charge_says_in_all_is_what_it_said_last() {
    let history = sale().alias(0, "in_1", "ch_1").charge_refunded(1, "ch_1", "", 6_000);
    // A refund failed, and Stripe took it out of the sum.
    comes_to(&history.clone().charge_refunded(2, "ch_1", "", 4_000), 800, 0, "the sum fell");
    let mut at_once = history.charge_refunded(1, "ch_1", "", 4_000);
    comes_to(&at_once, 1_200, 0, "in one second the sum only grows");
    at_once.facts.last_mut().unwrap().fact.at += TimeDelta::seconds(1);
    comes_to(&at_once, 800, 0, "a second later it has fallen");
}
