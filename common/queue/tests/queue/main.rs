//! How the queue behaves, on a real PostgreSQL and a real RabbitMQ: `./dev test` starts both, or set
//! `DATABASE_URL` and `AMQP_URL`.
//!
//! Each test has a database and a queue prefix of its own, and fails when messages are left over.
#![allow(clippy::similar_names, reason = "a publisher has published")]

mod alarm;
mod backlog;
mod behaviour;
mod dead_letters;
mod outage;
mod postgres;
mod rabbitmq;
mod support;
mod unroutable;
