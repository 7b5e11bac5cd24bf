//! API keys.

use crate::Error;
use domain::ids::{ProjectId, Realm};
use store::{
    PgConnection,
    keys::{self, ApiKey, NewKey, SecretKey},
};

/// Makes a key of a project that exists. The secret is shown this once, and stored as its digest alone.
///
/// # Errors
/// Those of the database.
pub async fn create(
    connection: &mut PgConnection,
    realm: Realm,
    new: NewKey<'_>,
) -> Result<(ApiKey, SecretKey), Error> {
    let secret = SecretKey::generate();
    let key = keys::create(connection, realm, new, &secret).await?;
    Ok((key, secret))
}

/// Ends a key from now on; processes that have seen it believe it for two seconds more.
///
/// # Errors
/// [`Error::NotFound`] when the project has no such key that is valid.
pub async fn revoke(connection: &mut PgConnection, project: ProjectId, id: i64) -> Result<(), Error> {
    if keys::revoke(connection, project, id).await? {
        return Ok(());
    }
    Err(Error::NotFound(format!("project {project} has no valid key {id}")))
}

/// The key with this number, of this project and mode, also when it was revoked.
///
/// # Errors
/// [`Error::NotFound`]
pub async fn find(connection: &mut PgConnection, realm: Realm, id: i64) -> Result<ApiKey, Error> {
    let found = keys::find(connection, id).await?.filter(|key| key.realm == realm);
    found.ok_or_else(|| Error::NotFound(format!("There is no key {id}")))
}

/// Who acts with a key, for the record: its name, or its number when it has none.
///
/// # Errors
/// Those of the database.
pub async fn actor(connection: &mut PgConnection, id: i64) -> Result<String, Error> {
    let name = keys::find(connection, id).await?.map(|key| key.name).filter(|name| !name.trim().is_empty());
    Ok(name.unwrap_or_else(|| format!("API key {id}")))
}
