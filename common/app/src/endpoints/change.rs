//! Making, changing, enabling and deleting endpoints.

use super::{Outgoing, events, secret};
use crate::Error;
use domain::ids::{EndpointId, Realm};
use notify::Secret;
use store::webhook_endpoints::{self as endpoints, Change, Endpoint, NewEndpoint};
use store::{PgConnection, PgPool};

/// The most endpoints of a project and mode: each notification is kept once for each of them.
pub const MOST: i64 = 200;

/// An endpoint to be made.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Where it is posted to.
    pub url: String,
    /// For people.
    pub description: Option<String>,
    /// Names of events, or `*`.
    pub events: Vec<String>,
    /// One at a time, in the order of the sequence.
    pub ordered: bool,
    /// How long a try may take, from 1 to 30; 15 when nothing is said.
    pub timeout_seconds: Option<i16>,
    /// What it is signed with; made when nothing is said.
    pub secret: Option<String>,
}

/// How long a try may take when nothing is said.
const TIMEOUT_SECONDS: i16 = 15;

/// Makes an endpoint, in a transaction of its own. The secret is shown this once.
///
/// # Errors
/// [`Error::Invalid`] for a URL that nothing is sent to and for events that do not exist, [`Error::Conflict`] when there are
/// [`MOST`] already.
pub async fn create(
    pool: &PgPool,
    outgoing: &Outgoing,
    realm: Realm,
    draft: &Draft,
) -> Result<(Endpoint, Secret), Error> {
    let events = events(&draft.events)?;
    let secret = secret(draft.secret.as_deref())?;
    // No connection is held while names are asked for.
    outgoing.check(&draft.url).await?;
    let mut transaction = pool.begin().await?;
    if endpoints::count(&mut transaction, realm).await? >= MOST {
        return Err(Error::Conflict(format!("There are {MOST} endpoints already: delete one first")));
    }
    let new = NewEndpoint {
        url: &draft.url,
        description: draft.description.as_deref(),
        events: &events,
        ordered: draft.ordered,
        timeout_seconds: draft.timeout_seconds.unwrap_or(TIMEOUT_SECONDS),
        secret: &outgoing.sealer.seal(secret.expose()),
    };
    let id = endpoints::create(&mut transaction, realm, &new).await?;
    let endpoint = find(&mut transaction, realm, id).await?;
    transaction.commit().await?;
    Ok((endpoint, secret))
}

/// The endpoint with this number.
///
/// # Errors
/// [`Error::NotFound`]
pub async fn find(connection: &mut PgConnection, realm: Realm, id: EndpointId) -> Result<Endpoint, Error> {
    endpoints::find(connection, realm, id).await?.ok_or_else(|| unknown(id))
}

/// Changes an endpoint, in a transaction of its own.
///
/// # Errors
/// As [`create`], and [`Error::NotFound`].
pub async fn update(
    pool: &PgPool,
    outgoing: &Outgoing,
    realm: Realm,
    id: EndpointId,
    mut change: Change,
) -> Result<Endpoint, Error> {
    if let Some(named) = &change.events {
        change.events = Some(events(named)?);
    }
    if let Some(url) = &change.url {
        outgoing.check(url).await?;
    }
    let updated = endpoints::update(&mut *pool.acquire().await?, realm, id, &change).await?;
    updated.ok_or_else(|| unknown(id))
}

/// Sends to an endpoint again, whatever stopped that. What is parked stays so until it is asked for.
///
/// # Errors
/// [`Error::NotFound`]
pub async fn enable(connection: &mut PgConnection, realm: Realm, id: EndpointId) -> Result<Endpoint, Error> {
    endpoints::enable(connection, realm, id).await?.ok_or_else(|| unknown(id))
}

/// Deletes an endpoint with all that is on its way to it, and says what it was.
///
/// # Errors
/// [`Error::NotFound`]
pub async fn delete(connection: &mut PgConnection, realm: Realm, id: EndpointId) -> Result<Endpoint, Error> {
    endpoints::delete(connection, realm, id).await?.ok_or_else(|| unknown(id))
}

pub(super) fn unknown(id: EndpointId) -> Error {
    Error::NotFound(format!("There is no endpoint {id}"))
}
