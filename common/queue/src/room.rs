//! What fits into one batch.

use crate::Delivery;

/// Room for messages, bounded in number and in bytes: a worker's memory is that of a batch, however large the bodies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    messages: usize,
    bytes: usize,
    taken: bool,
}

impl Room {
    /// An empty room.
    pub(crate) fn new(messages: usize, bytes: usize) -> Self {
        Self { messages, bytes, taken: false }
    }

    /// The same, for this many messages at most.
    pub(crate) fn at_most(self, messages: usize) -> Self {
        Self { messages: self.messages.min(messages), ..self }
    }

    /// Gives back what a part of it, [`Room::at_most`] so many, was used for.
    pub(crate) fn less(self, messages: usize, bytes: usize) -> Self {
        Self {
            messages: self.messages.saturating_sub(messages),
            bytes: self.bytes.saturating_sub(bytes),
            taken: self.taken || messages > 0,
        }
    }

    /// How many of the leading ones fit, and their bytes. One always fits, unless something is in it already.
    pub(crate) fn fitting<'a>(self, deliveries: impl Iterator<Item = &'a Delivery>) -> (usize, usize) {
        let (mut messages, mut bytes) = (0_usize, 0_usize);
        for delivery in deliveries.take(self.messages) {
            let size = delivery.envelope.body.len();
            if bytes.saturating_add(size) > self.bytes && (messages > 0 || self.taken) {
                break;
            }
            messages += 1;
            bytes = bytes.saturating_add(size);
        }
        (messages, bytes)
    }
}
