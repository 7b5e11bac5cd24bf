//! A new secret.

use super::change::{find, unknown};
use super::{Outgoing, secret};
use crate::Error;
use domain::ids::{EndpointId, Realm};
use notify::Secret;
use store::PgPool;
use store::webhook_endpoints::{Endpoint, replace_secret};

/// Lets a new secret sign, made when none is named; the old one signs beside it for 24 hours, so that a receiver can change
/// over without losing anything. It is shown this once.
///
/// # Errors
/// [`Error::NotFound`], and [`Error::Invalid`] for a text that cannot be a secret.
pub async fn rotate_secret(
    pool: &PgPool,
    outgoing: &Outgoing,
    realm: Realm,
    id: EndpointId,
    named: Option<&str>,
) -> Result<(Endpoint, Secret), Error> {
    let secret = secret(named)?;
    let mut transaction = pool.begin().await?;
    let sealed = outgoing.sealer.seal(secret.expose());
    if !replace_secret(&mut transaction, realm, id, &sealed).await? {
        return Err(unknown(id));
    }
    let endpoint = find(&mut transaction, realm, id).await?;
    transaction.commit().await?;
    Ok((endpoint, secret))
}
