//! With which key Stripe is asked: of each project and mode its own; of the only project of a deployment
//! the deployment's, where it has none.

use anyhow::Context;
use app::{backfill::calls_per_second, provider_keys};
use common::config::{SecretsArgs, StripeArgs};
use domain::ids::{Mode, ProjectId, Realm};
use domain::provider::Provider;
use sealing::Sealer;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;
use store::provider_keys::ProviderKey;
use store::{PgConnection, Sessions, StoreError, projects, projects::Extent};
use stripe::client::{Lists, StripeClient};
use tokio_util::sync::CancellationToken;

/// A call with all of its retries. Longer outages put the message off.
pub(crate) const CALL: Duration = Duration::from_secs(20);

/// How soon a key that was entered is used.
const INTERVAL: Duration = Duration::from_secs(5);
/// How long it may take to read them.
const READ: Duration = Duration::from_secs(3);

type Client = Result<Arc<StripeClient>, String>;

/// The keys, as they are known.
pub(crate) struct Keychain {
    base: String,
    sealer: Sealer,
    deployment: Option<Deployment>,
    known: RwLock<Known>,
}

/// `STRIPE_SECRET_KEY`.
struct Deployment {
    key: String,
    client: Arc<StripeClient>,
    /// `None`: the key does not tell.
    mode: Option<Mode>,
}

#[derive(Default)]
struct Known {
    own: BTreeMap<Realm, (ProviderKey, Client)>,
    /// The project, when there is one alone.
    only: Option<ProjectId>,
    /// The latest project: one with a greater number was made since.
    latest: Option<ProjectId>,
}

impl Keychain {
    /// Without the projects' own keys, which [`Keychain::read`] brings.
    ///
    /// # Errors
    /// When `STRIPE_SECRET_KEY` or `SECRETS_KEY` cannot be used.
    pub(crate) fn from_args(args: &StripeArgs, secrets: &SecretsArgs) -> anyhow::Result<Self> {
        let base = args.stripe_api_base.clone();
        let deployment = match args.secret_key() {
            None => None,
            Some(key) => {
                let client =
                    StripeClient::new(key, Some(&base), CALL).context("STRIPE_SECRET_KEY cannot be used")?;
                Some(Deployment { key: key.to_owned(), client: Arc::new(client), mode: mode_of(key) })
            }
        };
        let sealer = provider_keys::sealer(secrets.key().context("SECRETS_KEY cannot be used")?.as_deref());
        Ok(Self { base, sealer, deployment, known: RwLock::default() })
    }

    /// Whether anything is asked for what belongs to this realm. Also with a key that cannot be opened: what is asked then becomes
    /// a dead letter that says so; and for a project that was made a moment ago, of which more is known when it is asked for.
    pub(crate) fn covers(&self, realm: Realm) -> bool {
        self.client(realm).is_some() || (self.deployment_covers(realm) && self.known().is_new(realm.project))
    }

    /// The client of a realm, for which is looked once more when none is known; none without a key.
    pub(super) async fn client_of(
        &self,
        realm: Realm,
        sessions: &Sessions,
    ) -> Result<Option<Client>, StoreError> {
        if let Some(client) = self.client(realm) {
            return Ok(Some(client));
        }
        self.read(sessions).await?;
        Ok(self.client(realm))
    }

    /// A reader of lists for each project and mode that has a key which can be used.
    pub(crate) fn lists(&self) -> Vec<(Realm, Lists)> {
        let known = self.known();
        let own = known
            .own
            .values()
            .filter_map(|(key, _)| Some((key.realm, provider_keys::open(key, &self.sealer).ok()?)));
        let deployment = self.deployment.as_ref().and_then(|deployment| {
            let realm = Realm { project: known.only?, mode: deployment.mode? };
            Some((realm, deployment.key.clone())).filter(|_| !known.own.contains_key(&realm))
        });
        let lists = own.chain(deployment).filter_map(|(realm, key)| {
            let lists = Lists::new(&key, &self.base, calls_per_second(realm.mode)).ok()?;
            Some((realm, lists))
        });
        lists.collect()
    }

    fn client(&self, realm: Realm) -> Option<Client> {
        let known = self.known();
        if let Some((_, client)) = known.own.get(&realm) {
            return Some(client.clone());
        }
        let deployment = self.deployment.as_ref()?;
        let its = self.deployment_covers(realm) && known.only == Some(realm.project);
        its.then(|| Ok(Arc::clone(&deployment.client)))
    }

    fn deployment_covers(&self, realm: Realm) -> bool {
        let modes = self.deployment.as_ref().map(|deployment| deployment.mode);
        modes.is_some_and(|mode| mode.is_none_or(|mode| mode == realm.mode))
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads them again and again until `shutdown`.
    pub(crate) async fn keep_reading(&self, sessions: &Sessions, shutdown: &CancellationToken) {
        while shutdown.run_until_cancelled(tokio::time::sleep(INTERVAL)).await.is_some() {
            if let Err(error) = self.read(sessions).await {
                tracing::debug!(%error, "the providers' keys cannot be read");
            }
        }
    }

    /// Reads the projects' own keys.
    pub(crate) async fn read(&self, sessions: &Sessions) -> Result<(), StoreError> {
        let read = async |session: &mut PgConnection| {
            let extent = projects::extent(session).await?;
            Ok::<_, StoreError>((extent, store::provider_keys::list(session, None).await?))
        };
        let (Extent { only, latest }, keys) = sessions.run(READ, read).await?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut known.own);
        (known.only, known.latest) = (only, latest);
        for key in keys.into_iter().filter(|key| key.provider == Provider::Stripe) {
            let same = before.remove(&key.realm).filter(|(of, _)| *of == key);
            let entry = same.unwrap_or_else(|| {
                let client = self.client_with(&key);
                if let Err(reason) = &client {
                    tracing::error!(reason, "a provider's key cannot be used");
                }
                (key, client)
            });
            known.own.insert(entry.0.realm, entry);
        }
        Ok(())
    }

    fn client_with(&self, key: &ProviderKey) -> Client {
        let opened = provider_keys::open(key, &self.sealer)?;
        let client = StripeClient::new(&opened, Some(&self.base), CALL).map_err(|error| error.to_string())?;
        Ok(Arc::new(client))
    }
}

impl Known {
    fn is_new(&self, project: ProjectId) -> bool {
        self.latest.is_none_or(|latest| project > latest)
    }
}

/// By the key's prefix, `sk_live_…` or `rk_test_…` (<https://docs.stripe.com/keys>).
fn mode_of(key: &str) -> Option<Mode> {
    match key.trim().split('_').nth(1) {
        Some("live") => Some(Mode::Live),
        Some("test") => Some(Mode::Test),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_its_mode() {
        assert_eq!(mode_of("sk_test_1"), Some(Mode::Test));
        assert_eq!(mode_of(" rk_live_1"), Some(Mode::Live));
        assert_eq!(mode_of("local"), None);
    }
}
