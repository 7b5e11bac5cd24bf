//! Accepting a conversion that is posted.

use super::post::Post;
use super::{ATTEMPTS, repeat};
use crate::{Error, Outbox};
use domain::{
    command::Command,
    ids::{ConversionId, Realm},
};
use store::{
    PgPool,
    conversions::{self, Accepted as Stored, NewConversion},
};

/// A conversion that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Its number.
    pub id: ConversionId,
    /// Whether it had no row before.
    pub is_new: bool,
    /// What to wait for with [`Completions`](crate::completion::Completions).
    pub event: String,
}

/// Keeps what is posted, and puts its command on the queue. Of a payment that is known the caller adds what it knows; the
/// same again changes nothing.
///
/// # Errors
/// [`Error::Unknown`] when something named does not exist, [`Error::Conflict`] when its name was used for something else,
/// [`Error::Busy`] when others made the row each time.
pub async fn accept(pool: &PgPool, outbox: Outbox<'_>, realm: Realm, post: &Post) -> Result<Accepted, Error> {
    for _ in 0..ATTEMPTS {
        let mut transaction = pool.begin().await?;
        let prepared = conversions::prepare(&mut transaction, realm, &post.named()).await?;
        let posted = post.resolve(&prepared, outbox.now)?;
        let command = Command::Conversion {
            revision: 0,
            accepted_at: outbox.now,
            conversion: posted.clone(),
            change: None,
        };
        let new = NewConversion {
            posted: &posted,
            reference: post.reference.as_deref(),
            url: post.url.as_deref(),
            command: &command,
        };
        let (id, is_new) = match conversions::accept(&mut transaction, realm, &new).await? {
            Stored::New => (posted.conversion, true),
            Stored::Added(id) => (id, false),
            Stored::Known(existing) => {
                repeat::compare(post, &posted, &existing)?;
                let event = existing.command.event_id();
                return Ok(Accepted { id: existing.id, is_new: false, event });
            }
            Stored::Changing => {
                transaction.rollback().await?;
                continue;
            }
        };
        outbox.command(&mut transaction, realm, &command).await?;
        transaction.commit().await?;
        return Ok(Accepted { id, is_new, event: command.event_id() });
    }
    Err(Error::Busy("The conversion with this reference is changing: send it again"))
}
