//! Real processes and real servers under steady signed events, posts and payouts, while one of them after the other is
//! killed, stopped, frozen, cut off or out of room. What the clients noted of each 2xx is the judge: nothing accepted is lost,
//! nothing is doubled, and the ledger is that of a run in which nothing broke.
//!
//! `./dev chaos --minutes 10 --seed 7` prints each fault, how long it took until everything was well again after it, and the
//! judgement. `--only DiskFull,BrokerSilent` breaks those alone, and `CHAOS_LOG=warn` shows what the programs say meanwhile.

mod clients;
mod faults;
mod judge;
mod room;
mod site;

use anyhow::{Result, ensure};
use clients::Clients;
use faults::{Bag, Faults};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use site::Site;
use std::{env, time::Duration};
use tests::{deployment::on_stores, figures::show, stores::Private};
use tokio::time::Instant;

/// How long things are broken where nothing is said.
const SECONDS: u64 = 30;
const SEED: u64 = 1;

/// How long after the end of a fault everything may take to be well again. RabbitMQ alone starts for some ten seconds, and the
/// messages of a killed worker wait for the end of their lease.
const RECOVERY: Duration = Duration::from_mins(1);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes, and a machine of its own: ./dev chaos"]
async fn whatever_breaks_nothing_is_lost_or_doubled() -> Result<()> {
    let setting = |name: &str, otherwise: u64| env::var(name).map_or(Ok(otherwise), |value| value.parse());
    let (seconds, seed) = (setting("CHAOS_SECONDS", SECONDS)?, setting("CHAOS_SEED", SEED)?);
    show(format!("seed {seed}, {seconds} s"));
    let room = room::Room::take().await?;
    let private = Private::start_in(room.directory()?).await?;
    let outcome = on_stores(&private.stores, async |deployment| {
        let clean = judge::clean_digest(deployment).await?;
        let site = Site::start(deployment).await?;
        let clients = Clients::start(deployment, &site).await?;
        let faults = Faults { site: &site, private: &private, room: &room };
        let mut random = StdRng::seed_from_u64(seed);
        let only = env::var("CHAOS_ONLY").ok();
        let (mut bag, mut longest) = (Bag::of(only.as_deref(), room.is_its_own())?, Duration::ZERO);
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(seconds) {
            let fault = bag.draw(&mut random);
            let hold = Duration::from_millis(random.random_range(500..4_000));
            show(format!(
                "{:>6.1} s  {fault:?} for {:.1} s",
                began.elapsed().as_secs_f64(),
                hold.as_secs_f64()
            ));
            faults.happen(fault, hold, &mut random).await?;
            let took = clients.well_again(deployment, &site).await?;
            show(format!(
                "{:>6.1} s  well again {:.1} s after it",
                began.elapsed().as_secs_f64(),
                took.as_secs_f64()
            ));
            ensure!(took <= RECOVERY, "{fault:?}: it took {took:?} until everything was well again");
            longest = longest.max(took);
        }
        let log = clients.stop().await?;
        show(format!("{} faults: {}", bag.count(), bag));
        show(format!("longest recovery: {:.1} s", longest.as_secs_f64()));
        let judged = judge::everything(deployment, &site, &log, &clean).await;
        site.stop().await?;
        judged
    })
    .await;
    private.destroy().await?;
    room.give_back().await?;
    outcome
}
