//! A closed affiliate comes back.

use super::notify::notify;
use super::{Affiliate, Row, WriteError};
use crate::PgConnection;
use domain::email;
use domain::ids::Realm;
use domain::notification::Event;
use domain::rules::Commission;
use sqlx::types::Json;

/// Opens the affiliate with this address again, the one that was closed last; `None` when there is
/// none. It is as it was when it was closed, codes and commission included, and nobody else changes it
/// until the transaction ends. While it was closed its codes bound nobody, and that stays so: a payment
/// is judged by what held at its own time (SEMANTICS 4).
///
/// # Errors
/// [`WriteError::EmailTaken`] when another affiliate has the address by now.
pub async fn reopen(
    connection: &mut PgConnection,
    realm: Realm,
    email: &str,
) -> Result<Option<Affiliate>, WriteError> {
    let row = sqlx::query_as!(
        Row,
        r#"WITH closed AS (
             SELECT id, closed_at FROM affiliates
             WHERE project_id = $1 AND livemode = $2 AND email_normalised = $3 AND closed_at IS NOT NULL
             ORDER BY closed_at DESC, id DESC
             LIMIT 1
             FOR UPDATE
         ), gap AS (
             INSERT INTO suspensions (affiliate_id, suspended_from, suspended_until)
             SELECT id, closed_at, greatest(clock_timestamp(), closed_at) FROM closed
         )
         UPDATE affiliates a SET closed_at = NULL FROM closed WHERE a.id = closed.id
         RETURNING a.id, user_email, referral_code, partner_slug, status,
                   commission AS "commission: Json<Commission>", payout_preferences, created_at,
                   a.closed_at"#,
        realm.project.0,
        realm.mode.is_live(),
        email::normalise(email),
    )
    .fetch_optional(&mut *connection)
    .await?;
    let reopened = row.map(Affiliate::try_from).transpose()?;
    if let Some(affiliate) = &reopened {
        notify(connection, Event::AffiliateCreated, affiliate, "opened again over REST").await?;
    }
    Ok(reopened)
}
