//! History read from Stripe's lists against the webhooks that told it: alone, and in any mixture, one ledger.

use anyhow::{Result, ensure};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use queue::envelope::Source;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use store::digest;
use store::settlement::Item;
use tests::deployment;
use tests::fake_stripe::Account;
use tests::oracle::model::{History, RefundState};
use tests::oracle::render::{self, Numbers, Told};
use tests::oracle::store::{enter, item, settle};
use tests::oracle::{engine, generate};
use tests::stores::Backend;

/// Histories of the fold.
const FOLDED: usize = 1_500;

/// Histories in a database; each four times.
const STORED: usize = 60;

/// Those of which Stripe's lists can tell all (ADR 46): an object shows how it stands, and not what it was before.
fn is_listed(history: &History) -> bool {
    let customers = history.customers.iter().all(|customer| {
        customer.deleted.is_none() && customer.changes.is_empty() && customer.no_commission.is_none()
    });
    let subscriptions = history.subscriptions.iter().all(|one| one.no_commission.is_none());
    // What stood at the time of a word is told by the states in between.
    let settled = |states: &[(i64, RefundState)]| states.len() == 1;
    let words = history.posts.is_empty()
        || (history.refunds.iter().all(|refund| settled(&refund.states) && refund.told)
            && history.disputes.iter().all(|dispute| dispute.states.len() == 1)
            && history.credit_notes.iter().all(|note| note.voided.is_none())
            && history.warnings.iter().all(|warning| warning.over.is_none()));
    customers && subscriptions && words
}

/// The same ones each time. Each is received as it happens, and told as it happens: lists do not say how many seconds later an
/// invoice's event was made.
pub(crate) fn histories(count: usize, seed: u64) -> Vec<History> {
    let mut runner = TestRunner::new(Config { rng_seed: generate::seed(seed), ..Config::default() });
    let mut drawn = std::iter::repeat_with(|| generate::history().new_tree(&mut runner).unwrap().current())
        .map(|mut history| {
            history.imported_at = None;
            history.invoices.iter_mut().for_each(|invoice| invoice.lag = 0);
            history
        })
        .filter(is_listed);
    drawn.by_ref().take(count).collect()
}

/// What webhooks tell, and what lists tell instead of them; what callers say of REST is in both.
fn both(history: &History, numbers: &Numbers) -> (Vec<Told>, Vec<Told>) {
    let webhooks = render::events(history, numbers);
    let account = Account::of(&webhooks);
    let read_at = account.now + 86_400;
    let listed = account.told(read_at).into_iter().map(|told| Told {
        source: Source::Backfill,
        received: told.at.timestamp(),
        body: String::from_utf8(told.body).unwrap(),
    });
    let rest = webhooks.iter().filter(|told| told.source != Source::Stripe).cloned();
    let lists = listed.chain(rest).collect();
    (webhooks, lists)
}

/// Some of the one and some of the other: of each object at least one way tells it, and lists come after webhooks or before.
fn mixed(webhooks: &[Told], lists: &[Told], random: &mut StdRng) -> Vec<Told> {
    let mut mixed: Vec<Told> = lists.to_vec();
    mixed.extend(webhooks.iter().filter(|_| random.random_bool(0.5)).cloned());
    mixed.shuffle(random);
    mixed
}

#[test]
fn the_fold_makes_the_same_of_history_of_webhooks_and_of_both() {
    let mut random = StdRng::seed_from_u64(46);
    let mut payments = 0;
    for history in histories(FOLDED, 46) {
        let (webhooks, lists) = both(&history, &Numbers::plain(&history));
        let mixed = mixed(&webhooks, &lists, &mut random);
        let judge = |told: &[Told]| {
            let facts: Vec<_> = told.iter().flat_map(engine::facts).collect();
            engine::judge(&history, &facts)
        };
        let expected = judge(&webhooks);
        payments += expected.payments.len();
        for (what, told) in [("lists", &lists), ("a mixture", &mixed)] {
            let differences = judge(told).differences(&expected);
            assert!(differences.is_empty(), "{what}\n{}\n{}", differences.join("\n"), history.in_short());
        }
    }
    assert!(payments > FOLDED, "histories of {payments} payments say little");
}

#[tokio::test(flavor = "multi_thread")]
async fn history_alone_webhooks_alone_and_any_mixture_end_in_one_digest() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let pool = &deployment.pool;
        let mut random = StdRng::seed_from_u64(47);
        for history in histories(STORED, 47) {
            let mut digests = Vec::new();
            for way in 0..4 {
                let entered = enter(&mut *pool.acquire().await?, &history).await?;
                let (webhooks, lists) = both(&history, &entered.numbers);
                let told = match way {
                    0 => webhooks,
                    1 => lists,
                    _ => mixed(&webhooks, &lists, &mut random),
                };
                let items: Vec<Item> = told.iter().map(|told| item(entered.realm, told)).collect();
                let mut rest = &items[..];
                while !rest.is_empty() {
                    let (batch, after) = rest.split_at(random.random_range(1..=rest.len().min(30)));
                    settle(pool, batch).await?;
                    rest = after;
                }
                let project = Some(entered.realm.project);
                digests.push(digest::of(&mut *pool.acquire().await?, project).await?);
            }
            ensure!(
                digests.iter().all(|digest| *digest == digests[0]),
                "{digests:?}\n{}",
                history.in_short()
            );
        }
        Ok(())
    })
    .await
}
