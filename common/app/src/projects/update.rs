//! Changing what a project is called, where its links lead, and which webhook secrets are valid.

use crate::Error;
use domain::ids::{ProjectId, Realm};
use store::{PgConnection, StoreError, keys, landing_url::LandingUrl, projects};

/// What is to change; what is absent stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Update<'a> {
    /// Another name.
    pub name: Option<&'a str>,
    /// Where affiliates' links lead.
    pub landing: Option<Landing<'a>>,
    /// A further webhook secret and the mode of the events that it signs; those there are stay valid.
    pub add_webhook_secret: Option<(Realm, &'a str)>,
    /// A webhook secret, by its number, that is no longer valid.
    pub revoke_webhook_secret: Option<i64>,
}

/// Where affiliates' links lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Landing<'a> {
    /// To a page.
    Page(&'a LandingUrl),
    /// Nowhere any more.
    Nowhere,
}

/// Changes what was said of a project that exists: all of it, or nothing when the caller rolls back.
///
/// # Errors
/// [`Error::Conflict`] for a secret that the project has or had, [`Error::NotFound`] for one to revoke that is not there.
pub async fn update(connection: &mut PgConnection, id: ProjectId, update: Update<'_>) -> Result<(), Error> {
    if let Some(name) = update.name {
        projects::rename(connection, id, name).await?;
    }
    match update.landing {
        Some(Landing::Page(url)) => {
            projects::set_landing_url(connection, id, Some(url)).await?;
        }
        Some(Landing::Nowhere) => {
            projects::set_landing_url(connection, id, None).await?;
        }
        None => {}
    }
    if let Some((realm, secret)) = update.add_webhook_secret {
        keys::add_webhook_secret(connection, realm, secret).await.map_err(|error| match error {
            StoreError::Constraint { constraint, .. } if constraint == "stripe_endpoints_secret_key" => {
                Error::Conflict(format!(
                    "project {id} has that secret already, in one of its modes, or had it before it was revoked: `tributary project show {id}` lists \
                     its secrets, and a new one comes of rolling it at Stripe"
                ))
            }
            error => error.into(),
        })?;
    }
    if let Some(secret) = update.revoke_webhook_secret
        && !keys::revoke_webhook_secret(connection, id, secret).await?
    {
        return Err(Error::NotFound(format!("project {id} has no valid webhook secret {secret}")));
    }
    Ok(())
}
