//! One queue consumed on one channel. The task owns the channel: deliveries go out, answers come in.

use super::{
    super::{codec, error::BrokerError, outstanding::Outstanding, topology::DELIVERY_LIMIT},
    oldest::{Oldest, TOLD_EVERY},
};
use crate::{
    Delivery,
    acknowledge::{DeadLetterRow, DeadLetterWriter, Parked},
    backoff::chain,
    envelope::{Envelope, Headers},
    receipt::{Answer, BrokerReceipt, Receipt, Reply},
    telemetry,
};
use chrono::Utc;
use futures::{StreamExt, future::try_join_all};
use lapin::{
    Channel, Connection, Consumer,
    options::{
        BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions,
        BasicRejectOptions,
    },
    types::{FieldTable, ShortString},
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// Where deliveries go.
pub(super) enum Sink {
    /// To the worker; to the dead letters if they can't be read.
    Worker { deliveries: mpsc::Sender<Delivery>, dead_letter_writer: DeadLetterWriter },
    /// The same for messages that could not be routed.
    Unroutable { deliveries: mpsc::Sender<Delivery>, dead_letter_writer: DeadLetterWriter },
    /// To the writer of dead letters, which parks them: the broker gave them up.
    DeadLetterWriter(DeadLetterWriter),
}

impl Sink {
    pub(super) fn counting_unroutable(self) -> Self {
        match self {
            Self::Worker { deliveries, dead_letter_writer } => {
                Self::Unroutable { deliveries, dead_letter_writer }
            }
            other => other,
        }
    }
}

/// A channel that consumes.
pub(super) struct Session {
    channel: Channel,
    consumer: Consumer,
    queue: ShortString,
    sink: Sink,
    outstanding: Outstanding,
}

impl Session {
    /// Opens a channel and consumes `queue`, with at most `prefetch` deliveries unanswered.
    pub(super) async fn open(
        connection: &Connection,
        queue: &ShortString,
        prefetch: u16,
        sink: Sink,
    ) -> Result<Self, BrokerError> {
        let channel = connection.create_channel().await?;
        // Before consuming: without a limit RabbitMQ would send the whole queue.
        channel.basic_qos(prefetch, BasicQosOptions::default()).await?;
        let options = BasicConsumeOptions::default();
        let consumer = channel
            .basic_consume(queue.clone(), ShortString::default(), options, FieldTable::default())
            .await?;
        Ok(Self { channel, consumer, queue: queue.clone(), sink, outstanding: Outstanding::default() })
    }

    /// Runs until the channel fails, or after `shutdown` until every delivery was answered.
    pub(super) async fn run(
        mut self,
        shutdown: CancellationToken,
        oldest: Oldest,
    ) -> Result<(), BrokerError> {
        let (session, mut answers) = mpsc::unbounded_channel();
        let mut ticks = tokio::time::interval(TOLD_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                // First: what is given back to the broker after it must not be delivered here again.
                () = shutdown.cancelled() => break,
                Some(answer) = answers.recv() => self.answer(answer).await?,
                _ = ticks.tick() => {
                    oldest.tell(&self.queue, self.outstanding.oldest(), self.outstanding.len());
                }
                delivery = self.consumer.next() => match delivery {
                    Some(delivery) => self.deliver(delivery?, &session).await,
                    None => return Err(BrokerError::ConsumerEnded(self.queue.to_string())),
                },
            }
        }
        self.channel.basic_cancel(self.consumer.tag(), BasicCancelOptions::default()).await?;
        // From here on only receipts hold the sender: the loop ends when the last one is answered.
        drop(session);
        while let Some(answer) = answers.recv().await {
            self.answer(answer).await?;
        }
        // Whatever lapin still holds was never looked at. Tag 0 means all that is unanswered.
        self.channel.basic_nack(0, BasicNackOptions { multiple: true, requeue: true }).await?;
        self.channel.close(200, "OK".into()).await?;
        Ok(())
    }

    async fn deliver(&mut self, message: lapin::message::Delivery, session: &mpsc::UnboundedSender<Answer>) {
        let receipt = BrokerReceipt::new(message.delivery_tag, session.clone());
        let attempt = codec::delivery_count(&message.properties);
        let headers = codec::headers_json(&message.properties);
        let read = Headers::from_json(headers.clone());
        let accepted = read.as_ref().map_or_else(|_| Utc::now(), |headers| headers.received_at);
        self.outstanding.insert(message.delivery_tag, accepted);
        let (deliveries, dead_letter_writer) = match &self.sink {
            Sink::Worker { deliveries, dead_letter_writer } => (deliveries, dead_letter_writer),
            Sink::Unroutable { deliveries, dead_letter_writer } => {
                metrics::counter!(telemetry::UNROUTABLE).increment(1);
                (deliveries, dead_letter_writer)
            }
            Sink::DeadLetterWriter(dead_letter_writer) => {
                let reason = codec::cause_of_death(&headers);
                if let Ok(headers) = read {
                    metrics::counter!(telemetry::PARKED).increment(1);
                    let envelope = Envelope { headers, body: message.data.into() };
                    let attempt = attempt.saturating_add(DELIVERY_LIMIT.unsigned_abs());
                    dead_letter_writer.park(Parked { envelope, attempt, reason, receipt });
                } else {
                    metrics::counter!(telemetry::UNREADABLE).increment(1);
                    dead_letter_writer.write([row(headers, message.data, attempt, reason, receipt)]);
                }
                return;
            }
        };
        match read {
            Ok(headers) => {
                let delivery = Delivery {
                    envelope: Envelope { headers, body: message.data.into() },
                    attempt,
                    redelivered: message.redelivered,
                    receipt: Receipt::Broker(receipt),
                };
                if let Err(mpsc::error::SendError(unwanted)) = deliveries.send(delivery).await
                    && let Receipt::Broker(receipt) = unwanted.receipt
                {
                    BrokerReceipt::requeue([receipt]);
                }
            }
            Err(error) => {
                metrics::counter!(telemetry::UNREADABLE).increment(1);
                dead_letter_writer.write([row(headers, message.data, attempt, chain(&error), receipt)]);
            }
        }
    }

    async fn answer(&mut self, answer: Answer) -> Result<(), lapin::Error> {
        let (channel, answers) = (&self.channel, self.outstanding.answer(answer.tags));
        match answer.reply {
            Reply::Ack => {
                let ack = |multiple| BasicAckOptions { multiple };
                try_join_all(
                    answers.iter().map(|answer| channel.basic_ack(answer.tag, ack(answer.multiple))),
                )
                .await?;
            }
            Reply::Requeue => {
                let nack = |multiple| BasicNackOptions { multiple, requeue: true };
                try_join_all(
                    answers.iter().map(|answer| channel.basic_nack(answer.tag, nack(answer.multiple))),
                )
                .await?;
            }
            Reply::Fail => {
                // A reject has no `multiple`, and comes one at a time.
                let reject = BasicRejectOptions { requeue: true };
                try_join_all(answers.iter().map(|answer| channel.basic_reject(answer.tag, reject))).await?;
            }
        }
        Ok(())
    }
}

fn row(
    headers: serde_json::Value,
    body: Vec<u8>,
    attempt: u32,
    reason: String,
    receipt: BrokerReceipt,
) -> DeadLetterRow {
    let attempts = attempt.saturating_add(1);
    DeadLetterRow { headers, body: body.into(), attempts, reason, receipt: Receipt::Broker(receipt) }
}
