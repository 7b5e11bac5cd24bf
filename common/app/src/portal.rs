//! An affiliate's own page: a link that is given out, and the cookie that it becomes.

use crate::Error;
use crate::users::Session;
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{AffiliateId, Realm};
use store::{
    PgConnection, affiliates,
    console_sessions::SessionDigest,
    portal_passes::{self, Kind},
};

/// From a button in the company's own application to the page: longer links end up in mail boxes.
const LINK_LASTS: TimeDelta = TimeDelta::minutes(15);
/// As long as somebody reads.
const COOKIE_LASTS: TimeDelta = TimeDelta::hours(1);

/// A link to an affiliate's own page.
#[derive(Debug)]
pub struct Link {
    /// What it carries, in clear: nothing else opens the page, and it opens it once.
    pub pass: Session,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// Makes a link for the affiliate with this address.
///
/// # Errors
/// [`Error::NotFound`] when there is none, or it was closed.
pub async fn link(
    connection: &mut PgConnection,
    realm: Realm,
    email: &str,
    now: DateTime<Utc>,
) -> Result<Link, Error> {
    let affiliate = affiliates::find_by_email(connection, realm, email).await?;
    let affiliate =
        affiliate.ok_or_else(|| Error::NotFound("There is no affiliate with this address".to_owned()))?;
    let pass = keep(connection, affiliate.id, Kind::Link, now, now + LINK_LASTS).await?;
    Ok(Link { pass, expires_at: now + LINK_LASTS })
}

/// Takes what a link carries, once, and gives a cookie for it. `None` when it was used, or its time is over.
///
/// # Errors
/// Those of the database.
pub async fn enter(
    connection: &mut PgConnection,
    pass: &str,
    now: DateTime<Utc>,
) -> Result<Option<Session>, Error> {
    let taken = portal_passes::take_link(connection, SessionDigest::of(pass), now).await?;
    match taken {
        Some(affiliate) => keep(connection, affiliate, Kind::Cookie, now, now + COOKIE_LASTS).await.map(Some),
        None => Ok(None),
    }
}

async fn keep(
    connection: &mut PgConnection,
    affiliate: AffiliateId,
    kind: Kind,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Session, Error> {
    let pass = Session::generate();
    let digest = SessionDigest::of(pass.expose());
    portal_passes::add(connection, digest, (affiliate, kind), now, until).await?;
    Ok(pass)
}
