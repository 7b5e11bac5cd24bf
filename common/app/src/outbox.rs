//! What a transaction has to tell the workers, on the queue when it commits and only then.

use crate::Error;
use chrono::{DateTime, Utc};
use domain::{
    command::Command,
    ids::{CouponId, Realm},
    promotion::Promotion,
    reevaluation::Reevaluation,
};
use queue::{
    Prefix, enqueue,
    envelope::{Envelope, Source},
};
use serde::Serialize;
use store::PgConnection;

/// The queue of a deployment, and the time at which something is put on it.
#[derive(Clone, Copy, Debug)]
pub struct Outbox<'a> {
    /// Whose workers hear of it.
    pub queue: &'a Prefix,
    /// When it is accepted.
    pub now: DateTime<Utc>,
}

impl Outbox<'_> {
    /// Puts a command on the queue, and tells the message's number.
    pub async fn command(
        &self,
        connection: &mut PgConnection,
        realm: Realm,
        command: &Command,
    ) -> Result<i64, Error> {
        self.put(connection, Source::Api, realm, command).await
    }

    /// Asks for the customers whom changed mappings concern to be resettled; for nobody when nothing changed. Tells
    /// the message's number.
    pub async fn resettle(
        &self,
        connection: &mut PgConnection,
        realm: Realm,
        reevaluation: &Reevaluation,
    ) -> Result<Option<i64>, Error> {
        if reevaluation.is_empty() {
            return Ok(None);
        }
        self.put(connection, Source::Resettle, realm, reevaluation).await.map(Some)
    }

    /// Asks for a coupon's promotion code at Stripe to be made, or deactivated, as the coupon says when it is done.
    pub async fn promotion(
        &self,
        connection: &mut PgConnection,
        realm: Realm,
        coupon: CouponId,
    ) -> Result<i64, Error> {
        self.put(connection, Source::Promotion, realm, &Promotion { coupon }).await
    }

    async fn put(
        &self,
        connection: &mut PgConnection,
        source: Source,
        realm: Realm,
        body: &impl Serialize,
    ) -> Result<i64, Error> {
        let body = serde_json::to_vec(body).map_err(Error::unwritable)?;
        let envelope = Envelope::new(source, realm, body.into(), self.now);
        Ok(enqueue(connection, self.queue, &envelope).await?)
    }
}
