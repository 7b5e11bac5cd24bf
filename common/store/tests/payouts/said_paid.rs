//! A conversion that the caller of the REST API says is paid, and payouts: never both.

use crate::support::{Books, at, command, posted};
use chrono::{SubsecRound, TimeDelta, Utc};
use domain::fact::{CustomerIds, PostedConversion};
use domain::ids::ConversionId;
use domain::key::Key;
use store::PgPool;
use store::conversions;
use stripe::sample::Sample;

fn paid(conversion: &PostedConversion) -> PostedConversion {
    PostedConversion { paid: true, ..conversion.clone() }
}

/// Whether the API says that the only conversion is paid, by its number and in a list.
async fn says_paid(books: &Books) -> bool {
    let mut connection = books.pool.acquire().await.unwrap();
    let id = sqlx::query_scalar("SELECT id FROM conversions").fetch_one(&mut *connection).await.unwrap();
    let conversion =
        conversions::find(&mut connection, books.realm, ConversionId(id)).await.unwrap().unwrap();
    for paid in [true, false] {
        let filter = conversions::Filter { paid: Some(paid), ..conversions::Filter::default() };
        let count = conversions::count(&mut connection, books.realm, &filter).await.unwrap();
        assert_eq!(count, Some(i64::from(conversion.paid == paid)));
    }
    conversion.paid
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_the_caller_paid_no_payout_pays(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    books.settle_commands(&[command(&paid(&posted(1, books.anna, 1_000)), 0)]).await;
    assert!(says_paid(&books).await);
    assert!(books.create("one").await.payouts.is_empty());
    assert_eq!(books.paid(books.anna).await, 1_000);
    books.is_sound().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_a_payout_paid_the_caller_does_not_pay_again(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    let sale = posted(1, books.anna, 1_000);
    books.settle_commands(&[command(&sale, 0)]).await;
    assert!(!says_paid(&books).await);
    assert_eq!(books.pay("one").await, [1_000]);
    assert!(says_paid(&books).await);
    books.settle_commands(&[command(&paid(&sale), 1)]).await;
    assert_eq!(books.paid(books.anna).await, 1_000);
    books.is_sound().await;

    // More is earned: a payout paid the most of it, the caller says that the rest is paid as well.
    let more = PostedConversion { value: Some(1_200), ..sale };
    books.settle_commands(&[command(&more, 2)]).await;
    assert!(!says_paid(&books).await);
    books.settle_commands(&[command(&paid(&more), 3)]).await;
    assert_eq!((says_paid(&books).await, books.paid(books.anna).await), (true, 1_200));
    books.is_sound().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_in_an_open_payout_the_payout_pays(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    let sale = posted(1, books.anna, 1_000);
    books.settle_commands(&[command(&sale, 0)]).await;
    let payout = books.create("one").await.payouts.remove(0);
    books.settle_commands(&[command(&paid(&sale), 1)]).await;
    assert_eq!(books.paid(books.anna).await, 0);
    books.is_sound().await;
    books.mark_paid(&[payout.id], "R").await.unwrap();
    assert_eq!((books.paid(books.anna).await, books.owed(books.anna).await), (1_000, (0, 0, 0)));
    books.is_sound().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_was_in_a_canceled_payout_is_paid_as_the_caller_said(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    let sale = posted(1, books.anna, 1_000);
    books.settle_commands(&[command(&sale, 0)]).await;
    let payout = books.create("one").await.payouts.remove(0);
    books.settle_commands(&[command(&paid(&sale), 1)]).await;
    books.cancel(payout.id).await.unwrap();
    assert_eq!((books.paid(books.anna).await, books.owed(books.anna).await), (1_000, (0, 0, 0)));
    assert!(books.create("two").await.payouts.is_empty());
    books.is_sound().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_was_paid_and_taken_back_in_full_is_still_paid(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    let sale = posted(1, books.anna, 1_000);
    books.settle_commands(&[command(&sale, 0)]).await;
    assert_eq!(books.pay("one").await, [1_000]);
    books.settle_commands(&[command(&PostedConversion { deleted: true, ..sale }, 1)]).await;
    assert!(says_paid(&books).await);
    assert_eq!(books.owed(books.anna).await, (-1_000, -1_000, 0));
    books.is_sound().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_taken_back_after_the_word_that_it_was_paid_is_a_debt(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    let sale = Books::sale(1, "2026-06-01T12:00:00Z");
    books.settle(&[sale.invoice_paid(), sale.invoice_payment_paid()]).await;
    let told = PostedConversion {
        payment: Key::reference(&sale.invoice),
        value: None,
        base: None,
        affiliate: None,
        ..posted(1, books.anna, 0)
    };
    books.settle_commands(&[command(&paid(&told), 0)]).await;
    assert_eq!((books.paid(books.anna).await, books.owed(books.anna).await), (1_000, (0, 0, 0)));
    let later = Sample { refund_amount: 5_000, at: Utc::now() + TimeDelta::hours(1), ..sale };
    books.settle(&[later.refund_created("succeeded")]).await;
    assert_eq!((books.paid(books.anna).await, books.owed(books.anna).await), (1_000, (-1_000, -1_000, 0)));
    books.is_sound().await;

    // The next sale pays it back, and nothing of it is paid twice whatever is told of the first again.
    let next = [2, 3].map(|number| Books::sale(number, "2026-06-02T12:00:00Z").invoice_paid());
    books.settle(&next).await;
    assert_eq!(books.pay("one").await, [1_000]);
    books.is_sound().await;
    books.settle(&[later.charge_refunded()]).await;
    assert_eq!((books.paid(books.anna).await, books.owed(books.anna).await), (2_000, (0, 0, 0)));
    books.is_sound().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_was_taken_back_before_the_word_is_no_debt_whatever_comes_first(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    let sale = Books::sale(1, "2026-06-01T12:00:00Z");
    let told = PostedConversion {
        payment: Key::reference(&sale.invoice),
        value: None,
        base: None,
        affiliate: None,
        ..posted(1, books.anna, 0)
    };
    books.settle(&[sale.invoice_paid(), sale.invoice_payment_paid()]).await;
    books.settle_commands(&[command(&paid(&told), 0)]).await;
    assert_eq!(books.paid(books.anna).await, 1_000);
    // It happened long before the word, and is received after it.
    let refund = Sample { refund_amount: 2_000, at: at("2026-06-03T00:00:00Z"), ..sale };
    books.settle(&[refund.refund_created("succeeded")]).await;
    assert_eq!((books.paid(books.anna).await, books.owed(books.anna).await), (600, (0, 0, 0)));
    books.is_sound().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_word_is_taken_back_and_given_again(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    let sale = posted(1, books.anna, 1_000);
    books.settle_commands(&[command(&paid(&sale), 0)]).await;
    books.settle_commands(&[command(&sale, 1)]).await;
    assert_eq!((books.paid(books.anna).await, books.owed(books.anna).await), (0, (1_000, 1_000, 0)));
    books.is_sound().await;
    // More is earned after the word: that is due.
    books.settle_commands(&[command(&paid(&sale), 2)]).await;
    let more = PostedConversion { value: Some(1_200), ..paid(&sale) };
    books.settle_commands(&[command(&more, 3)]).await;
    assert_eq!((books.paid(books.anna).await, books.owed(books.anna).await), (1_000, (200, 200, 0)));
    assert_eq!(books.pay("one").await, [200]);
    books.settle_commands(&[command(&more, 4)]).await;
    assert_eq!((books.paid(books.anna).await, books.owed(books.anna).await), (1_200, (0, 0, 0)));
    books.is_sound().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_word_that_is_taken_back_protects_nothing_from_what_became_known_meanwhile(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    let by = |email: Option<&str>| CustomerIds {
        external_id: Some("u1".to_owned()),
        email: email.map(str::to_owned),
        ..CustomerIds::default()
    };
    let sale = PostedConversion { who: by(None), ..posted(1, books.anna, 1_000) };
    books.settle_commands(&[command(&paid(&sale), 0)]).await;
    // An hour later the buyer turns out to be Anna.
    let own = PostedConversion {
        who: by(Some("anna@example.org")),
        occurred_at: Utc::now().trunc_subsecs(0) + TimeDelta::hours(1),
        ..posted(2, books.anna, 1_000)
    };
    books.settle_commands(&[command(&own, 0)]).await;
    assert_eq!((books.paid(books.anna).await, books.owed(books.anna).await), (1_000, (1_000, 0, 1_000)));
    books.settle_commands(&[command(&sale, 1)]).await;
    assert_eq!((books.paid(books.anna).await, books.owed(books.anna).await), (0, (2_000, 0, 2_000)));
    books.is_sound().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_had_left_to_one_is_their_debt_when_it_moves_to_another(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    let sale = posted(1, books.anna, 1_000);
    books.settle_commands(&[command(&paid(&sale), 0)]).await;
    books
        .settle_commands(&[command(&PostedConversion { affiliate: Some(books.ben), ..paid(&sale) }, 1)])
        .await;
    assert_eq!((books.paid(books.anna).await, books.owed(books.anna).await), (1_000, (-1_000, -1_000, 0)));
    assert_eq!((books.paid(books.ben).await, books.owed(books.ben).await), (0, (1_000, 1_000, 0)));
    books.is_sound().await;
}
