//! The publishes whose confirm is awaited, and which of them may be believed.
//!
//! lapin hands a returned message to whichever confirm resolves next: `ack multiple` is walked in the
//! order of a hash map, and each publish that resolves takes the message that has waited longest. So
//! an unroutable message can be reported as stored, and a stored one as returned. What does hold:
//!
//! * the broker sends `basic.return` before it acknowledges the returned message, and
//! * lapin resolves confirms one after another, on one thread.
//!
//! So if a returned message was resolved *without* its return, then another publish in flight at that
//! time took it, and was resolved *earlier*. A confirm is therefore believed only after every other
//! one in flight was looked at once more; a return seen by then fails them all.

use super::BrokerRefusal;
use bytes::Bytes;
use futures::{FutureExt, future::BoxFuture, task::AtomicWaker};
use lapin::{BasicProperties, Channel, Confirmation, options::BasicPublishOptions, types::ShortString};
use std::{
    mem,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};
use tokio::{sync::oneshot, time::Instant};

/// Publishes in flight on the channel. Measured: 100 to 200 is where throughput levels off, more
/// only adds latency, and each `ack multiple` costs lapin a scan of them all.
pub(super) const IN_FLIGHT: usize = 256;

/// Unroutable messages are returned rather than dropped. With an alternate exchange there are none;
/// this is the alarm for when somebody deleted that too.
const MANDATORY: BasicPublishOptions = BasicPublishOptions { mandatory: true, immediate: false };

/// A message to publish.
pub(in crate::amqp) struct Job {
    pub(super) routing_key: ShortString,
    pub(super) properties: BasicProperties,
    pub(super) body: Bytes,
    pub(super) answer: oneshot::Sender<Result<(), BrokerRefusal>>,
}

type Answer = oneshot::Sender<Result<(), BrokerRefusal>>;
type Confirm<'c> = BoxFuture<'c, lapin::Result<Confirmation>>;

struct Entry<'c> {
    confirm: Confirm<'c>,
    /// Gone once the caller was told that the message is not stored.
    answer: Option<Answer>,
    since: Instant,
}

/// The publishes whose confirm is awaited, in order.
pub(super) struct Window<'c> {
    entries: Vec<Entry<'c>>,
    /// Resolved as they were published: refused by lapin.
    early: Vec<(Option<Answer>, lapin::Result<Confirmation>)>,
    wakes: Arc<Wakes>,
}

/// What ends the use of a window.
#[derive(Debug)]
pub(super) enum Trouble {
    /// A message was returned: no confirm in flight can be believed, and the topology is broken.
    Returned,
    /// The channel failed.
    Lost(lapin::Error),
}

impl<'c> Window<'c> {
    pub(super) fn new() -> Self {
        Self { entries: Vec::with_capacity(IN_FLIGHT), early: Vec::new(), wakes: Arc::default() }
    }

    /// How many more may be published.
    pub(super) fn room(&self) -> usize {
        IN_FLIGHT.saturating_sub(self.entries.len())
    }

