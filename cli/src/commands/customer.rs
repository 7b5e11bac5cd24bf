//! `tributary customer …`

mod lock;
mod unlock;

use super::decision::DecisionArgs;
use crate::context::Context;
use anyhow::{Context as _, ensure};
use app::decisions::customer_keys;
use clap::Subcommand;
use domain::{ids::Realm, key::Key};
use store::PgConnection;

/// `customer …`
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Lock a customer to an affiliate or to nobody, whatever codes and earlier binds say
    Lock(lock::LockArgs),
    /// Let codes and binds decide again
    Unlock(unlock::UnlockArgs),
}

/// Runs one.
pub(super) async fn run(command: Command, context: &Context) -> anyhow::Result<()> {
    match command {
        Command::Lock(args) => lock::run(&args, context).await,
        Command::Unlock(args) => unlock::run(&args, context).await,
    }
}

/// The customer whom a person named, where the project knows one, and the likeliest key where it does not.
async fn known(
    decision: &DecisionArgs,
    connection: &mut PgConnection,
    named: &str,
) -> anyhow::Result<Result<(Realm, Key), Key>> {
    let keys = customer_keys(named)?;
    if let Some(known) = decision.known(connection, &keys).await? {
        return Ok(Ok(known));
    }
    let stored = Key::stored(named.trim().to_owned());
    ensure!(
        !stored.kind().is_of_a_payment(),
        "{named} is a payment: name its customer, by cus_…, address or your own id"
    );
    keys.into_iter().next().map(Err).context("name the customer")
}
