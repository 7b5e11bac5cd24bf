//! How many statements a batch costs (issue: a fixed number, whatever its size).

use crate::support::{item, project, sale};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use store::PgPool;
use store::settlement::{Item, settle_batch};
use tracing::{Event, Metadata, Subscriber, span};

/// Counts the statements that sqlx logs.
#[derive(Clone, Default)]
struct Statements(Arc<AtomicUsize>);

impl Subscriber for Statements {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// Whoever counts is heard by `tracing` alone.
static COUNTING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Settles in a transaction and counts its statements, without begin and commit.
async fn count(pool: &PgPool, items: &[Item], posts: bool) -> usize {
    let mut transaction = pool.begin().await.unwrap();
    let alone = COUNTING.lock().await;
    let statements = Statements::default();
    let guard = tracing::subscriber::set_default(statements.clone());
    // Other threads may have asked at this moment whether anybody listens, and keep the answer.
    tracing::callsite::rebuild_interest_cache();
    let settled = settle_batch(&mut transaction, items).await.unwrap();
    drop((guard, alone));
    assert_eq!(settled.new.len(), items.len());
    assert!(settled.entries > 0 || !posts, "nothing was posted");
    transaction.commit().await.unwrap();
    statements.0.load(Ordering::Relaxed)
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_batch_of_500_costs_five_statements_more_than_one_of_5(pool: PgPool) {
    let realm = project(&pool).await;
    // Each customer has a session, an invoice, its payment, and a refund: all kinds of rows.
    let events = |customers: std::ops::Range<u64>| -> Vec<Item> {
        customers
            .flat_map(|number| {
                let sale = sale(number);
                [
                    sale.customer_created(),
                    sale.subscription_created(),
                    sale.invoice_paid(),
                    sale.invoice_payment_paid(),
                    sale.refund_created("succeeded"),
                ]
            })
            .map(|body| item(realm, body))
            .collect()
    };
    let small = count(&pool, &events(0..1), true).await;
    let large = count(&pool, &events(1..101), true).await;
    assert_eq!(events(1..101).len(), 500);
    // Keys that are many are named once their clusters are made; they and facts that are many are inserted between a savepoint and its
    // end.
    assert_eq!(small + 5, large);
    assert!((5..=15).contains(&small), "{small} statements");
}

#[sqlx::test(migrations = "../../migrations")]
async fn merging_clusters_costs_no_statement_each(pool: PgPool) {
    let realm = project(&pool).await;
    let first = |numbers: std::ops::Range<u64>| -> Vec<Item> {
        numbers.map(|number| item(realm, sale(number).refund_created("succeeded"))).collect()
    };
    let invoices = |numbers: std::ops::Range<u64>| -> Vec<Item> {
        numbers.map(|number| item(realm, sale(number).invoice_paid())).collect()
    };
    // The link between a refund's payment intent and its invoice comes last, so that two clusters meet.
    let links = |numbers: std::ops::Range<u64>| -> Vec<Item> {
        numbers.map(|number| item(realm, sale(number).invoice_payment_paid())).collect()
    };
    count(&pool, &first(0..61), false).await;
    count(&pool, &invoices(0..61), true).await;
    let one = count(&pool, &links(0..1), true).await;
    let sixty = count(&pool, &links(1..61), true).await;
    assert_eq!(one, sixty);
}
