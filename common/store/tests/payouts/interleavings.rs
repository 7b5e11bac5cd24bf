//! Random histories of earning, amending, taking back, moving, paying and canceling: whatever their order, the ledger is
//! sound and no cent is paid twice.

use crate::support::{Books, command, posted};
use chrono::Utc;
use domain::fact::PostedConversion;
use domain::money::Currency;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::collections::BTreeMap;
use store::PgPool;
use store::payouts::{Request, State};

/// Histories, and steps of each.
const HISTORIES: usize = 12;
const STEPS: usize = 30;
/// Conversions of one history: few, so that much happens to each.
const CONVERSIONS: i64 = 5;

#[derive(Clone, Debug)]
enum Step {
    /// A conversion says something new.
    Settle(Vec<(i64, Change)>),
    /// Payouts are made.
    Create { minimum: i64 },
    /// An open payout is paid, if there is one.
    Pay(usize),
    /// An open payout is canceled, if there is one.
    Cancel(usize),
    /// An earlier call is made again.
    Again(usize),
}

#[derive(Clone, Debug)]
enum Change {
    Value(i64),
    Paid(bool),
    Deleted(bool),
    Moved,
}

fn step() -> impl Strategy<Value = Step> {
    let change = prop_oneof![
        3 => (0i64..2_000).prop_map(Change::Value),
        1 => any::<bool>().prop_map(Change::Paid),
        1 => any::<bool>().prop_map(Change::Deleted),
        1 => Just(Change::Moved),
    ];
    prop_oneof![
        4 => prop::collection::vec((1..=CONVERSIONS, change), 1..4).prop_map(Step::Settle),
        2 => (0i64..1_500).prop_map(|minimum| Step::Create { minimum }),
        2 => any::<usize>().prop_map(Step::Pay),
        1 => any::<usize>().prop_map(Step::Cancel),
        1 => any::<usize>().prop_map(Step::Again),
    ]
}

/// What was done so far.
struct World {
    books: Books,
    conversions: BTreeMap<i64, (PostedConversion, i64)>,
    requests: Vec<(String, Request)>,
    /// What the payouts that were marked as paid said that they pay.
    paid: i64,
}

impl World {
    async fn take(&mut self, step: Step) {
        match step {
            Step::Settle(changes) => {
                let mut commands = Vec::new();
                for (number, change) in changes {
                    let first = (posted(number, self.books.anna, 1_000), -1);
                    let (conversion, revision) = self.conversions.entry(number).or_insert(first);
                    match change {
                        Change::Value(value) => conversion.value = Some(value),
                        Change::Paid(paid) => conversion.paid = paid,
                        Change::Deleted(deleted) => conversion.deleted = deleted,
                        Change::Moved => {
                            let to_ben = conversion.affiliate == Some(self.books.anna);
                            conversion.affiliate =
                                Some(if to_ben { self.books.ben } else { self.books.anna });
                        }
                    }
                    *revision += 1;
                    commands.push(command(conversion, *revision));
                }
                self.books.settle_commands(&commands).await;
            }
            Step::Create { minimum } => {
                let key = format!("batch {}", self.requests.len());
                let request =
                    Request { minimums: BTreeMap::from([(Currency::USD, minimum)]), ..Request::default() };
                let created = self.books.create_by(&key, &request, Utc::now()).await.unwrap();
                assert!(created.payouts.iter().all(|p| p.amount.minor > 0 && p.amount.minor >= minimum));
                self.requests.push((key, request));
            }
            Step::Pay(which) => {
                if let Some((id, amount)) = self.open(which).await {
                    self.books.mark_paid(&[id], "R").await.unwrap();
                    self.books.mark_paid(&[id], "R").await.unwrap();
                    self.paid += amount;
                }
            }
            Step::Cancel(which) => {
                if let Some((id, _)) = self.open(which).await {
                    self.books.cancel(id).await.unwrap();
                }
            }
            Step::Again(which) => {
                if !self.requests.is_empty() {
                    let (key, request) = &self.requests[which % self.requests.len()];
                    let created = self.books.create_by(key, request, Utc::now()).await.unwrap();
                    assert!(!created.is_new);
                }
            }
        }
    }

    async fn open(&self, which: usize) -> Option<(domain::ids::PayoutId, i64)> {
        let mut connection = self.books.pool.acquire().await.unwrap();
        let filter = store::payouts::Filter::default();
        let listed = store::payouts::list(&mut connection, self.books.realm, &filter, 1_000).await.unwrap();
        let open: Vec<_> = listed.into_iter().filter(|payout| payout.state == State::Open).collect();
        let payout = open.get(which.checked_rem(open.len())?)?;
        Some((payout.id, payout.amount.minor))
    }

    /// Every rule that does not depend on where the history stands.
    async fn holds(&self, after: &str) {
        assert_eq!(self.books.broken().await, [""; 0], "{after}");
        for affiliate in [self.books.anna, self.books.ben] {
            let net: i64 = sqlx::query_scalar(
                "SELECT coalesce(sum(commission_minor - clawed_back_minor), 0)::BIGINT FROM conversions
                 WHERE affiliate_id = $1 AND merged_into IS NULL",
            )
            .bind(affiliate.0)
            .fetch_one(&self.books.pool)
            .await
            .unwrap();
            let (unpaid, due, held) = self.books.owed(affiliate).await;
            assert_eq!(
                self.books.paid(affiliate).await + unpaid,
                net,
                "paid and balance are what was earned; {after}"
            );
            assert_eq!(due + held, unpaid, "{after}");
        }
        let by_payouts: i64 = sqlx::query_scalar(
            "SELECT coalesce(sum(amount_minor), 0)::BIGINT FROM ledger_postings WHERE account = 'paid' AND payout_id IS NOT NULL",
        )
        .fetch_one(&self.books.pool)
        .await
        .unwrap();
        assert_eq!(by_payouts, self.paid, "payouts paid what they said; {after}");
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn no_order_of_settling_and_paying_loses_or_doubles_a_cent(pool: PgPool) {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[13; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let histories = prop::collection::vec(step(), STEPS);
    let (mut batches, mut payouts) = (0, 0);
    for number in 0..HISTORIES {
        let steps = histories.new_tree(&mut runner).unwrap().current();
        sqlx::raw_sql(EMPTY).execute(&pool).await.unwrap();
        let books = Books::open(pool.clone(), 0).await;
        let mut world = World { books, conversions: BTreeMap::new(), requests: Vec::new(), paid: 0 };
        for step in steps {
            let text = format!("history {number}: {step:?}");
            world.take(step).await;
            world.holds(&text).await;
        }
        world.books.is_sound().await;
        batches += world.requests.len();
        payouts += usize::from(world.paid > 0);
    }
    assert!(
        batches > HISTORIES && payouts > HISTORIES / 2,
        "{batches} batches, {payouts} histories with payouts"
    );
}

/// Each history begins with nothing; the guards are for everybody else.
const EMPTY: &str = "
    SET session_replication_role = replica;
    DELETE FROM ledger_entries; DELETE FROM payout_items; DELETE FROM payouts; DELETE FROM payout_batches;
    DELETE FROM conversions; DELETE FROM facts; DELETE FROM events;
    DELETE FROM identity_keys; DELETE FROM customers; DELETE FROM clusters;
    SET session_replication_role = DEFAULT;";
