//! Work that is not settled in batches: calls to Stripe, and clusters that are resettled. It runs
//! beside the batches and is bounded by the queue's prefetch.

mod fetch;
mod promote;
mod resettle;

use crate::acknowledge::acknowledge;
use crate::backoff::grace;
use crate::keychain::Keychain;
use crate::place::Place;
use domain::promotion::Promotion;
use domain::reevaluation::Reevaluation;
use queue::{Acknowledger, Delivery, Disposition, Publisher};
use std::sync::Arc;
use store::Sessions;
use stripe::missing::Missing;
use tokio::sync::Semaphore;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// The jobs of one worker.
pub(crate) struct Jobs {
    shared: Arc<Shared>,
    tasks: TaskTracker,
}

/// What every job needs.
struct Shared {
    keychain: Arc<Keychain>,
    sessions: Sessions,
    place: Arc<Place>,
    publisher: Publisher,
    acknowledger: Acknowledger,
    shutdown: CancellationToken,
    /// One resettling at a time: each may take many transactions.
    resettling: Semaphore,
}

impl Jobs {
    pub(crate) fn start(
        keychain: Arc<Keychain>,
        sessions: Sessions,
        place: Arc<Place>,
        publisher: Publisher,
        acknowledger: Acknowledger,
        shutdown: CancellationToken,
    ) -> Self {
        let resettling = Semaphore::new(1);
        let shared =
            Arc::new(Shared { keychain, sessions, place, publisher, acknowledger, shutdown, resettling });
        Self { shared, tasks: TaskTracker::new() }
    }

    /// Asks Stripe for what a payload lacked.
    pub(crate) fn fetch(&self, delivery: Delivery, missing: Missing) {
        let shared = Arc::clone(&self.shared);
        self.tasks.spawn(async move {
            let outcome = shared.fetch(&delivery, &missing).await;
            shared.answer(delivery, outcome).await;
        });
    }

    /// Makes a coupon's promotion code at Stripe, or deactivates it.
    pub(crate) fn promote(&self, delivery: Delivery, promotion: Promotion) {
        let shared = Arc::clone(&self.shared);
        self.tasks.spawn(async move {
            let outcome = tokio::select! {
                biased;
                outcome = shared.promote(&delivery, promotion) => Some(outcome),
                () = grace(&shared.shutdown) => None,
            };
            shared.answer(delivery, outcome).await;
        });
    }

    /// Judges again what some mappings concern.
    pub(crate) fn resettle(&self, delivery: Delivery, reevaluation: Reevaluation) {
        let shared = Arc::clone(&self.shared);
        self.tasks.spawn(async move {
            let outcome = tokio::select! {
                biased;
                outcome = shared.resettle(delivery.envelope.realm(), &reevaluation) => outcome,
                () = grace(&shared.shutdown) => None,
            };
            shared.answer(delivery, outcome).await;
        });
    }

    /// Waits, after shutdown, until every task has finished or handed back its message.
    pub(crate) async fn finished(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

impl Shared {
    /// Tells the queue; `None` hands the message back.
    async fn answer(&self, delivery: Delivery, outcome: Option<Disposition>) {
        let Some(disposition) = outcome else {
            return self.acknowledger.release(vec![delivery]).await;
        };
        if let Disposition::DeadLetter { reason } = &disposition {
            tracing::warn!(message.id = %delivery.envelope.headers.message_id, reason, "dead letter");
        }
        acknowledge(&self.acknowledger, &self.shutdown, vec![(delivery, disposition)]).await;
    }
}
