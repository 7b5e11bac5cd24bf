//! `tributary customer …`

mod lock;
mod unlock;

use crate::context::Context;
use clap::Subcommand;
use common::domain::key::{Key, KeyKind};

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

/// The key by which a person names a customer: Stripe's id, an address, or the company's own id.
fn customer_key(named: &str) -> anyhow::Result<Key> {
    let named = named.trim();
    let stored = Key::stored(named.to_owned());
    let key = match stored.kind() {
        KeyKind::StripeCustomer | KeyKind::User => Some(stored),
        KeyKind::Email => Key::email(named.trim_start_matches("email:")),
        KeyKind::Invoice | KeyKind::PaymentIntent | KeyKind::Charge | KeyKind::Session => {
            anyhow::bail!("{named} is a payment: name its customer, by cus_…, address or your own id")
        }
        KeyKind::External | KeyKind::Subscription | KeyKind::Referral | KeyKind::Other => {
            let email = Key::email(named).filter(|_| named.contains('@'));
            email.or_else(|| (!named.is_empty()).then(|| Key::user(named)))
        }
    };
    key.ok_or_else(|| anyhow::anyhow!("name the customer, by cus_…, address or your own id"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_are_named_in_each_of_their_ways() {
        let key = |named| customer_key(named).unwrap().to_string();
        assert_eq!(key("cus_1"), "cus_1");
        assert_eq!(key("acct_1/cus_1"), "acct_1/cus_1");
        assert_eq!(key(" Carol@Example.com "), "email:carol@example.com");
        assert_eq!(key("email:Carol@example.com"), "email:carol@example.com");
        assert_eq!(key("42"), "user:42");
        assert_eq!(key("user:42"), "user:42");
        assert!(customer_key("in_1").unwrap_err().to_string().contains("is a payment"));
        assert!(customer_key("  ").is_err());
    }
}
