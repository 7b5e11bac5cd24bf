//! Events as large as the API takes them, and histories made of those.

use crate::support::{ends_well, sale, settle};
use anyhow::{Context, Result};
use serde_json::Value;
use tests::{deployment, feed::Feed, processes::Process, stores::Backend};

/// What a worker may have resident.
const MEMORY: u64 = 256 << 20;

/// Bytes of an event: nearly as many as are taken.
const LARGE: usize = (1 << 20) - 64;

/// Events of nearly 1 MiB each: several times what fits. `LARGE_EVENTS=600`, of which a worker without a bound takes 2.4 GB, need
/// no more than these.
const EVENTS: u64 = 150;

/// Customers with one invoice of very many lines each, which the fold needs, every one.
const CUSTOMERS: u64 = 400;

/// An event with a text that decides nothing, as long as it may be.
fn padded(event: &str) -> Result<String> {
    let end = event.rfind('}').context("an object")?;
    let padding = "x".repeat(LARGE.saturating_sub(event.len()));
    Ok(format!("{},\"padding\":\"{padding}\"}}", event.get(..end).unwrap_or_default()))
}

/// The event with as many lines of its invoice as it may have.
fn with_lines(event: &str) -> Result<String> {
    let mut event: Value = serde_json::from_str(event)?;
    let lines = event.pointer_mut("/data/object/lines/data").and_then(Value::as_array_mut);
    let lines = lines.context("an invoice")?;
    let mut line = lines.first().context("a line")?.clone();
    line["amount"] = 0.into();
    let length = line.to_string().len() + 8;
    for number in 0..LARGE.saturating_sub(8 << 10) / length {
        line["id"] = format!("il_{number}").into();
        lines.push(line.clone());
    }
    Ok(event.to_string())
}

async fn large_events(backend: Backend) -> Result<()> {
    let events = std::env::var("LARGE_EVENTS").map_or(Ok(EVENTS), |events| events.parse())?;
    deployment::on(backend, async |deployment| {
        let realm = deployment.programme().await?.realm;
        let feed = Feed::of(deployment).await?;
        for number in 0..events {
            feed.event(realm, padded(&sale(number).invoice_paid())?).await?;
        }
        let worker = Process::worker(deployment)?;
        settle(&deployment.pool, realm, i64::try_from(events)?).await?;
        worker.within_memory(&format!("{backend:?}: {events} events of 1 MiB"), MEMORY)?;
        ends_well(deployment, worker).await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_1_mib_leave_a_worker_within_256_mib_on_postgresql() -> Result<()> {
    large_events(Backend::Postgres).await
}

#[tokio::test(flavor = "multi_thread")]
async fn events_of_1_mib_leave_a_worker_within_256_mib_on_rabbitmq() -> Result<()> {
    large_events(Backend::RabbitMq).await
}

/// Small events of many customers fit into one batch, and what is known of those customers does not.
#[tokio::test(flavor = "multi_thread")]
async fn a_batch_whose_customers_have_long_histories_is_folded_within_256_mib() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let realm = deployment.programme().await?.realm;
        let feed = Feed::of(deployment).await?;
        feed.event(realm, with_lines(&sale(0).invoice_paid())?).await?;
        for number in 1..CUSTOMERS {
            feed.event(realm, sale(number).invoice_paid()).await?;
        }
        let worker = Process::worker(deployment)?;
        settle(&deployment.pool, realm, i64::try_from(CUSTOMERS)?).await?;
        ends_well(deployment, worker).await?;
        // As if each of their invoices had come with as many lines.
        sqlx::query(
            "UPDATE facts SET body = jsonb_set(body, '{lines}',
                 (SELECT body->'lines' FROM facts WHERE natural_key = 'invoice:' || $1))
             WHERE body->>'fact' = 'invoice'",
        )
        .bind(sale(0).invoice)
        .execute(&deployment.pool)
        .await?;
        let bytes: i64 = sqlx::query_scalar("SELECT sum(octet_length(body::text))::BIGINT FROM facts")
            .fetch_one(&deployment.pool)
            .await?;
        for number in 0..CUSTOMERS {
            feed.event(realm, sale(number).refund_created("succeeded")).await?;
        }
        let worker = Process::worker(deployment)?;
        settle(&deployment.pool, realm, i64::try_from(2 * CUSTOMERS)?).await?;
        worker.within_memory(&format!("a batch with a history of {} MiB", bytes >> 20), MEMORY)?;
        ends_well(deployment, worker).await
    })
    .await
}
