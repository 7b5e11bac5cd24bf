//! Connecting a project's webhooks at Stripe: an endpoint there, and its secret here.

use crate::Error;
use domain::ids::Realm;
use store::{PgConnection, StoreError, keys, stripe_endpoints};
use stripe::client::{EVENT_TYPES, EndpointAtStripe, FetchError, StripeClient};

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connected {
    /// An endpoint was made, and its secret is the project's.
    Made(EndpointAtStripe),
    /// There was one, which lacked some types: it sends them now.
    Extended(EndpointAtStripe, Vec<&'static str>),
    /// There was one that sends all that is read.
    Unchanged(EndpointAtStripe),
}

/// Why nothing was connected.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It makes no sense, or the database failed.
    #[error(transparent)]
    App(#[from] Error),
    /// Stripe did not answer, or refused.
    #[error("Stripe's webhook endpoints cannot be changed: {0}")]
    Stripe(#[from] FetchError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::App(error.into())
    }
}

/// Sees that an endpoint at Stripe sends all that is read to this address, and that its secret is the project's. Done again, it
/// changes nothing.
///
/// # Errors
/// [`Error::Conflict`] when there is an endpoint whose secret the project cannot have: Stripe shows it once.
pub async fn connect(
    connection: &mut PgConnection,
    client: &StripeClient,
    realm: Realm,
    url: &str,
) -> Result<Connected, Failure> {
    let standing = client.endpoints().await?.into_iter().find(|endpoint| endpoint.url == url);
    let Some(standing) = standing else {
        let made = make(client, url).await?;
        let secret = made.secret.as_deref().ok_or_else(|| {
            FetchError::Unavailable("the answer to the making of an endpoint has no secret".to_owned())
        })?;
        match keys::add_webhook_secret(connection, realm, secret).await {
            Ok(_) => {}
            // Asked for again, Stripe gives the answer of the first time.
            Err(StoreError::Constraint { constraint, .. }) if constraint == "stripe_endpoints_secret_key" => {
            }
            Err(error) => return Err(error.into()),
        }
        return Ok(Connected::Made(made));
    };
    let secrets = stripe_endpoints::of_project(connection, realm.project).await?;
    let known = secrets.is_some_and(|known| known.secrets.iter().any(|(_, mode)| *mode == realm.mode));
    if !known {
        let Realm { project, mode } = realm;
        let message = format!(
            "Stripe has an endpoint for {url} ({}), and project {project} has no secret of {mode} mode: roll its secret at \
             Stripe and enter it (project update {project} --mode {mode} --stripe-webhook-secret), or delete it there and \
             connect again",
            standing.id
        );
        return Err(Error::Conflict(message).into());
    }
    let lacks = standing.lacks();
    if lacks.is_empty() && standing.is_enabled() {
        return Ok(Connected::Unchanged(standing));
    }
    // What it sends beside is somebody's wish.
    let others = standing.enabled_events.iter().filter(|one| !EVENT_TYPES.contains(&one.as_str()));
    let events: Vec<String> = EVENT_TYPES.iter().map(|&one| one.to_owned()).chain(others.cloned()).collect();
    let events =
        if standing.enabled_events.iter().any(|one| one == "*") { vec!["*".to_owned()] } else { events };
    Ok(Connected::Extended(client.update_endpoint(&standing.id, &events).await?, lacks))
}

/// Makes it. Stripe repeats its answer of the first time for a day, also when that endpoint was deleted since.
async fn make(client: &StripeClient, url: &str) -> Result<EndpointAtStripe, FetchError> {
    let made = client.create_endpoint(url, None).await?;
    if client.endpoints().await?.iter().any(|endpoint| endpoint.id == made.id) {
        return Ok(made);
    }
    client.create_endpoint(url, Some(&made.id)).await
}
