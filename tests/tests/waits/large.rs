//! Events as large as the API takes them.

use crate::support::{sale, settle};
use anyhow::{Context, Result, ensure};
use tests::{deployment, feed::Feed, processes::Process, stores::Backend};

/// What a worker may have resident.
const MEMORY: u64 = 256 << 20;

/// Events of nearly 1 MiB each, far more than fit.
const EVENTS: u64 = 400;

/// An event with a text that decides nothing, as long as it may be.
fn padded(event: &str) -> Result<String> {
    let end = event.rfind('}').context("an object")?;
    let padding = "x".repeat((1 << 20) - event.len() - 32);
    Ok(format!("{},\"padding\":\"{padding}\"}}", event.get(..end).unwrap_or_default()))
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_1_mib_leave_a_worker_within_256_mib() -> Result<()> {
    for backend in [Backend::RabbitMq, Backend::Postgres] {
        deployment::on(backend, async |deployment| {
            let realm = deployment.programme().await?.realm;
            let feed = Feed::of(deployment).await?;
            for number in 0..EVENTS {
                feed.event(realm, padded(&sale(number).invoice_paid())?).await?;
            }
            let worker = Process::worker(deployment)?;
            settle(&deployment.pool, realm, i64::try_from(EVENTS)?).await?;
            let peak = worker.peak_memory().await?;
            #[expect(clippy::print_stderr, reason = "a figure of the run, for whoever reads its log")]
            {
                eprintln!("{backend:?}: {EVENTS} events of 1 MiB, at most {} MiB resident", peak >> 20);
            }
            ensure!(peak <= MEMORY, "{} MiB", peak >> 20);
            ensure!(worker.stop().await?.success(), "the worker did not end well");
            Ok(())
        })
        .await?;
    }
    Ok(())
}
