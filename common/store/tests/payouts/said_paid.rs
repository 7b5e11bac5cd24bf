//! A conversion that the caller of the REST API says is paid, and payouts: never both.

use crate::support::{Books, command, posted};
use domain::fact::PostedConversion;
use domain::ids::ConversionId;
use store::PgPool;
use store::conversions;

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
        assert_eq!(count, i64::from(conversion.paid == paid));
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
