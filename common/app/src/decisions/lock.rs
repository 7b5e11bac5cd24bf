//! Locking a customer to an affiliate or to nobody, and unlocking it.

use super::{Decided, decide};
use crate::{Error, Outbox};
use domain::{
    command::Command,
    decision::{Audit, Lock, LockedTo},
    ids::{AffiliateId, Realm},
    key::Key,
};
use store::{
    PgConnection, affiliates,
    decisions::DecisionKind,
    registrations::{self, AffiliateName},
};

/// Whom a customer is to be locked to, as a person says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockTo<'a> {
    /// An affiliate, by its number or its address.
    Affiliate(&'a str),
    /// Nobody: no payment of the customer earns anybody anything.
    Nobody,
}

/// Locks a customer. The latest lock stands; all payments are resettled.
///
/// # Errors
/// [`Error::Unknown`] when there is no such affiliate, or it was closed; [`Error::Invalid`] when it is neither a number
/// nor an address.
pub async fn lock(
    connection: &mut PgConnection,
    outbox: Outbox<'_>,
    (realm, customer): (Realm, Key),
    to: LockTo<'_>,
    audit: Audit,
) -> Result<Decided, Error> {
    let to = match to {
        LockTo::Nobody => LockedTo::Nobody,
        LockTo::Affiliate(named) => LockedTo::Affiliate(affiliate(connection, realm, named.trim()).await?),
    };
    let what = match to.affiliate() {
        Some(id) => format!("locked to affiliate {id}"),
        None => "locked to nobody".to_owned(),
    };
    decide_lock(connection, outbox, (realm, customer), to, what, audit).await
}

/// Lets codes and binds decide again. Of several locks on one customer, under whatever names, none stands after it.
///
/// # Errors
/// Those of the database.
pub async fn unlock(
    connection: &mut PgConnection,
    outbox: Outbox<'_>,
    customer: (Realm, Key),
    audit: Audit,
) -> Result<Decided, Error> {
    let what = "not locked any more".to_owned();
    decide_lock(connection, outbox, customer, LockedTo::Released, what, audit).await
}

async fn decide_lock(
    connection: &mut PgConnection,
    outbox: Outbox<'_>,
    (realm, customer): (Realm, Key),
    to: LockedTo,
    what: String,
    audit: Audit,
) -> Result<Decided, Error> {
    let lock = Lock { customer: customer.clone(), to, audit: audit.clone() };
    let command = |id, accepted_at| Command::Lock { id, accepted_at, lock };
    decide(connection, outbox, realm, (DecisionKind::Lock, customer, what), audit, command).await
}

async fn affiliate(connection: &mut PgConnection, realm: Realm, named: &str) -> Result<AffiliateId, Error> {
    let found = if let Ok(id) = named.parse() {
        let by_id = AffiliateName::Id(AffiliateId(id));
        registrations::find_affiliate(connection, realm, &by_id).await?.map(|affiliate| affiliate.id)
    } else if named.contains('@') {
        affiliates::find_by_email(connection, realm, named).await?.map(|affiliate| affiliate.id)
    } else {
        return Err(Error::invalid(
            "affiliate",
            format!("affiliate is a number or an address, not {named:?}"),
        ));
    };
    found.ok_or_else(|| {
        let Realm { project, mode } = realm;
        let message = format!("project {project} has no affiliate {named} in {mode} mode, or closed it");
        Error::unknown("affiliate", message)
    })
}
