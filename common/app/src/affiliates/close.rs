//! Closing an affiliate.

use super::unknown;
use crate::{Error, Outbox};
use domain::{ids::Realm, key::Key, reevaluation::Reevaluation};
use store::{
    PgConnection,
    affiliates::{self, Affiliate},
};

/// Closes the affiliate with this address: its codes bind nobody from now on, what it earned stays.
///
/// # Errors
/// [`Error::NotFound`]
pub async fn close(
    connection: &mut PgConnection,
    outbox: Outbox<'_>,
    realm: Realm,
    email: &str,
) -> Result<Affiliate, Error> {
    let affiliate = affiliates::lock_by_email(connection, realm, email).await?;
    let affiliate = affiliates::close(connection, affiliate.ok_or_else(|| unknown(email))?).await?;
    let reevaluation = Reevaluation {
        codes: affiliates::names(connection, affiliate.id).await?,
        keys: Key::email(&affiliate.user_email).into_iter().collect(),
        affiliates: vec![affiliate.id],
        ..Reevaluation::default()
    };
    outbox.resettle(connection, realm, &reevaluation).await?;
    Ok(affiliate)
}