    /// How many confirms are awaited.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// When the oldest publish was made that somebody still waits for.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.entries.iter().find(|entry| entry.answer.is_some()).map(|entry| entry.since)
    }

    /// Publishes one message.
    pub(super) fn publish(&mut self, channel: &'c Channel, exchange: &ShortString, job: Job) {
        let Job { routing_key, properties, body, answer } = job;
        let exchange = exchange.clone();
        let mut confirm: Confirm<'c> = async move {
            channel.basic_publish(exchange, routing_key, MANDATORY, &body, properties).await?.await
        }
        .boxed();
        // Polled here, so that lapin sees the messages one after another. Awaiting the first half
        // would cost a write to the socket each.
        let waker = Waker::from(Arc::clone(&self.wakes));
        match confirm.poll_unpin(&mut Context::from_waker(&waker)) {
            Poll::Pending => {
                let since = Instant::now();
                self.entries.push(Entry { confirm, answer: Some(answer), since });
            }
            Poll::Ready(outcome) => {
                self.early.push((Some(answer), outcome));
                self.wakes.fired.store(true, Ordering::Release);
            }
        }
    }

    /// Tells everybody who waits that their message is not stored. The confirms are still awaited.
    pub(super) fn refuse(&mut self, refusal: BrokerRefusal) {
        let early = self.early.iter_mut().map(|(answer, _)| answer);
        for answer in self.entries.iter_mut().map(|entry| &mut entry.answer).chain(early) {
            tell(answer.take(), Err(refusal));
        }
    }

    /// Answers those whose confirm can be believed. Ready when somebody was answered, or on trouble.
    pub(super) fn poll_confirmed(&mut self, cx: &Context<'_>) -> Poll<Result<(), Trouble>> {
        self.wakes.task.register(cx.waker());
        if !self.wakes.fired.swap(false, Ordering::AcqRel) {
            return Poll::Pending;
        }
        let mut answered = false;
        // Resolved before the look at the others that comes next.
        let mut ripe: Vec<(Option<Answer>, Result<(), BrokerRefusal>)> = Vec::new();
        loop {
            let mut fresh = Vec::new();
            let mut trouble = None;
            for (answer, outcome) in self.resolved() {
                let verdict = match outcome {
                    Ok(Confirmation::Ack(None)) => Ok(()),
                    // The channel confirms, so NotRequested can't be; it would be no confirmation.
                    Ok(Confirmation::Nack(None) | Confirmation::NotRequested) => Err(BrokerRefusal::Nacked),
                    Ok(Confirmation::Ack(Some(returned)) | Confirmation::Nack(Some(returned))) => {
                        // Its id is for the log only: it need not belong to this publish.
                        let id = returned.properties.message_id().as_ref().map(ToString::to_string);
                        tracing::error!(message.id = id, "RabbitMQ returned a message");
                        trouble = Some(Trouble::Returned);
                        Err(BrokerRefusal::Returned)
                    }
                    Err(error) => {
                        trouble.get_or_insert(Trouble::Lost(error));
                        Err(BrokerRefusal::Down)
                    }
                };
                fresh.push((answer, verdict));
            }
            if let Some(trouble) = trouble {
                let refusal = match trouble {
                    Trouble::Returned => BrokerRefusal::Returned,
                    Trouble::Lost(_) => BrokerRefusal::Down,
                };
                for (answer, _) in ripe.into_iter().chain(fresh) {
                    tell(answer, Err(refusal));
                }
                self.refuse(refusal);
                // A second look may be due: those that were refused may resolve any time.
                self.wakes.fired.store(true, Ordering::Release);
                return Poll::Ready(Err(trouble));
            }
            answered |= !ripe.is_empty();
            for (answer, verdict) in ripe {
                tell(answer, verdict);
            }
            if fresh.is_empty() {
                return if answered { Poll::Ready(Ok(())) } else { Poll::Pending };
            }
            ripe = fresh;
        }
    }

    /// Takes out every publish that has resolved.
    fn resolved(&mut self) -> Vec<(Option<Answer>, lapin::Result<Confirmation>)> {
        let waker = Waker::from(Arc::clone(&self.wakes));
        let mut cx = Context::from_waker(&waker);
        let mut resolved = mem::take(&mut self.early);
        self.entries.retain_mut(|entry| match entry.confirm.poll_unpin(&mut cx) {
            Poll::Pending => true,
            Poll::Ready(outcome) => {
                resolved.push((entry.answer.take(), outcome));
                false
            }
        });
        resolved
    }
}

fn tell(answer: Option<Answer>, verdict: Result<(), BrokerRefusal>) {
    if let Some(answer) = answer {
        // Nobody listens after the deadline.
        let _ = answer.send(verdict);
    }
}

/// Wakes the publishing task, and remembers that it was for a confirm: a look at the whole window is
/// not due for every message that comes.
#[derive(Default)]
struct Wakes {
    fired: AtomicBool,
    task: AtomicWaker,
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.fired.store(true, Ordering::Release);
        self.task.wake();
    }
}
