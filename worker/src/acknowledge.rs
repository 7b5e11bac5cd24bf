//! Telling the queue what became of deliveries.

use crate::backoff::{Backoff, Waited};
use queue::{AckError, Acknowledger, Delivery, Disposition};
use tokio_util::sync::CancellationToken;

/// Tells the queue, again and again while the database is away. What cannot be told before the
/// worker stops is delivered again, and changes nothing then.
pub(crate) async fn acknowledge(
    acknowledger: &Acknowledger,
    leave: &CancellationToken,
    mut outcomes: Vec<(Delivery, Disposition)>,
) {
    let mut backoff = Backoff::for_store();
    let mut said = false;
    while !outcomes.is_empty() {
        let Err(AckError { outcomes: untold, source }) = acknowledger.finish(outcomes).await else {
            return;
        };
        if !std::mem::replace(&mut said, true) {
            tracing::warn!(error = %source, "the queue is told later");
        }
        outcomes = untold;
        if backoff.wait(leave).await == Waited::Stop {
            let deliveries = outcomes.into_iter().map(|(delivery, _)| delivery).collect();
            return acknowledger.release(deliveries).await;
        }
    }
}
