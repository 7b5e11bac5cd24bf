//! A payout attack: payments that two tell, refunds, words that something was paid, payouts made, paid and canceled in any
//! order, and servers that die before the commit. No commission is paid twice, and no cent goes missing.

use crate::support::{Books, at};
use chrono::{TimeDelta, Utc};
use domain::command::Command;
use domain::fact::{ConversionChange, ConversionKind, CustomerIds, NamedValue, PostedConversion};
use domain::ids::{AffiliateId, ConversionId, PayoutId};
use domain::key::Key;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use std::sync::atomic::Ordering;
use store::PgPool;
use store::payouts::{Filter, Request, State};
use stripe::sample::Sample;

const STEPS: usize = 1_000;
/// Payments: few, so that much happens to each.
const PAYMENTS: u64 = 12;
/// One commit in so many dies.
const DEATHS: usize = 8;
/// Every rule is looked at after so many steps, and the sums after each.
const EVERY: usize = 20;

struct World {
    books: Books,
    random: StdRng,
    /// How often each payment's posts were changed.
    revisions: [i64; 2 * 12 + 2],
    batches: usize,
    /// What the payouts that were marked as paid said that they pay.
    paid: i64,
}

impl World {
    fn sale(&mut self) -> (u64, Sample) {
        let number = self.random.random_range(1..=PAYMENTS);
        (number, Books::sale(number, "2026-06-01T12:00:00Z"))
    }

    /// One of the two posts of a payment: by its invoice, or by its payment intent.
    fn post(number: u64, sale: &Sample, by_intent: bool) -> PostedConversion {
        let id = i64::try_from(number).unwrap() * 2 + i64::from(by_intent);
        PostedConversion {
            conversion: ConversionId(1_000_000 + id),
            payment: Key::reference(if by_intent { &sale.payment_intent } else { &sale.invoice }),
            kind: ConversionKind::Purchase,
            value: None,
            base: Some(5_000),
            currency: "usd".to_owned(),
            affiliate: None,
            referral_code: Some("ANNA".to_owned()),
            coupon_code: None,
            who: CustomerIds {
                email: Some(format!("customer{number}@example.net")),
                ..CustomerIds::default()
            },
            occurred_at: at("2026-06-01T12:00:00Z"),
            paid: false,
            deleted: false,
        }
    }

    async fn step(&mut self) {
        match self.random.random_range(0..12) {
            0 | 1 => {
                let (_, sale) = self.sale();
                self.books.settle(&[sale.invoice_paid()]).await;
            }
            2 => {
                let (_, sale) = self.sale();
                self.books.settle(&[sale.invoice_payment_paid()]).await;
            }
            3 => {
                let (_, sale) = self.sale();
                let amount = self.random.random_range(1..=5_000);
                // Before every word, or after all of them.
                let later = self.random.random_range(0..2) == 1;
                let moment =
                    if later { Utc::now() + TimeDelta::hours(1) } else { at("2026-06-02T00:00:00Z") };
                let refund = Sample { refund_amount: amount, amount_refunded: amount, at: moment, ..sale };
                let status = ["succeeded", "failed", "pending"][self.random.random_range(0..3)];
                self.books.settle(&[refund.refund_created(status)]).await;
            }
            4..=6 => self.speak().await,
            7 | 8 => {
                let key = format!("batch {}", self.batches);
                self.batches += 1;
                self.books.create_by(&key, &Request::default(), Utc::now()).await.unwrap();
            }
            9 | 10 => {
                if let Some((id, amount)) = self.open().await {
                    self.books.mark_paid(&[id], "R").await.unwrap();
                    self.paid += amount;
                }
            }
            _ => {
                if let Some((id, _)) = self.open().await {
                    self.books.cancel(id).await.unwrap();
                }
            }
        }
    }

    /// A post, or a change of one.
    async fn speak(&mut self) {
        let (number, sale) = self.sale();
        let by_intent = self.random.random_range(0..2) == 1;
        let conversion = Self::post(number, &sale, by_intent);
        let place = usize::try_from(number).unwrap() * 2 + usize::from(by_intent);
        let revision = self.revisions[place];
        self.revisions[place] += 1;
        let nothing = ConversionChange::default();
        let change = match self.random.random_range(0..4) {
            _ if revision == 0 => None,
            0 => {
                let value = Some(NamedValue::Minor(self.random.random_range(0..1_500)));
                Some(ConversionChange { value, currency: Some("usd".to_owned()), ..nothing })
            }
            1 => Some(ConversionChange { paid: Some(false), ..nothing }),
            _ => Some(ConversionChange { paid: Some(true), ..nothing }),
        };
        let command = Command::Conversion { revision, accepted_at: Utc::now(), conversion, change };
        self.books.settle_commands(&[command]).await;
    }

    async fn open(&mut self) -> Option<(PayoutId, i64)> {
        let mut connection = self.books.pool.acquire().await.unwrap();
        let filter = Filter { status: Some("open".to_owned()), ..Filter::default() };
        let open = store::payouts::list(&mut connection, self.books.realm, &filter, 1_000).await.unwrap();
        assert!(open.iter().all(|payout| payout.state == State::Open));
        let place = self.random.random_range(0..open.len().max(1));
        open.get(place).map(|payout| (payout.id, payout.amount.minor))
    }

    /// Paid and owed is what was earned, by the ledger and by the rows.
    async fn holds(&self, step: usize) {
        for affiliate in [self.books.anna, self.books.ben] {
            let (unpaid, ..) = self.books.owed(affiliate).await;
            assert_eq!(
                self.books.paid(affiliate).await + unpaid,
                self.earned(affiliate).await,
                "step {step}"
            );
        }
        let by_payouts: i64 = sqlx::query_scalar(
            "SELECT coalesce(sum(amount_minor), 0)::BIGINT FROM ledger_postings WHERE account = 'paid' AND payout_id IS NOT NULL",
        )
        .fetch_one(&self.books.pool)
        .await
        .unwrap();
        assert_eq!(by_payouts, self.paid, "payouts paid what they said, step {step}");
        if step.is_multiple_of(EVERY) {
            assert_eq!(self.books.broken().await, [""; 0], "step {step}");
        }
    }

    async fn earned(&self, affiliate: AffiliateId) -> i64 {
        sqlx::query_scalar(
            "SELECT coalesce(sum(commission_minor - clawed_back_minor), 0)::BIGINT FROM conversions
             WHERE affiliate_id = $1 AND merged_into IS NULL",
        )
        .bind(affiliate.0)
        .fetch_one(&self.books.pool)
        .await
        .unwrap()
    }
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_thousand_steps_with_servers_that_die_lose_and_double_nothing(pool: PgPool) {
    let books = Books::open(pool, 0).await;
    let random = StdRng::seed_from_u64(20);
    let mut world = World { books, random, revisions: [0; 26], batches: 0, paid: 0 };
    for step in 0..STEPS {
        if world.random.random_range(0..DEATHS) == 0 {
            world.books.dies.store(true, Ordering::Relaxed);
        }
        world.step().await;
        world.holds(step).await;
    }
    world.books.dies.store(false, Ordering::Relaxed);
    world.books.is_sound().await;
    let deaths = world.books.deaths.load(Ordering::Relaxed);
    assert!(
        deaths > STEPS / 20 && world.batches > 50 && world.paid > 0,
        "{deaths} deaths, {} batches",
        world.batches
    );
}
