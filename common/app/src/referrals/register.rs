//! Registering a referral.

use super::known::Known;
use super::new::NewReferral;
use crate::{Error, Outbox};
use chrono::SubsecRound;
use domain::{command::Command, fact::ReferralRegistered, ids::Realm};
use store::{
    PgConnection, StoreError,
    customers::{self, Customer},
    registrations::{self, AffiliateName, NamedAffiliate, NewRegistration},
};

/// What became of it.
#[derive(Clone, Debug)]
pub struct Registered {
    /// What was said, with the ids that were known besides.
    pub referral: NewReferral,
    /// The affiliate that was named.
    pub affiliate: Option<NamedAffiliate>,
    /// The referral as it stood before.
    pub customer: Option<Customer>,
    /// What to wait for with [`Completions`](crate::completion::Completions), if there is anything.
    pub event: Option<String>,
    /// Whether anything of it was new.
    pub is_new: bool,
}

/// Keeps what is said of a referral and puts its command on the queue, unless nothing of it is new. The first affiliate
/// keeps a referral.
///
/// # Errors
/// [`Error::Unknown`] when the affiliate does not exist, [`Error::Conflict`] when another one has the referral.
pub async fn register(
    connection: &mut PgConnection,
    outbox: Outbox<'_>,
    realm: Realm,
    new: NewReferral,
) -> Result<Registered, Error> {
    let affiliate = affiliate(connection, realm, &new).await?;
    registrations::lock(connection, realm, &new.email).await?;
    // What was said is read first: of what a worker has settled by then, the customer is seen below.
    let said = registrations::list(connection, realm, &new.email).await?;
    let by_key = customers::find_by_keys(connection, realm, &new.keys()).await?;
    let known = Known::new(&new, by_key, said);
    if let Some(affiliate) = &affiliate {
        known.must_not_be_anothers(&new, affiliate)?;
    }
    let is_new = !known.covers(&new, affiliate.as_ref());
    let referral = known.complete(new);
    let registration = if is_new {
        Some(keep(connection, outbox, realm, &referral, affiliate.as_ref(), known.first()).await?)
    } else {
        known.unsettled().map(|said| said.id)
    };
    let event = registration.map(|id| format!("referral:{id}:0"));
    Ok(Registered { referral, affiliate, customer: known.customer, event, is_new })
}

/// The affiliate that was named, or that there is none.
async fn affiliate(
    connection: &mut PgConnection,
    realm: Realm,
    new: &NewReferral,
) -> Result<Option<NamedAffiliate>, Error> {
    let Some((field, name)) = &new.affiliate else { return Ok(None) };
    let found = registrations::find_affiliate(connection, realm, name).await?;
    let unknown = || match name {
        AffiliateName::Id(id) => Error::unknown(field, format!("Unknown affiliate: {id}")),
        AffiliateName::Code(folded) => {
            let code = new.referral_code.as_deref().unwrap_or(folded.as_str());
            Error::unknown(field, format!("Unknown referral code: {code}"))
        }
    };
    found.ok_or_else(unknown).map(Some)
}

async fn keep(
    connection: &mut PgConnection,
    outbox: Outbox<'_>,
    realm: Realm,
    new: &NewReferral,
    affiliate: Option<&NamedAffiliate>,
    first: Option<i64>,
) -> Result<i64, Error> {
    let registration = NewRegistration {
        first_id: first,
        email: &new.email,
        stripe_customer_id: new.stripe_customer_id.as_deref(),
        external_id: new.external_id.as_deref(),
        affiliate: affiliate.map(|affiliate| affiliate.id),
        converted: new.converted,
    };
    let id = registrations::add(connection, realm, &registration).await?;
    let now = outbox.now.trunc_subsecs(6);
    let referral = ReferralRegistered {
        who: new.who(),
        // By its code, which never changes hands: the affiliate's current one may change.
        affiliate: None,
        referral_code: affiliate.map(|affiliate| affiliate.code.clone()),
        occurred_at: now,
        first,
        converted: new.converted,
    };
    let command = Command::Referral { id, revision: 0, accepted_at: now, referral };
    Outbox { now, ..outbox }.command(connection, realm, &command).await?;
    Ok(id)
}

/// The referral by the strongest key that leads to one.
///
/// # Errors
/// Those of the database.
pub async fn find(
    connection: &mut PgConnection,
    realm: Realm,
    referral: &NewReferral,
) -> Result<Option<Customer>, StoreError> {
    let keys = referral.keys();
    let mut found = customers::find_by_keys(connection, realm, &keys).await?;
    found.sort_by_key(|(key, _)| keys.iter().position(|known| known == key));
    Ok(found.into_iter().next().map(|(_, customer)| customer))
}
