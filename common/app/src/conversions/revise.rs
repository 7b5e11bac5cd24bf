//! Changing a conversion: the next revision of its command.

use super::{ATTEMPTS, unknown};
use crate::{Error, Outbox};
use chrono::{SubsecRound, TimeDelta};
use domain::{
    command::Command,
    fact::ConversionChange,
    ids::{ConversionId, Realm},
    key::Key,
};
use store::{
    PgConnection, PgPool,
    conversions::{self, Revision},
};

/// What is to change of a conversion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// What it says of the conversion.
    pub says: ConversionChange,
    /// Another reference, which `says` has as a name of the payment.
    pub reference: Option<String>,
}

/// A conversion that is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revised {
    /// Its number, as it is called now.
    pub id: ConversionId,
    /// What to wait for with [`Completions`](crate::completion::Completions); nothing when nothing changed.
    pub event: Option<String>,
}

/// Changes a conversion as `change` says of what stands, and puts its command on the queue. `change` may be asked
/// again, and what else it tells is handed back.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Conflict`] when the new reference is another conversion's, [`Error::Busy`] when others
/// changed it each time, and what `change` fails with.
pub async fn revise<E: From<Error>, T>(
    pool: &PgPool,
    outbox: Outbox<'_>,
    realm: Realm,
    id: ConversionId,
    change: impl Fn(&Revision) -> Result<(Change, T), E>,
) -> Result<(Revised, T), E> {
    for _ in 0..ATTEMPTS {
        let mut transaction = pool.begin().await.map_err(Error::from)?;
        let standing = conversions::for_change(&mut transaction, realm, id).await.map_err(Error::from)?;
        let standing = standing.ok_or_else(|| unknown(id))?;
        let (change, told) = change(&standing)?;
        let id = standing.posted.conversion;
        if change.says.is_empty() {
            return Ok((Revised { id, event: None }, told));
        }
        if let Some(event) = keep(&mut transaction, outbox, realm, standing, change).await? {
            transaction.commit().await.map_err(Error::from)?;
            return Ok((Revised { id, event: Some(event) }, told));
        }
    }
    Err(Error::Busy("The conversion keeps changing: send it again").into())
}

/// Stores the next revision and puts its command on the queue. `None` when another change came between.
async fn keep(
    connection: &mut PgConnection,
    outbox: Outbox<'_>,
    realm: Realm,
    standing: Revision,
    Change { says, reference }: Change,
) -> Result<Option<String>, Error> {
    let id = standing.posted.conversion;
    if let Some(name) = &says.reference {
        reserve(connection, realm, id, name, reference.as_deref()).await?;
    }
    let reference = reference.or(standing.reference);
    // After the word before it, also when another machine's clock accepted that.
    let after = standing.said_at.map(|said_at| said_at + TimeDelta::microseconds(1));
    let now = outbox.now.trunc_subsecs(6);
    let command = Command::Conversion {
        revision: standing.revision.saturating_add(1),
        accepted_at: after.map_or(now, |after| after.max(now)),
        conversion: says.made_to(standing.posted),
        change: Some(says),
    };
    let previous = standing.revision;
    if !conversions::revise(connection, realm, id, reference.as_deref(), previous, &command).await? {
        return Ok(None);
    }
    outbox.command(connection, realm, &command).await?;
    Ok(Some(command.event_id()))
}

/// Keeps a reference for a conversion, so that whoever posts under it adds to the same payment.
async fn reserve(
    connection: &mut PgConnection,
    realm: Realm,
    id: ConversionId,
    name: &Key,
    reference: Option<&str>,
) -> Result<(), Error> {
    match conversions::reserve_name(connection, realm, id, name).await? {
        None => Ok(()),
        Some(other) => Err(Error::Conflict(format!(
            "reference: {} belongs to conversion {other}",
            reference.unwrap_or_default()
        ))),
    }
}
