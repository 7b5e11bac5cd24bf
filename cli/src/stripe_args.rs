//! The options of a command that asks Stripe.

use app::provider_keys;
use clap::Args;
use common::config::{SecretsArgs, StripeArgs};
use domain::ids::Realm;
use store::PgConnection;
use stripe::metadata::MetadataKeys;

/// How Stripe is asked.
#[derive(Args)]
pub(crate) struct StripeAccess {
    #[command(flatten)]
    stripe: StripeArgs,
    #[command(flatten)]
    secrets: SecretsArgs,
}

impl StripeAccess {
    /// The key of a project and mode, or what to do to have one.
    pub(crate) async fn key(&self, connection: &mut PgConnection, realm: Realm) -> anyhow::Result<String> {
        let sealer = provider_keys::sealer(self.secrets.key()?.as_deref());
        Ok(provider_keys::key_of(connection, realm, self.stripe.secret_key(), &sealer).await?)
    }

    /// Where Stripe's API is.
    pub(crate) fn base(&self) -> &str {
        &self.stripe.stripe_api_base
    }

    /// Where codes stand.
    pub(crate) fn keys(&self) -> MetadataKeys {
        self.stripe.metadata.keys()
    }
}
