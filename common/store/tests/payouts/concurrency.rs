//! Payouts and workers at once.

use crate::support::{Books, command, posted};
use chrono::Utc;
use domain::fact::PostedConversion;
use domain::ids::PayoutId;
use std::collections::BTreeSet;
use store::PgPool;
use store::payouts::Request;
use tokio::task::JoinSet;

/// 40 conversions of 10.00 each.
async fn with_forty(pool: PgPool) -> (Books, Vec<PostedConversion>) {
    let books = Books::open(pool, 0).await;
    let sales: Vec<PostedConversion> = (1..=40).map(|number| posted(number, books.anna, 1_000)).collect();
    books.settle_commands(&sales.iter().map(|sale| command(sale, 0)).collect::<Vec<_>>()).await;
    (books, sales)
}

#[sqlx::test(migrations = "../../migrations")]
async fn the_same_key_at_once_makes_one_batch(pool: PgPool) {
    let (books, _) = with_forty(pool).await;
    let mut tasks = JoinSet::new();
    for _ in 0..4 {
        let books = books.clone();
        tasks.spawn(async move { books.create("june").await });
    }
    let made = tasks.join_all().await;
    assert_eq!(made.iter().filter(|created| created.is_new).count(), 1);
    let ids: BTreeSet<PayoutId> =
        made.iter().flat_map(|created| created.payouts.iter().map(|payout| payout.id)).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(made[0].payouts[0].amount.minor, 40_000);
    books.is_sound().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn different_keys_at_once_pay_nothing_twice(pool: PgPool) {
    let (books, _) = with_forty(pool).await;
    let mut tasks = JoinSet::new();
    for key in 0..4 {
        let books = books.clone();
        tasks.spawn(async move { books.pay(&format!("key {key}")).await });
    }
    let paid: i64 = tasks.join_all().await.into_iter().flatten().sum();
    assert_eq!((paid, books.paid(books.anna).await), (40_000, 40_000));
    books.is_sound().await;
}

/// A worker takes conversions back, and says of others that they are paid, while payouts are made, paid and canceled.
#[sqlx::test(migrations = "../../migrations")]
async fn batches_that_settle_the_same_affiliate_neither_lose_nor_double_a_cent(pool: PgPool) {
    let (books, sales) = with_forty(pool).await;
    let mut tasks = JoinSet::new();
    for worker in 0..2usize {
        let (books, sales) = (books.clone(), sales.clone());
        tasks.spawn(async move {
            for chunk in sales.chunks(4).skip(worker).step_by(2) {
                let change = |(place, sale): (usize, &PostedConversion)| match place {
                    0 => PostedConversion { value: Some(600), ..sale.clone() },
                    1 => PostedConversion { paid: true, ..sale.clone() },
                    2 => PostedConversion { deleted: true, ..sale.clone() },
                    _ => PostedConversion { value: Some(1_300), ..sale.clone() },
                };
                let changes: Vec<_> =
                    chunk.iter().enumerate().map(|pair| command(&change(pair), 1)).collect();
                books.settle_commands(&changes).await;
            }
        });
    }
    for payer in 0..2 {
        let books = books.clone();
        tasks.spawn(async move {
            for round in 0..4 {
                let created = books
                    .create_by(&format!("{payer} {round}"), &Request::default(), Utc::now())
                    .await
                    .unwrap();
                for payout in created.payouts {
                    if round % 2 == 0 {
                        books.cancel(payout.id).await.unwrap();
                    } else {
                        books.mark_paid(&[payout.id], "R").await.unwrap();
                    }
                }
            }
        });
    }
    tasks.join_all().await;
    books.pay("the rest").await;
    books.is_sound().await;
    // Ten each of 6.00, 10.00, nothing and 13.00.
    let (unpaid, _, _) = books.owed(books.anna).await;
    assert_eq!(books.paid(books.anna).await + unpaid, 29_000);
}
