//! What a decision is about, as people name it.

use crate::Error;
use domain::{
    ids::{ConversionId, Mode, ProjectId, Realm},
    key::{Key, KeyKind},
};
use store::{PgConnection, decisions};

/// The subject that a project knows under one of these keys, in this mode or, where none is said, in either.
///
/// # Errors
/// [`Error::Invalid`] when both modes know it and none was said.
pub async fn find(
    connection: &mut PgConnection,
    project: ProjectId,
    mode: Option<Mode>,
    keys: &[Key],
) -> Result<Option<(Realm, Key)>, Error> {
    let mut known = decisions::known(connection, project, keys).await?;
    if let Some(mode) = mode {
        known.retain(|(realm, _)| realm.mode == mode);
    }
    if known.len() > 1 {
        return Err(Error::invalid("mode", "known in test mode and in live mode: say which"));
    }
    Ok(known.pop())
}

/// The payment of a conversion, by the conversion's number or by any id of the payment.
///
/// # Errors
/// [`Error::Invalid`] as [`find`].
pub async fn payment(
    connection: &mut PgConnection,
    project: ProjectId,
    mode: Option<Mode>,
    named: &str,
) -> Result<Option<(Realm, Key)>, Error> {
    let named = named.trim();
    if let Ok(id) = named.parse() {
        let found = decisions::payment(connection, project, ConversionId(id)).await?;
        return Ok(found.filter(|(realm, _)| mode.is_none_or(|mode| mode == realm.mode)));
    }
    // A number of the caller's own may look like anything, also like a customer.
    let stored = Key::stored(named.to_owned());
    let keys = if stored.kind().is_of_a_payment() { vec![stored] } else { vec![Key::reference(named)] };
    find(connection, project, mode, &keys).await
}

/// The keys by which a person may name a customer, the likeliest first: Stripe's id, an address, the
/// company's own id. With the word that `explain` shows in front of it, as in `user:42`, it is only that.
///
/// # Errors
/// [`Error::Invalid`] when nobody is named.
pub fn customer_keys(named: &str) -> Result<Vec<Key>, Error> {
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
    if keys.is_empty() {
        return Err(Error::invalid("customer", "name the customer, by cus_…, address or your own id"));
    }
    Ok(keys)
}

/// Whether Stripe made the id, so that it can be nobody else's.
fn is_stripes(id: &str) -> bool {
    ["cus_", "gcus_", "acct_"].iter().any(|prefix| id.starts_with(prefix))
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
