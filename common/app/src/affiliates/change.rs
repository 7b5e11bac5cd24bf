//! Changing an affiliate.

use super::{refused, unknown};
use crate::{Error, Outbox};
use domain::{ids::Realm, key::Key, reevaluation::Reevaluation};
use store::{
    PgConnection, StoreError,
    affiliates::{self, Affiliate},
};

/// Changes the affiliate with this address as `edit` says, and has those resettled whom that concerns: customers of its codes,
/// and what it has earned when it may turn out to be purchases of its own.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Conflict`] when the address or the code is another's, and what `edit` fails with.
pub async fn change<E: From<Error>, T>(
    connection: &mut PgConnection,
    outbox: Outbox<'_>,
    realm: Realm,
    email: &str,
    edit: impl FnOnce(&mut Affiliate) -> Result<T, E>,
) -> Result<(Affiliate, T), E> {
    let before = affiliates::lock_by_email(connection, realm, email).await.map_err(Error::from)?;
    let before = before.ok_or_else(|| unknown(email))?;
    let mut after = before.clone();
    let edited = edit(&mut after)?;
    if before != after {
        let saved = affiliates::save(connection, realm, &before, &after).await;
        saved.map_err(|error| refused(error, &after.user_email, &after.referral_code))?;
        let reevaluation = concerned(connection, &before, &after).await.map_err(Error::from)?;
        outbox.resettle(connection, realm, &reevaluation).await?;
    }
    Ok((after, edited))
}

/// Under which names customers may be judged otherwise than before.
async fn concerned(
    connection: &mut PgConnection,
    before: &Affiliate,
    after: &Affiliate,
) -> Result<Reevaluation, StoreError> {
    let mut reevaluation = Reevaluation::default();
    if before.referral_code != after.referral_code || before.status != after.status {
        reevaluation.codes = affiliates::names(connection, after.id).await?;
        // A customer who was bound by id or by hand mentions no code, but is told with it.
        reevaluation.affiliates.push(after.id);
    }
    // What the affiliate has earned may turn out to be purchases of their own, under any spelling of
    // the address.
    let (old, new) = (Key::email(&before.user_email), Key::email(&after.user_email));
    if old != new {
        reevaluation.keys = old.into_iter().chain(new).collect();
        reevaluation.affiliates.push(after.id);
    }
    // An address to which the affiliate is paid is one of theirs as well.
    if before.payout_preferences != after.payout_preferences {
        reevaluation.affiliates.push(after.id);
    }
    Ok(reevaluation)
}
