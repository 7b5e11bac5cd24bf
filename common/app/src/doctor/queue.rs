//! The queue, and who takes from it.

use super::{Finding, Health, count, whole};
use ::queue::BrokerSeen;

/// A message that is due for so long is not waiting for its turn.
const OVERDUE: i64 = 300;

const START_A_WORKER: &str = "start a worker (tributary worker) with the same DATABASE_URL, AMQP_URL and QUEUE_PREFIX, and look at its log";

/// Whether somebody takes messages from PostgreSQL.
#[must_use]
pub fn queue(oldest_due: Option<i64>) -> Finding {
    match oldest_due.filter(|seconds| *seconds > OVERDUE) {
        None => whole("queue", Health::Ok, "no message has been due for long".to_owned(), None),
        Some(seconds) => {
            let says = format!("a message has been due for {}", count(seconds / 60, "minute", "minutes"));
            whole("queue", Health::Failure, says, Some(START_A_WORKER))
        }
    }
}

/// Whether a worker is there.
#[must_use]
pub fn workers(is_there: bool) -> Finding {
    if is_there {
        return whole("worker", Health::Ok, "a worker is connected to the database".to_owned(), None);
    }
    whole(
        "worker",
        Health::Failure,
        "no worker is connected to the database".to_owned(),
        Some(START_A_WORKER),
    )
}

/// Whether RabbitMQ is there, with its queues. None when PostgreSQL is the queue.
#[must_use]
pub fn broker(seen: &BrokerSeen) -> Option<Finding> {
    let failure = |says, mend| Some(whole("rabbitmq", Health::Failure, says, Some(mend)));
    match seen {
        BrokerSeen::Unset => None,
        BrokerSeen::Away { place, reason } => failure(
            format!("RabbitMQ at {place} cannot be used: {reason}"),
            "start it, or mend AMQP_URL; until then PostgreSQL holds what comes in",
        ),
        BrokerSeen::Missing { queue } => failure(
            format!("RabbitMQ has no queue {queue}"),
            "start an api or a worker with this AMQP_URL and QUEUE_PREFIX: each declares the queues when it connects",
        ),
        BrokerSeen::Here { consumers: 0, .. } => {
            failure("no worker takes from RabbitMQ's queues".to_owned(), START_A_WORKER)
        }
        BrokerSeen::Here { stranded, .. } if *stranded > 0 => Some(whole(
            "rabbitmq",
            Health::Warning,
            count(
                i64::from(*stranded),
                "message could not be routed or was given up",
                "messages could not be routed or were given up",
            ),
            Some("a worker takes them over when it connects: start one anew, then dead-letters list"),
        )),
        BrokerSeen::Here { waiting, .. } => {
            let says = count(i64::from(*waiting), "message waits", "messages wait");
            Some(whole("rabbitmq", Health::Ok, format!("the queues are there; {says}"), None))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_in_which_a_queue_is_no_use_is_told_apart() {
        assert_eq!(queue(Some(3)).health, Health::Ok);
        assert_eq!(queue(Some(3_600)).health, Health::Failure);
        assert_eq!((workers(true).health, workers(false).health), (Health::Ok, Health::Failure));
        assert_eq!(broker(&BrokerSeen::Unset), None);
        let here = |waiting, consumers, stranded| BrokerSeen::Here { waiting, consumers, stranded };
        let away = BrokerSeen::Away { place: "mq:5672".to_owned(), reason: "refused".to_owned() };
        let seen = [
            (away, Health::Failure, "mq:5672"),
            (BrokerSeen::Missing { queue: "t.v1.events".to_owned() }, Health::Failure, "t.v1.events"),
            (here(7, 0, 0), Health::Failure, "no worker"),
            (here(7, 1, 1), Health::Warning, "1 message could"),
            (here(1, 1, 0), Health::Ok, "1 message waits"),
        ];
        for (seen, health, words) in seen {
            let finding = broker(&seen).unwrap();
            assert_eq!(finding.health, health, "{seen:?}");
            assert!(finding.says.contains(words), "{}", finding.says);
        }
    }
}
