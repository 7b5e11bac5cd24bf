//! Messages that were in the hands of workers that died: each is worked on alone, and only what was alone each time is
//! to blame.

use crate::backoff::{Backoff, Waited};
use crate::batch::Settling;
use crate::intake;
use crate::place::{Kind, Patience};
use chrono::Utc;
use queue::{Delivery, Disposition};
use store::StoreError;

/// From so many failed deliveries on a message is a suspect. A worker that is stopped hands back what it had fetched,
/// which some versions of RabbitMQ count as well, so that one or two mean nothing.
const SUSPECT: u32 = 3;

/// How many workers may die of one message, while each worked on nothing else. It is left to a person then.
const MAX_TRIALS: u32 = 3;

/// Divides deliveries into those to settle together, and suspects.
pub(crate) fn part(deliveries: Vec<Delivery>) -> (Vec<Delivery>, Vec<Delivery>) {
    deliveries.into_iter().partition(|delivery| delivery.attempt < SUSPECT)
}

/// How a trial begins.
pub(crate) enum Trial {
    /// It is worked on now, and the database knows.
    Begun(Delivery),
    /// There is nothing more to do with it here.
    Over,
}

impl Settling {
    /// Begins the trial of a suspect. One of RabbitMQ is put aside first: its trials could not be counted there.
    pub(crate) async fn begin_trial(&self, suspect: Delivery) -> Trial {
        if !suspect.can_be_tried() {
            let reason = format!("{} workers died with it in hand: it comes back alone", suspect.attempt);
            self.tell(vec![(suspect, Disposition::PutOff { at: Utc::now(), reason })]).await;
            return Trial::Over;
        }
        let mut backoff = Backoff::for_store();
        let before = loop {
            let error = match self.acknowledger().try_alone(&suspect).await {
                Ok(Some(before)) => break before,
                // Another worker has it.
                Ok(None) => return Trial::Over,
                Err(error) => StoreError::from(error),
            };
            if self.place().fails(Kind::of(&error), &common::causes(&error)).await == Patience::Exhausted {
                self.leave().cancel();
            }
            if backoff.wait(self.leave()).await == Waited::Stop {
                self.acknowledger().release(vec![suspect]).await;
                return Trial::Over;
            }
        };
        if before < MAX_TRIALS {
            return Trial::Begun(suspect);
        }
        self.dead_letter(vec![(suspect, intake::Unworkable::Deadly(before).to_string())]).await;
        Trial::Over
    }
}
