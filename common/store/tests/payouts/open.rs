//! What happens while a payout is open: the next one knows of it.

use crate::support::{Books, at, command, posted};
use chrono::TimeDelta;
use domain::fact::PostedConversion;
use domain::ids::PayoutId;
use domain::key::Key;
use store::PgPool;
use store::payouts::PayoutError;
use stripe::sample::Sample;

/// A payment that is told twice: over REST by its payment intent, by Stripe as an invoice. The link comes later.
fn told_twice(books: &Books) -> (Sample, PostedConversion) {
    let sale = Books::sale(1, "2026-06-01T12:00:00Z");
    let by_rest = PostedConversion {
        payment: Key::reference(&sale.payment_intent),
        value: None,
        ..posted(1, books.anna, 1_000)
    };
    (sale, by_rest)
}

#[sqlx::test(migrations = "../../migrations")]
async fn one_payment_is_in_one_bank_file_whatever_it_is_called(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    let (sale, by_rest) = told_twice(&books);
    // Its row is the younger one, so that it is merged away.
    books.settle_commands(&[command(&by_rest, 0)]).await;
    let first = books.create("one").await.payouts.remove(0);
    books.settle(&[sale.invoice_paid(), sale.invoice_payment_paid()]).await;
    assert_eq!(books.owed(books.anna).await, (1_000, 1_000, 0));
    let second = books.create("two").await;
    assert!(second.payouts.is_empty() && second.carried_over.is_empty(), "{second:?}");
    assert_eq!(books.create("one").await.payouts[0].moved_since.minor, 0, "the file is right");
    books.is_sound().await;

    books.mark_paid(&[first.id], "R").await.unwrap();
    assert_eq!((books.owed(books.anna).await, books.paid(books.anna).await), ((0, 0, 0), 1_000));
    assert!(books.create("three").await.payouts.is_empty());
    books.is_sound().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_payment_whose_row_was_merged_away_while_its_payout_was_open_is_paid_once(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    let (sale, by_rest) = told_twice(&books);
    books.settle_commands(&[command(&by_rest, 0)]).await;
    books.settle(&[sale.invoice_paid()]).await;
    // Two payments as far as anybody knows: one payout for both.
    let both = books.create("one").await.payouts.remove(0);
    assert_eq!(both.amount.minor, 2_000);
    books.settle(&[sale.invoice_payment_paid()]).await;
    assert_eq!(books.create("one").await.payouts[0].moved_since.minor, 1_000);

    // The next sale pays what the open payout pays too much, before the money has left.
    books.settle(&[Books::sale(2, "2026-06-02T12:00:00Z").invoice_paid()]).await;
    let next = books.create("two").await;
    assert!(next.payouts.is_empty() && next.carried_over.is_empty(), "{next:?}");
    books.settle(&[Books::sale(3, "2026-06-03T12:00:00Z").invoice_paid()]).await;
    let third = books.create("three").await.payouts.remove(0);
    assert_eq!(third.amount.minor, 1_000);
    books.is_sound().await;
    books.mark_paid(&[both.id, third.id], "R").await.unwrap();
    assert_eq!((books.owed(books.anna).await, books.paid(books.anna).await), ((0, 0, 0), 3_000));
    books.is_sound().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_an_open_payout_has_lost_is_netted_in_the_next_run_at_once(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    let sale = Books::sale(1, "2026-06-01T12:00:00Z");
    books.settle(&[sale.invoice_paid(), sale.invoice_payment_paid()]).await;
    let open = books.create("one").await.payouts.remove(0);
    books.settle(&[Sample { refund_amount: 5_000, ..sale }.refund_created("succeeded")]).await;
    let next = [2, 3].map(|number| Books::sale(number, "2026-06-02T12:00:00Z").invoice_paid());
    books.settle(&next).await;
    let second = books.create("two").await.payouts.remove(0);
    assert_eq!(second.amount.minor, 1_000, "20.00 less the 10.00 that the open one pays too much");
    assert_eq!(books.create("one").await.payouts[0].moved_since.minor, 0, "the second one nets it");
    books.is_sound().await;
    books.mark_paid(&[open.id, second.id], "R").await.unwrap();
    assert_eq!((books.owed(books.anna).await, books.paid(books.anna).await), ((0, 0, 0), 2_000));
    books.is_sound().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_was_netted_for_a_payout_that_is_then_canceled_is_due_again(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    let sale = Books::sale(1, "2026-06-01T12:00:00Z");
    books.settle(&[sale.invoice_paid(), sale.invoice_payment_paid()]).await;
    let open = books.create("one").await.payouts.remove(0);
    books.settle(&[Sample { refund_amount: 5_000, ..sale }.refund_created("succeeded")]).await;
    let next = [2, 3].map(|number| Books::sale(number, "2026-06-02T12:00:00Z").invoice_paid());
    books.settle(&next).await;
    assert_eq!(books.pay("two").await, [1_000]);
    books.cancel(open.id).await.unwrap();
    books.is_sound().await;
    assert_eq!(books.pay("three").await, [1_000], "nothing was overpaid after all");
    assert_eq!((books.owed(books.anna).await, books.paid(books.anna).await), ((0, 0, 0), 2_000));
    books.is_sound().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn rows_that_are_merged_one_after_the_other_lead_to_the_one_that_stands(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    let sale = Books::sale(1, "2026-06-01T12:00:00Z");
    let by = |number, key: &str| PostedConversion {
        payment: Key::reference(key),
        ..posted(number, books.anna, 1_000)
    };
    for (number, key) in [(1, &sale.charge), (2, &sale.payment_intent), (3, &sale.invoice)] {
        books.settle_commands(&[command(&by(number, key), 0)]).await;
    }
    assert_eq!(books.pay("one").await, [3_000]);
    // First two of them meet, then all.
    books.settle(&[sale.invoice_payment_paid()]).await;
    books.settle(&[sale.charge_succeeded()]).await;
    let standing: Vec<(i64, bool)> = sqlx::query_as(
        "SELECT count(*), merged_into IS NULL FROM conversions
         WHERE merged_into IS NULL OR merged_into IN (SELECT id FROM conversions WHERE merged_into IS NULL) GROUP BY 2 ORDER BY 2",
    )
    .fetch_all(&books.pool)
    .await
    .unwrap();
    assert_eq!(standing, [(2, false), (1, true)]);
    assert_eq!((books.owed(books.anna).await, books.paid(books.anna).await), ((-2_000, -2_000, 0), 3_000));
    books.is_sound().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_payout_was_not_paid_before_it_was_made(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    books.settle_commands(&[command(&posted(1, books.anna, 700), 0)]).await;
    let payout = books.create("one").await.payouts.remove(0);
    let ids: [PayoutId; 1] = [payout.id];
    let early = books.mark_paid_at(&ids, "R", payout.created_at - TimeDelta::days(1)).await.unwrap_err();
    assert!(matches!(&early, PayoutError::PaidBeforeMade { .. }), "{early}");
    assert_eq!(books.paid(books.anna).await, 0);
    // The day on which it was made is early enough.
    let day = payout.created_at.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
    let paid = books.mark_paid_at(&ids, "R", day).await.unwrap();
    assert!(matches!(paid[0].state, store::payouts::State::Paid { at, .. } if at >= payout.created_at));
    assert_eq!(
        books.mark_paid_at(&ids, "R", at("2020-01-01T00:00:00Z")).await.unwrap(),
        paid,
        "twice is once"
    );
    books.is_sound().await;
}
