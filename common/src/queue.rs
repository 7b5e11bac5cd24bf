//! The queue between the API and the workers: confirmed publishing, consumption in batches, retries
//! and dead letters, over RabbitMQ or PostgreSQL with one behaviour.

pub mod envelope;
