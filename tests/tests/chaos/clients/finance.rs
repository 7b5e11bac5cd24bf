//! Payouts of every other round, again and again while events still come.

use super::{Shared, pace};
use anyhow::{Context, Result};
use cli::demo::programme::Entered;
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// Between two payouts.
const EVERY: Duration = Duration::from_millis(700);

/// Whether a round is one of which payouts are made. The ledgers of the others are compared line by line.
pub(crate) fn is_paid(round: usize) -> bool {
    !round.is_multiple_of(2)
}

pub(super) async fn payouts(shared: Arc<Shared>, shutdown: CancellationToken) -> Result<()> {
    let mut every = pace(EVERY);
    for number in 0_usize.. {
        every.tick().await;
        if shutdown.is_cancelled() {
            break;
        }
        let round = {
            let log = shared.log();
            let paid: Vec<&Entered> =
                log.rounds.iter().enumerate().filter(|(round, _)| is_paid(*round)).map(|it| it.1).collect();
            // The latest of them most of all: its events are still being settled.
            paid.iter().rev().nth(number % 3).map(|entered| (*entered).clone())
        };
        let Some(entered) = round else { continue };
        let made = shared.requests.post(&entered, "payouts", &format!("batch-{number}"), &json!({})).await?;
        for payout in payouts_of(&made)? {
            let id = payout["id"].as_i64().context("id")?;
            let reference = json!({"reference": format!("transfer-{id}")});
            let path = format!("payouts/{id}/mark-paid");
            shared.requests.post(&entered, &path, &format!("paid-{id}"), &reference).await?;
            shared.log().paid.insert((entered.realm.project.0, id), payout);
        }
    }
    Ok(())
}

/// The payouts of an answer.
pub(crate) fn payouts_of(answer: &Value) -> Result<Vec<Value>> {
    answer.pointer("/data/payouts").and_then(Value::as_array).cloned().with_context(|| format!("{answer}"))
}
