//! The life of money: earned, held, released, paid, taken back, netted.

use crate::support::{Books, at, command, posted};
use chrono::Utc;
use domain::command::Command;
use domain::day::Day;
use domain::decision::{Audit, Ruling, Verdict};
use domain::fact::PostedConversion;
use domain::key::Key;
use domain::money::Currency;
use domain::payout::CarryReason;
use std::collections::BTreeMap;
use store::PgPool;
use store::payouts::{PayoutError, Request, State};
use stripe::sample::Sample;

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_released_is_paid_and_a_later_refund_is_netted_next_time(pool: PgPool) {
    let books = Books::open(pool, 30).await;
    let first = Books::sale(1, "2026-06-01T12:00:00Z");
    books.settle(&[first.invoice_paid(), first.invoice_payment_paid()]).await;

    // Held for 30 days: nothing is due before.
    let early = books.create_by("june", &Request::default(), at("2026-07-01T11:59:58Z")).await.unwrap();
    assert_eq!((early.payouts.len(), early.carried_over.len()), (0, 0));
    let before = books.earnings(books.anna, at("2026-06-15T00:00:00Z")).await.unwrap();
    assert_eq!((before.eligible.minor, before.held.minor), (0, 1_000));
    assert_eq!(before.next_release_at, Some(at("2026-07-01T11:59:59Z")));

    let july = books.create_by("july", &Request::default(), at("2026-07-01T12:00:00Z")).await.unwrap();
    assert_eq!(july.payouts[0].amount.minor, 1_000);
    assert_eq!(books.owed(books.anna).await, (1_000, 1_000, 0), "frozen is not paid");
    books.mark_paid(&[july.payouts[0].id], "BATCH-7").await.unwrap();
    assert_eq!((books.owed(books.anna).await, books.paid(books.anna).await), ((0, 0, 0), 1_000));
    books.is_sound().await;

    let refund =
        Sample { refund_amount: 2_000, amount_refunded: 2_000, at: at("2026-07-05T00:00:00Z"), ..first };
    books.settle(&[refund.refund_created("succeeded")]).await;
    assert_eq!((books.owed(books.anna).await, books.paid(books.anna).await), ((-400, -400, 0), 1_000));
    let nothing = books.create("august").await;
    assert!(nothing.payouts.is_empty());
    assert_eq!(
        (nothing.carried_over[0].amount.minor, nothing.carried_over[0].why),
        (-400, CarryReason::Negative)
    );
    books.is_sound().await;

    let second = Books::sale(2, "2026-07-10T12:00:00Z");
    books.settle(&[second.invoice_paid()]).await;
    assert_eq!(books.pay("september").await, [600]);
    assert_eq!((books.owed(books.anna).await, books.paid(books.anna).await), ((0, 0, 0), 1_600));
    assert!(books.create("october").await.payouts.is_empty());
    books.is_sound().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_day_ends_before_the_next_one_begins(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    // Paid in the last second of June and the first of July, told a second later; who counts in seconds has nothing between
    // them.
    for (number, told_at) in [(1, "2026-07-01T00:00:00Z"), (2, "2026-07-01T00:00:01Z")] {
        books.settle(&[Books::sale(number, told_at).invoice_paid()]).await;
    }
    let day: Day = "2026-06-30".parse().unwrap();
    let june = Request { as_of: Some(day.end()), ..Request::default() };
    let paid = async |key: &str, request: &Request, now: &str| {
        let created = books.create_by(key, request, at(now)).await.unwrap();
        created.payouts.iter().map(|payout| (payout.amount.minor, payout.items)).collect::<Vec<_>>()
    };
    assert_eq!(paid("june", &june, "2026-07-05T00:00:00Z").await, [(1_000, 1)]);
    // Said again it is the same; the rest is due in July, from its first instant on.
    assert_eq!(paid("june", &june, "2026-07-05T00:00:00Z").await, [(1_000, 1)]);
    assert_eq!(paid("july", &Request::default(), "2026-07-01T00:00:00Z").await, [(1_000, 1)]);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_dispute_after_the_payout_is_a_debt_until_it_is_won(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    let sale = Books::sale(1, "2026-06-01T12:00:00Z");
    books.settle(&[sale.invoice_paid(), sale.invoice_payment_paid()]).await;
    assert_eq!(books.pay("one").await, [1_000]);

    let disputed = Sample { at: at("2026-06-20T12:00:00Z"), ..sale.clone() };
    books.settle(&[disputed.dispute_created("needs_response")]).await;
    assert_eq!(books.owed(books.anna).await, (0, -1_000, 1_000));
    books.is_sound().await;
    let won = Sample { at: at("2026-07-20T12:00:00Z"), ..sale };
    books.settle(&[won.dispute_closed("won")]).await;
    assert_eq!(books.owed(books.anna).await, (0, 0, 0));
    assert!(books.create("two").await.payouts.is_empty());
    books.is_sound().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_moves_to_another_affiliate_after_its_payout_is_the_first_ones_debt(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    let sale = posted(1, books.anna, 1_000);
    books.settle_commands(&[command(&sale, 0)]).await;
    assert_eq!(books.pay("one").await, [1_000]);

    let moved = PostedConversion { affiliate: Some(books.ben), ..sale };
    books.settle_commands(&[command(&moved, 1)]).await;
    assert_eq!(books.owed(books.anna).await, (-1_000, -1_000, 0));
    assert_eq!(books.owed(books.ben).await, (1_000, 1_000, 0));
    books.is_sound().await;
    assert_eq!(books.pay("two").await, [1_000], "Ben's");
    assert_eq!(books.paid(books.ben).await, 1_000);
    assert_eq!(books.owed(books.anna).await, (-1_000, -1_000, 0));
    books.is_sound().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn two_payments_that_turn_out_to_be_one_are_paid_once(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    // Posted over REST by its payment intent, and told of by Stripe as an invoice: two, until the link comes.
    let sale = Books::sale(1, "2026-06-01T12:00:00Z");
    let by_rest = PostedConversion {
        payment: Key::reference(&sale.payment_intent),
        value: None,
        ..posted(1, books.anna, 1_000)
    };
    books.settle_commands(&[command(&by_rest, 0)]).await;
    books.settle(&[sale.invoice_paid()]).await;
    assert_eq!(books.pay("one").await, [2_000]);

    books.settle(&[sale.invoice_payment_paid()]).await;
    assert_eq!((books.owed(books.anna).await, books.paid(books.anna).await), ((-1_000, -1_000, 0), 2_000));
    books.is_sound().await;
    let next = Books::sale(2, "2026-06-02T12:00:00Z");
    let after = Books::sale(3, "2026-06-03T12:00:00Z");
    books.settle(&[next.invoice_paid(), after.invoice_paid()]).await;
    assert_eq!(books.pay("two").await, [1_000]);
    assert_eq!(books.owed(books.anna).await, (0, 0, 0));
    books.is_sound().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_taken_back_while_a_payout_is_open_is_told_and_netted_next_time(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    let sale = Books::sale(1, "2026-06-01T12:00:00Z");
    books.settle(&[sale.invoice_paid(), sale.invoice_payment_paid()]).await;
    let payout = books.create("one").await.payouts.remove(0);
    assert_eq!(payout.moved_since.minor, 0);
    books.settle(&[Sample { refund_amount: 2_500, ..sale }.refund_created("succeeded")]).await;
    assert_eq!(books.create("one").await.payouts[0].moved_since.minor, 500);
    let next = books.create("two").await;
    assert!(next.payouts.is_empty());
    assert_eq!(
        (next.carried_over[0].amount.minor, next.carried_over[0].why),
        (-500, CarryReason::Negative),
        "certain already"
    );

    let paid = books.mark_paid(&[payout.id], "R").await.unwrap();
    assert_eq!(paid[0].amount.minor, 1_000);
    assert_eq!((books.owed(books.anna).await, books.paid(books.anna).await), ((-500, -500, 0), 1_000));
    books.is_sound().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_canceled_payout_frees_its_rows_and_cannot_be_paid(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    books.settle_commands(&[command(&posted(1, books.anna, 700), 0)]).await;
    let payout = books.create("one").await.payouts.remove(0);
    let canceled = books.cancel(payout.id).await.unwrap();
    assert!(
        matches!(&canceled.state, State::Canceled { by, reason, .. } if by == "fay" && reason == "a mistake")
    );
    assert_eq!(books.cancel(payout.id).await.unwrap(), canceled, "twice is once");
    assert!(matches!(books.mark_paid(&[payout.id], "R").await, Err(PayoutError::Canceled(_))));
    assert_eq!(books.create("one").await.payouts[0].id, payout.id, "the key is used up");
    assert_eq!(books.pay("two").await, [700]);
    books.is_sound().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_payout_is_marked_as_paid_once(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    books
        .settle_commands(&[command(&posted(1, books.anna, 700), 0), command(&posted(2, books.ben, 300), 0)])
        .await;
    let created = books.create("one").await;
    let ids: Vec<_> = created.payouts.iter().map(|payout| payout.id).collect();
    let paid = books.mark_paid(&ids, "R").await.unwrap();
    assert_eq!(books.mark_paid(&ids, "R").await.unwrap(), paid);
    assert!(matches!(books.mark_paid(&ids, "S").await, Err(PayoutError::PaidAlready { .. })));
    assert!(matches!(books.cancel(ids[0]).await, Err(PayoutError::PaidAlready { .. })));
    assert_eq!((books.paid(books.anna).await, books.paid(books.ben).await), (700, 300));
    let (actor, reason): (String, String) =
        sqlx::query_as("SELECT DISTINCT actor, reason FROM ledger_entries WHERE payout_id IS NOT NULL")
            .fetch_one(&books.pool)
            .await
            .unwrap();
    assert_eq!((actor.as_str(), reason.as_str()), ("fay", "R"));
    books.is_sound().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_key_answers_with_what_it_made_and_refuses_anything_else(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    books
        .settle_commands(&[command(&posted(1, books.anna, 700), 0), command(&posted(2, books.ben, 300), 0)])
        .await;
    let request = Request { minimums: BTreeMap::from([(Currency::USD, 500)]), ..Request::default() };
    let first = books.create_by("may", &request, Utc::now()).await.unwrap();
    assert!(first.is_new);
    assert_eq!(first.payouts.iter().map(|payout| payout.affiliate).collect::<Vec<_>>(), [books.anna]);
    assert_eq!(
        (first.carried_over[0].affiliate, first.carried_over[0].why),
        (books.ben, CarryReason::BelowMinimum)
    );

    books.settle_commands(&[command(&posted(3, books.ben, 900), 0)]).await;
    let again = books.create_by("may", &request, Utc::now()).await.unwrap();
    assert!(!again.is_new);
    assert_eq!(
        (again.batch, &again.payouts, &again.carried_over),
        (first.batch, &first.payouts, &first.carried_over)
    );
    let other = books.create_by("may", &Request::default(), Utc::now()).await.unwrap_err();
    assert!(matches!(&other, PayoutError::KeyTaken { .. }), "{other}");

    let only = Request { affiliate: Some(books.ben), ..Request::default() };
    let ben = books.create_by("ben", &only, Utc::now()).await.unwrap();
    assert_eq!(ben.payouts[0].amount.minor, 1_200);
    books.is_sound().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn every_movement_keeps_its_cause_and_a_persons_name_and_reason(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    let sale = Books::sale(1, "2026-06-01T12:00:00Z");
    books.settle(&[sale.invoice_paid(), sale.invoice_payment_paid()]).await;
    let verdict = |id, ruling, reason: &str| {
        let audit = Audit { actor: "gil".to_owned(), reason: reason.to_owned(), decided_at: Utc::now() };
        let verdict = Verdict { payment: Key::reference(&sale.invoice), ruling, audit };
        Command::Verdict { id, accepted_at: Utc::now(), verdict }
    };
    books.settle_commands(&[verdict(1, Ruling::Hold, "asked the bank")]).await;
    assert!(books.create("one").await.payouts.is_empty(), "held");
    books.settle_commands(&[verdict(2, Ruling::Release, "the bank is content")]).await;
    let refund = Sample { refund_amount: 2_000, amount_refunded: 2_000, ..sale.clone() };
    books.settle(&[refund.refund_created("succeeded")]).await;
    assert_eq!(books.pay("two").await, [600]);

    let told: Vec<String> = sqlx::query_scalar(
        "SELECT concat_ws(' | ', l.cause, e.event_type, l.actor, l.reason)
         FROM ledger_entries l LEFT JOIN events e ON e.event_id = l.event_id ORDER BY l.id",
    )
    .fetch_all(&books.pool)
    .await
    .unwrap();
    assert_eq!(
        told,
        [
            "earned | invoice.paid",
            "held | person.verdict | gil | asked the bank",
            "released | person.verdict | gil | the bank is content",
            "clawed_back | refund.created",
            "paid | fay | two",
        ]
    );
    books.is_sound().await;
}
