//! One channel's use: takes messages, publishes them, hears confirms and alarms.

use super::{
    BrokerRefusal, BrokerStatus, Status,
    window::{Job, Trouble, Window},
};
use crate::{
    amqp::{
        connection::{BrokerConnection, Events},
        error::BrokerError,
    },
    telemetry::{self, count},
};
use futures::StreamExt;
use lapin::{Channel, Event};
use std::{future::poll_fn, time::Duration};
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until, timeout},
};
use tokio_util::sync::CancellationToken;

/// A broker that has not confirmed the oldest publish by then is stuck: callers stop waiting for it.
/// Longer than an fsync of a busy disk, shorter than half a publish deadline.
const STALLED_AFTER: Duration = Duration::from_millis(750);

/// A broker that is stuck this long gets a new connection, in case it is the connection that is.
const GIVEN_UP_AFTER: Duration = Duration::from_secs(15);

/// How long to wait for the confirms that nobody believes any more, before the channel is used again.
const DRAIN: Duration = Duration::from_secs(2);

/// What one use of a channel needs.
pub(super) struct Session<'a> {
    pub(super) channel: &'a Channel,
    pub(super) broker: &'a BrokerConnection,
    pub(super) events: &'a mut Events,
    pub(super) inbox: &'a mut mpsc::Receiver<Job>,
    pub(super) status: &'a Status,
    pub(super) shutdown: &'a CancellationToken,
}

/// Why the use of a channel ended. Everybody who waited was answered.
#[derive(Debug)]
pub(super) enum End {
    /// Shutdown, and everything given was confirmed or refused.
    Finished,
    /// A message was returned; the channel can be used again.
    Returned,
    /// The channel or its connection is gone.
    Lost(BrokerError),
}

impl Session<'_> {
    pub(super) async fn run(self) -> End {
        let in_flight = metrics::gauge!(telemetry::IN_FLIGHT);
        let mut window = Window::new();
        let mut jobs = Vec::new();
        let mut stalled_since = None;
        let mut open = true;
        while open || window.oldest().is_some() {
            in_flight.set(count(window.len()));
            let (room, waiting) = (window.room(), window.oldest().is_some());
            let oldest = window.oldest().unwrap_or_else(Instant::now);
            tokio::select! {
                biased;
                event = self.events.next() => match event {
                    Some(Event::ConnectionBlocked(reason)) => {
                        stalled_since = None;
                        self.status.set(BrokerStatus::Blocked { reason });
                        window.refuse(BrokerRefusal::Blocked);
                    }
                    Some(Event::ConnectionUnblocked) => self.status.set(BrokerStatus::Ready),
                    Some(_) if self.broker.is_usable(self.channel) => {}
                    Some(Event::Error(error)) => return lost(window, error.into()),
                    Some(_) | None => return lost(window, BrokerError::Timeout),
                },
                confirmed = poll_fn(|cx| window.poll_confirmed(cx)) => match confirmed {
                    Ok(()) if self.status.is_stalled() => {
                        stalled_since = None;
                        self.status.set(BrokerStatus::Ready);
                    }
                    Ok(()) => {}
                    Err(Trouble::Lost(error)) => return lost(window, error.into()),
                    Err(Trouble::Returned) => return drain(window).await,
                },
                taken = self.inbox.recv_many(&mut jobs, room), if open && room > 0 => {
                    open = taken > 0;
                    let blocked = self.status.is_blocked();
                    for job in jobs.drain(..) {
                        if blocked {
                            let _ = job.answer.send(Err(BrokerRefusal::Blocked));
                        } else {
                            window.publish(self.channel, &self.broker.topology.exchange, job);
                        }
                    }
                }
                () = sleep_until(oldest + STALLED_AFTER), if waiting => {
                    self.status.set(BrokerStatus::Stalled);
                    stalled_since.get_or_insert_with(Instant::now);
                    window.refuse(BrokerRefusal::Deadline);
                }
                () = sleep_until(stalled_since.unwrap_or(oldest) + GIVEN_UP_AFTER), if stalled_since.is_some() => {
                    return lost(window, BrokerError::Timeout);
                }
                () = self.shutdown.cancelled(), if !self.inbox.is_closed() => self.inbox.close(),
            }
        }
        in_flight.set(0.0);
        End::Finished
    }
}

fn lost(mut window: Window<'_>, error: BrokerError) -> End {
    window.refuse(BrokerRefusal::Down);
    End::Lost(error)
}

/// Awaits the confirms that are still to come, so that they meet none of the next window's.
async fn drain(mut window: Window<'_>) -> End {
    let drained = async {
        while window.len() > 0 {
            if let Err(Trouble::Lost(error)) = poll_fn(|cx| window.poll_confirmed(cx)).await {
                return End::Lost(error.into());
            }
        }
        End::Returned
    };
    timeout(DRAIN, drained).await.unwrap_or(End::Lost(BrokerError::Timeout))
}
