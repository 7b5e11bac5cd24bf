//! Statements of affiliates.

use crate::support::{Books, command, posted};
use chrono::{DateTime, Utc};
use domain::fact::PostedConversion;
use domain::money::Currency;
use store::PgPool;
use store::statements::{self, Period, Statement};
use stripe::sample::Sample;

async fn statement(books: &Books, period: Period) -> Vec<Statement> {
    let mut connection = books.pool.acquire().await.unwrap();
    statements::of(&mut connection, books.anna, None, period).await.unwrap()
}

async fn now(books: &Books) -> DateTime<Utc> {
    sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(&books.pool).await.unwrap()
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_statement_tells_what_moved_the_balance(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    let sale = Books::sale(1, "2026-06-01T12:00:00Z");
    books.settle(&[sale.invoice_paid(), sale.invoice_payment_paid()]).await;
    books.settle(&[sale.dispute_created("needs_response")]).await;
    books.settle(&[sale.dispute_closed("won")]).await;
    let second = posted(2, books.anna, 500);
    books.settle_commands(&[command(&second, 0)]).await;
    books.pay("BATCH-1").await;
    books.settle(&[Sample { refund_amount: 1_000, ..sale }.refund_created("succeeded")]).await;

    let told = statement(&books, Period::default()).await;
    assert_eq!(told.len(), 1);
    let lines: Vec<(&str, i64, i64, i64)> = told[0]
        .lines
        .iter()
        .map(|l| (l.cause.as_str(), l.amount.minor, l.held.minor, l.balance.minor))
        .collect();
    assert_eq!(
        lines,
        [
            ("earned", 1_000, 0, 1_000),
            ("held", 0, 1_000, 1_000),
            ("released", 0, -1_000, 1_000),
            ("earned", 500, 0, 1_500),
            ("paid", -1_500, 0, 0),
            ("clawed_back", -200, 0, -200),
        ]
    );
    let payout = &told[0].lines[4];
    assert!(payout.payout.is_some() && payout.conversion.is_none());
    assert_eq!((payout.actor.as_deref(), payout.reason.as_deref()), (Some("fay"), Some("BATCH-1")));
    assert!(told[0].lines[5].event.as_deref().unwrap().starts_with("evt_"));
    assert_eq!((told[0].opening.minor, told[0].closing.minor, told[0].closing_held.minor), (0, -200, 0));
    assert_eq!(books.owed(books.anna).await.0, -200);
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_period_opens_with_what_the_last_one_closed_with(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    let mut cuts = vec![now(&books).await];
    let euros = PostedConversion { currency: "eur".to_owned(), ..posted(9, books.anna, 70) };
    for round in 1..=4 {
        let sale = posted(round, books.anna, round * 100);
        books.settle_commands(&[command(&sale, 0)]).await;
        if round % 2 == 0 {
            books.pay(&format!("round {round}")).await;
            books.settle_commands(&[command(&PostedConversion { deleted: true, ..sale }, 1)]).await;
            books.settle_commands(&[command(&euros, 0)]).await;
        }
        cuts.push(now(&books).await);
    }
    let mut last: Vec<(Currency, i64)> = Vec::new();
    let mut entries = 0;
    for cut in cuts.windows(2) {
        let told = statement(&books, Period { from: Some(cut[0]), before: Some(cut[1]) }).await;
        for statement in &told {
            let before = last.iter().find(|(currency, _)| *currency == statement.currency);
            assert_eq!(statement.opening.minor, before.map_or(0, |(_, closing)| *closing));
            let moved: i64 = statement.lines.iter().map(|line| line.amount.minor).sum();
            assert_eq!(statement.opening.minor + moved, statement.closing.minor);
            entries += statement.lines.len();
        }
        last = told.iter().map(|statement| (statement.currency, statement.closing.minor)).collect();
    }
    let whole = statement(&books, Period::default()).await;
    assert_eq!(whole.iter().map(|s| s.lines.len()).sum::<usize>(), entries);
    assert_eq!(last, whole.iter().map(|s| (s.currency, s.closing.minor)).collect::<Vec<_>>());
    assert_eq!(whole.iter().map(|s| s.currency.to_string()).collect::<Vec<_>>(), ["eur", "usd"]);
    assert_eq!(books.owed(books.anna).await.0, whole[1].closing.minor);
}
