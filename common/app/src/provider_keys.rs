//! The keys with which a provider is asked for what its events lack: of each project and mode its own.

use crate::Error;
use domain::{
    ids::{Mode, Realm},
    provider::Provider,
};
use sealing::{Sealer, Unreadable};
use store::{
    PgConnection, projects,
    provider_keys::{self, ProviderKey},
};

/// What keys are sealed as.
const KIND: &str = "provider key";

/// Seals and opens them; in clear without a `SECRETS_KEY`.
#[must_use]
pub fn sealer(secrets_key: Option<&str>) -> Sealer {
    Sealer::new(secrets_key, KIND)
}

/// Keeps a key of a project that exists, in place of the one before: sealed when there is a `SECRETS_KEY`, else as it is. Workers use
/// it within seconds.
///
/// # Errors
/// [`Error::Invalid`] when it is none, or of the other mode.
pub async fn keep(
    connection: &mut PgConnection,
    realm: Realm,
    provider: Provider,
    key: &str,
    sealer: &Sealer,
) -> Result<(), Error> {
    let key = key.trim();
    check(provider, realm.mode, key)?;
    if !sealer.has_key() {
        let Realm { project, mode } = realm;
        tracing::warn!(%project, %mode, %provider, "the key is kept in clear: set SECRETS_KEY to have it sealed");
    }
    Ok(provider_keys::set(connection, realm, provider, &sealer.seal(key)).await?)
}

/// Forgets a key.
///
/// # Errors
/// [`Error::NotFound`]
pub async fn forget(connection: &mut PgConnection, realm: Realm, provider: Provider) -> Result<(), Error> {
    if provider_keys::remove(connection, realm, provider).await? {
        return Ok(());
    }
    let Realm { project, mode } = realm;
    Err(Error::NotFound(format!("project {project} has no key of {provider} in {mode} mode")))
}

/// A kept key in clear.
///
/// # Errors
/// When it is sealed, and `SECRETS_KEY` is not set or another one: why, with whose key it is.
pub fn open(kept: &ProviderKey, sealer: &Sealer) -> Result<String, String> {
    let Realm { project, mode } = kept.realm;
    let told =
        |why: Unreadable| format!("the key of {} of project {project} in {mode} mode: {why}", kept.provider);
    sealer.open(&kept.secret).map_err(told)
}

/// The key with which a project and mode is asked about: its own, or the deployment's when it is the only project and the key is
/// not of the other mode.
///
/// # Errors
/// [`Error::NotFound`] when there is none, [`Error::Conflict`] when it cannot be opened: what to do.
pub async fn key_of(
    connection: &mut PgConnection,
    realm: Realm,
    deployment: Option<&str>,
    sealer: &Sealer,
) -> Result<String, Error> {
    let Realm { project, mode } = realm;
    let kept = provider_keys::list(connection, Some(project)).await?;
    let own = kept.iter().find(|key| key.realm == realm && key.provider == Provider::Stripe);
    if let Some(own) = own {
        return open(own, sealer).map_err(Error::Conflict);
    }
    let only = projects::extent(connection).await?.only == Some(project);
    match deployment.filter(|key| only && check(Provider::Stripe, mode, key).is_ok()) {
        Some(key) => Ok(key.to_owned()),
        None => Err(Error::NotFound(format!(
            "project {project} has no Stripe key of {mode} mode: tributary project update {project} --mode {mode} \
             --stripe-api-key FILE"
        ))),
    }
}

/// Whether a key can be one, by what it tells of itself: `sk_live_…`, `rk_test_…` (<https://docs.stripe.com/keys>).
fn check(provider: Provider, mode: Mode, key: &str) -> Result<(), Error> {
    let invalid = |message: String| Err(Error::invalid("stripe_api_key", message));
    match provider {
        Provider::Stripe => {
            if key.is_empty() || key.chars().any(|letter| letter.is_whitespace() || letter.is_control()) {
                return invalid("a Stripe API key is one word, such as rk_live_…".to_owned());
            }
            let other = match mode {
                Mode::Live => "test",
                Mode::Test => "live",
            };
            if key.split('_').nth(1) == Some(other) {
                return invalid(format!("this key is of {other} mode, and is to be kept for {mode} mode"));
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_of_the_mode_that_it_says() {
        assert!(check(Provider::Stripe, Mode::Live, "rk_live_1").is_ok());
        assert!(check(Provider::Stripe, Mode::Test, "sk_test_1").is_ok());
        assert!(check(Provider::Stripe, Mode::Test, "of-a-stand-in").is_ok());
        for (mode, key) in
            [(Mode::Live, "sk_test_1"), (Mode::Test, "rk_live_1"), (Mode::Test, ""), (Mode::Test, "a b")]
        {
            assert!(check(Provider::Stripe, mode, key).is_err(), "{key}");
        }
    }
}
