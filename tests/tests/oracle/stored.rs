//! On a real PostgreSQL: any batches, repeats, several workers, and servers that die in the middle.

use anyhow::{Result, ensure};
use futures::future::try_join_all;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use store::settlement::Item;
use store::verification::verify;
use store::{PgPool, digest};
use tests::deployment;
use tests::oracle::model::History;
use tests::oracle::render;
use tests::oracle::store::{Crashes, Entered, enter, item, replay, settle, try_to_settle, verdicts};
use tests::oracle::{generate, naive};
use tests::stores::Backend;

/// Histories of one test; the tests are enough to make more than 100.
const HISTORIES: usize = 28;

/// One statement in so many dies.
const CRASHES: i64 = 40;

/// Those of a seed; a failure prints its own.
fn histories(count: usize, seed: u64) -> Vec<History> {
    let mut runner = TestRunner::new(Config { rng_seed: generate::seed(seed), ..Config::default() });
    (0..count).map(|_| generate::history().new_tree(&mut runner).unwrap().current()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_batch_of_histories_ends_in_one_ledger_however_it_is_delivered() -> Result<()> {
    end_in_one_ledger(1).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_batch_of_histories_ends_in_one_ledger_however_it_is_delivered() -> Result<()> {
    end_in_one_ledger(2).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_batch_of_histories_ends_in_one_ledger_however_it_is_delivered() -> Result<()> {
    end_in_one_ledger(3).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fourth_batch_of_histories_ends_in_one_ledger_however_it_is_delivered() -> Result<()> {
    end_in_one_ledger(4).await
}

async fn end_in_one_ledger(seed: u64) -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let crashes = Crashes::prepare(&deployment.pool).await?;
        let mut random = StdRng::seed_from_u64(seed);
        let mut died = 0;
        for history in histories(HISTORIES, seed) {
            match is_one_ledger(&deployment.pool, &crashes, &history, &mut random).await {
                Ok(times) => died += times,
                Err(error) => panic!("{error:?}\n{}", history.in_short()),
            }
        }
        ensure!(died > HISTORIES / 2, "only {died} batches died on the way");
        Ok(())
    })
    .await
}

/// How often a batch had to be delivered again; an error when the two ledgers are not one.
async fn is_one_ledger(
    pool: &PgPool,
    crashes: &Crashes,
    history: &History,
    random: &mut StdRng,
) -> Result<usize> {
    // Once as it happened, an event at a time.
    let calm = enter(&mut *pool.acquire().await?, history).await?;
    let mut told = render::events(history, &calm.numbers);
    told.sort_by_key(|told| told.received);
    for told in &told {
        settle(pool, &[item(calm.realm, told)]).await?;
    }
    let expected = is_sound(pool, history, &calm).await?;

    // Once in any order and any batches, with repeats, by two workers whose servers die.
    let wild = enter(&mut *pool.acquire().await?, history).await?;
    let items: Vec<Item> =
        render::events(history, &wild.numbers).iter().map(|told| item(wild.realm, told)).collect();
    let mut deliveries: Vec<Item> =
        items.iter().flat_map(|item| std::iter::repeat_n(item.clone(), random.random_range(1..=3))).collect();
    deliveries.shuffle(random);
    let cut = random.random_range(0..=deliveries.len());
    let (one, other) = deliveries.split_at(cut);
    crashes.one_in(Some(CRASHES)).await?;
    let sizes = [random.random_range(1..=9), random.random_range(1..=40)];
    let died = try_join_all([work(pool, one, sizes[0]), work(pool, other, sizes[1])]).await?;
    crashes.one_in(None).await?;
    let found = is_sound(pool, history, &wild).await?;
    ensure!(found == expected, "the digests differ:\n{}", parted(pool, &calm, &wild).await?);
    Ok(died.iter().sum())
}

async fn work(pool: &PgPool, deliveries: &[Item], size: usize) -> Result<usize> {
    let mut failed = 0;
    for batch in deliveries.chunks(size) {
        failed += settle(pool, batch).await?;
    }
    Ok(failed)
}

/// Whether a project's ledger is what the history comes to, sums to zero, and stands a replay. Its digest.
async fn is_sound(pool: &PgPool, history: &History, entered: &Entered) -> Result<String> {
    let mut connection = pool.acquire().await?;
    let differences = verdicts(&mut connection, entered).await?.differences(&naive::judge(history));
    ensure!(differences.is_empty(), "{}", differences.join("\n"));
    let project = Some(entered.realm.project);
    for finding in verify(&mut connection, project).await? {
        ensure!(finding.violations == 0, "{finding:?}");
    }
    let before = digest::of(&mut connection, project).await?;
    let replayed = replay(&mut connection, entered.realm).await?;
    ensure!(replayed.entries == 0 && replayed.conversions == 0, "a replay changed something: {replayed:?}");
    ensure!(digest::of(&mut connection, project).await? == before, "a replay changed the digest");
    Ok(before)
}

/// The lines of two ledgers that are not in both.
async fn parted(pool: &PgPool, one: &Entered, other: &Entered) -> Result<String> {
    let mut lines = Vec::new();
    for entered in [one, other] {
        let mut mine = Vec::new();
        let project = Some(entered.realm.project);
        digest::each_line(&mut *pool.acquire().await?, project, |line| mine.push(line.to_owned())).await?;
        lines.push(mine);
    }
    let only = |a: &[String], b: &[String]| -> Vec<String> {
        a.iter().filter(|line| !b.contains(line)).cloned().collect()
    };
    Ok([only(&lines[0], &lines[1]), only(&lines[1], &lines[0])].concat().join("\n"))
}

/// Every writing statement of a batch is, once, the one at which the server dies.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_dies_at_any_statement_leaves_nothing_and_loses_nothing() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let pool = &deployment.pool;
        let crashes = Crashes::prepare(pool).await?;
        let earning = |history: &History| {
            naive::judge(history).payments.values().filter(|payment| payment.taken_back > 0).count() >= 2
        };
        let history = histories(2_000, 5).into_iter().find(earning).unwrap();
        let mut died = 0;
        for statement in 1.. {
            let entered = enter(&mut *pool.acquire().await?, &history).await?;
            let empty = digest::of(&mut *pool.acquire().await?, Some(entered.realm.project)).await?;
            let items: Vec<Item> = render::events(&history, &entered.numbers)
                .iter()
                .map(|told| item(entered.realm, told))
                .collect();
            crashes.at(statement).await?;
            let survived = try_to_settle(pool, &items).await.is_ok();
            crashes.one_in(None).await?;
            if !survived {
                died += 1;
                let mut connection = pool.acquire().await?;
                let after = digest::of(&mut connection, Some(entered.realm.project)).await?;
                ensure!(after == empty, "statement {statement} left something behind");
                let inbox = "SELECT count(*) FROM events WHERE project_id = $1";
                let kept: i64 = sqlx::query_scalar(inbox)
                    .bind(entered.realm.project.0)
                    .fetch_one(&mut *connection)
                    .await?;
                ensure!(kept == 0, "statement {statement} marked events before their work was done");
                settle(pool, &items).await?;
            }
            is_sound(pool, &history, &entered).await?;
            if survived {
                break;
            }
        }
        ensure!(died >= 5, "only {died} statements were tried");
        Ok(())
    })
    .await
}
