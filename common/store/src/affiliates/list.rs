//! Lists of affiliates, and one by its address.

use super::{Affiliate, AffiliateStatus, Row};
use crate::page::{Page, Rows};
use crate::{PgConnection, StoreError};
use domain::email;
use domain::ids::{AffiliateId, Realm};
use domain::rules::Commission;
use sqlx::types::Json;

/// Which affiliates a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// Those that are not closed, in one status or in both.
    Open(Option<AffiliateStatus>),
    /// Those that were closed, who may still be owed.
    Closed,
}

impl Listed {
    fn status(self) -> Option<&'static str> {
        match self {
            Self::Open(status) => status.map(AffiliateStatus::as_str),
            Self::Closed => None,
        }
    }
}

/// The affiliate with this address, unless it was closed.
pub async fn find_by_email(
    connection: &mut PgConnection,
    realm: Realm,
    email: &str,
) -> Result<Option<Affiliate>, StoreError> {
    sqlx::query_as!(
        Row,
        r#"SELECT id, user_email, referral_code, partner_slug, status,
                commission AS "commission: Json<Commission>", payout_preferences, created_at, closed_at
         FROM affiliates
         WHERE project_id = $1 AND livemode = $2 AND email_normalised = $3 AND closed_at IS NULL"#,
        realm.project.0,
        realm.mode.is_live(),
        email::normalise(email),
    )
    .fetch_optional(connection)
    .await?
    .map(Affiliate::try_from)
    .transpose()
}

/// The affiliate with this number, also one that was closed: it may still be owed.
pub async fn find(
    connection: &mut PgConnection,
    realm: Realm,
    id: AffiliateId,
) -> Result<Option<Affiliate>, StoreError> {
    sqlx::query_as!(
        Row,
        r#"SELECT id, user_email, referral_code, partner_slug, status,
                commission AS "commission: Json<Commission>", payout_preferences, created_at, closed_at
         FROM affiliates WHERE project_id = $1 AND livemode = $2 AND id = $3"#,
        realm.project.0,
        realm.mode.is_live(),
        id.0,
    )
    .fetch_optional(connection)
    .await?
    .map(Affiliate::try_from)
    .transpose()
}

/// A page of affiliates, newest first.
pub async fn list(
    connection: &mut PgConnection,
    realm: Realm,
    listed: Listed,
    page: &Page,
) -> Result<Rows<Affiliate>, StoreError> {
    let (bound_at, bound_id) = page.bound();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT id, user_email, referral_code, partner_slug, status,
                commission AS "commission: Json<Commission>", payout_preferences, created_at, closed_at
         FROM affiliates
         WHERE project_id = $1 AND livemode = $2 AND (closed_at IS NOT NULL) = $8
           AND (created_at, id) < ($3, $4) AND ($5::text IS NULL OR status = $5)
         ORDER BY created_at DESC, id DESC
         LIMIT $6 OFFSET $7"#,
        realm.project.0,
        realm.mode.is_live(),
        bound_at,
        bound_id,
        listed.status(),
        page.limit.saturating_add(1),
        page.offset,
        listed == Listed::Closed,
    )
    .fetch_all(connection)
    .await?;
    let rows = rows.into_iter().map(Affiliate::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(Rows::cut(rows, page))
}

/// How many affiliates a list holds.
pub async fn count(connection: &mut PgConnection, realm: Realm, listed: Listed) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM affiliates
         WHERE project_id = $1 AND livemode = $2 AND (closed_at IS NOT NULL) = $4
           AND ($3::text IS NULL OR status = $3)"#,
        realm.project.0,
        realm.mode.is_live(),
        listed.status(),
        listed == Listed::Closed,
    )
    .fetch_one(connection)
    .await?)
}
