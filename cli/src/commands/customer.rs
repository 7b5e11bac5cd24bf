//! `tributary customer …`

mod lock;
mod unlock;

use super::decision::DecisionArgs;
use crate::context::Context;
use anyhow::{Context as _, ensure};
use clap::Subcommand;
use domain::{
    ids::Realm,
    key::{Key, KeyKind},
};
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

/// The keys by which a person may name a customer, the likeliest first: Stripe's id, an address, the
/// company's own id. With the word that `explain` shows in front of it, as in `user:42`, it is only that.
fn customer_keys(named: &str) -> anyhow::Result<Vec<Key>> {
    let named = named.trim();
    let stored = Key::stored(named.to_owned());
    let written = Key::written_customer(named);
    let keys = match stored.kind() {
        _ if named.is_empty() => Vec::new(),
        KeyKind::Email => Key::email(stored.id()).into_iter().collect(),
        KeyKind::User => vec![stored],
        KeyKind::StripeCustomer if stored != written || is_stripes(stored.id()) => vec![stored],
        KeyKind::StripeCustomer
        | KeyKind::Invoice
        | KeyKind::PaymentIntent
        | KeyKind::Charge
        | KeyKind::Session
        | KeyKind::External
        | KeyKind::Subscription
        | KeyKind::Referral => {
            let email = Key::email(named).filter(|_| named.contains('@'));
            email.into_iter().chain([Key::user(named), written]).collect()
        }
    };
    ensure!(!keys.is_empty(), "name the customer, by cus_…, address or your own id");
    Ok(keys)
}

/// Whether Stripe made the id, so that it can be nobody else's.
fn is_stripes(id: &str) -> bool {
    ["cus_", "gcus_", "acct_"].iter().any(|prefix| id.starts_with(prefix))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_are_named_in_each_of_their_ways() {
        let keys = |named| {
            let keys = customer_keys(named).unwrap();
            keys.iter().map(Key::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(keys("cus_1"), "cus_1");
        assert_eq!(keys("acct_1/cus_1"), "acct_1/cus_1");
        assert_eq!(keys("email:Carol@example.com"), "email:carol@example.com");
        assert_eq!(keys("user:42"), "user:42");
        assert_eq!(keys("customer:42"), "customer:42");
        assert_eq!(keys("42"), "user:42 42");
        assert_eq!(keys("ch_annel-5"), "user:ch_annel-5 customer:ch_annel-5");
        let address = "email:carol@example.com user:Carol@Example.com Carol@Example.com";
        assert_eq!(keys(" Carol@Example.com "), address);
        assert!(customer_keys("  ").is_err());
    }
}
