//! Entering, changing and closing an affiliate.

use super::notify::notify;
use super::{Affiliate, AffiliateStatus, Row};
use crate::{PgConnection, SqlxError, StoreError};
use domain::code::FoldedCode;
use domain::email;
use domain::ids::{AffiliateId, Realm};
use domain::notification::Event;
use domain::rules::Commission;
use serde_json::Value;
use sqlx::types::Json;

/// An affiliate to be entered.
#[derive(Clone, Copy, Debug)]
pub struct NewAffiliate<'a> {
    /// Its address, as it was written.
    pub email: &'a str,
    /// Its code, as it is to be shown.
    pub referral_code: &'a str,
    /// A name for links.
    pub partner_slug: Option<&'a str>,
    /// Whether its code binds.
    pub status: AffiliateStatus,
    /// What it earns instead of the programme's commission.
    pub commission: Option<Commission>,
    /// The SaaS company's own notes on how to pay.
    pub payout_preferences: Option<&'a Value>,
}

impl<'a> NewAffiliate<'a> {
    /// Active, with an address and a code and nothing else.
    #[must_use]
    pub fn named(email: &'a str, referral_code: &'a str) -> Self {
        Self {
            email,
            referral_code,
            partner_slug: None,
            status: AffiliateStatus::Active,
            commission: None,
            payout_preferences: None,
        }
    }
}

/// Why an affiliate is not written. The transaction is of no further use.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Another affiliate has the address.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// Another affiliate has or had the code.
    #[error("the referral code is taken")]
    CodeTaken,
    /// The database failed.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for WriteError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Constraint { constraint, .. } => match constraint.as_str() {
                "affiliates_email_key" => Self::EmailTaken,
                "referral_codes_code_key" => Self::CodeTaken,
                _ => Self::Store(error),
            },
            StoreError::Unavailable(_)
            | StoreError::Refused(_)
            | StoreError::Serialization(_)
            | StoreError::Occupied(_)
            | StoreError::Slow(_)
            | StoreError::Other(_) => Self::Store(error),
        }
    }
}

impl From<SqlxError> for WriteError {
    fn from(error: SqlxError) -> Self {
        StoreError::from(error).into()
    }
}

/// Enters an affiliate with its code.
pub async fn create(
    connection: &mut PgConnection,
    realm: Realm,
    new: &NewAffiliate<'_>,
) -> Result<Affiliate, WriteError> {
    // One that begins inactive was never active before.
    let row = sqlx::query_as!(
        Row,
        r#"WITH affiliate AS (
             INSERT INTO affiliates (project_id, livemode, user_email, email_normalised, referral_code,
                                     partner_slug, status, commission, payout_preferences)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             RETURNING *
         ), code AS (
             INSERT INTO referral_codes (project_id, livemode, affiliate_id, code, code_folded)
             SELECT $1, $2, id, $5, $10 FROM affiliate
         ), own_commission AS (
             INSERT INTO affiliate_commissions (affiliate_id, commission, valid_from)
             SELECT id, commission, '-infinity' FROM affiliate WHERE commission IS NOT NULL
         ), suspension AS (
             INSERT INTO suspensions (affiliate_id, suspended_from)
             SELECT id, '-infinity' FROM affiliate WHERE status = 'inactive'
         )
         SELECT id, user_email, referral_code, partner_slug, status,
                commission AS "commission: Json<Commission>", payout_preferences, created_at, closed_at
         FROM affiliate"#,
        realm.project.0,
        realm.mode.is_live(),
        new.email,
        email::normalise(new.email),
        new.referral_code,
        new.partner_slug,
        new.status.as_str(),
        new.commission.map(Json) as _,
        new.payout_preferences,
        folded(new.referral_code),
    )
    .fetch_one(&mut *connection)
    .await?;
    let affiliate = row.try_into()?;
    notify(connection, Event::AffiliateCreated, &affiliate, "entered over REST").await?;
    Ok(affiliate)
}

/// The affiliate with this address, unless it was closed; nobody else changes it until the
/// transaction ends.
pub async fn lock_by_email(
    connection: &mut PgConnection,
    realm: Realm,
    email: &str,
) -> Result<Option<Affiliate>, StoreError> {
    sqlx::query_as!(
        Row,
        r#"SELECT id, user_email, referral_code, partner_slug, status,
                commission AS "commission: Json<Commission>", payout_preferences, created_at, closed_at
         FROM affiliates
         WHERE project_id = $1 AND livemode = $2 AND email_normalised = $3 AND closed_at IS NULL
         FOR UPDATE"#,
        realm.project.0,
        realm.mode.is_live(),
        email::normalise(email),
    )
    .fetch_optional(connection)
    .await?
    .map(Affiliate::try_from)
    .transpose()
}

/// Writes what changed of an affiliate that [`lock_by_email`] has locked. An old code stays its own.
pub async fn save(
    connection: &mut PgConnection,
    realm: Realm,
    before: &Affiliate,
    after: &Affiliate,
) -> Result<(), WriteError> {
    if before.referral_code != after.referral_code {
        add_code(&mut *connection, realm, after.id, &after.referral_code).await?;
    }
    sqlx::query!(
        "UPDATE affiliates
         SET user_email = $2, email_normalised = $3, referral_code = $4, partner_slug = $5, status = $6,
             commission = $7, payout_preferences = $8
         WHERE id = $1",
        after.id.0,
        after.user_email,
        email::normalise(&after.user_email),
        after.referral_code,
        after.partner_slug,
        after.status.as_str(),
        after.commission.map(Json) as _,
        after.payout_preferences,
    )
    .execute(&mut *connection)
    .await?;
    if before.commission != after.commission {
        change_commission(&mut *connection, after).await?;
    }
    match (before.status, after.status) {
        (AffiliateStatus::Active, AffiliateStatus::Inactive) => suspend(&mut *connection, after.id).await?,
        (AffiliateStatus::Inactive, AffiliateStatus::Active) => resume(&mut *connection, after.id).await?,
        (AffiliateStatus::Active, AffiliateStatus::Active)
        | (AffiliateStatus::Inactive, AffiliateStatus::Inactive) => {}
    }
    Ok(notify(connection, Event::AffiliateUpdated, after, "changed over REST").await?)
}

/// Closes an affiliate that [`lock_by_email`] has locked: its codes bind nobody from now on, what
/// it earned stays.
pub async fn close(connection: &mut PgConnection, affiliate: Affiliate) -> Result<Affiliate, StoreError> {
    let closed_at = sqlx::query_scalar!(
        "UPDATE affiliates SET closed_at = clock_timestamp() WHERE id = $1 RETURNING closed_at",
        affiliate.id.0,
    )
    .fetch_one(&mut *connection)
    .await?;
    let closed = Affiliate { closed_at, ..affiliate };
    notify(connection, Event::AffiliateClosed, &closed, "closed over REST").await?;
    Ok(closed)
}

async fn add_code(
    connection: &mut PgConnection,
    realm: Realm,
    affiliate: AffiliateId,
    code: &str,
) -> Result<(), WriteError> {
    // One that it had before is its own again.
    let own = sqlx::query!(
        "INSERT INTO referral_codes AS known (project_id, livemode, affiliate_id, code, code_folded)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (project_id, livemode, code_folded) DO UPDATE SET code = known.code
         WHERE known.affiliate_id = excluded.affiliate_id",
        realm.project.0,
        realm.mode.is_live(),
        affiliate.0,
        code,
        folded(code),
    )
    .execute(connection)
    .await?;
    if own.rows_affected() == 1 { Ok(()) } else { Err(WriteError::CodeTaken) }
}

// The clock, not the transaction's beginning: it may have waited for the lock.

/// Payments from now on are judged by it; those before stay judged by what held then.
async fn change_commission(connection: &mut PgConnection, after: &Affiliate) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO affiliate_commissions (affiliate_id, commission, valid_from)
         VALUES ($1, $2, clock_timestamp())",
        after.id.0,
        after.commission.map(Json) as _,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn suspend(connection: &mut PgConnection, affiliate: AffiliateId) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO suspensions (affiliate_id, suspended_from) VALUES ($1, clock_timestamp())",
        affiliate.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}

async fn resume(connection: &mut PgConnection, affiliate: AffiliateId) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE suspensions SET suspended_until = clock_timestamp()
         WHERE affiliate_id = $1 AND suspended_until IS NULL",
        affiliate.0,
    )
    .execute(connection)
    .await?;
    Ok(())
}

fn folded(code: &str) -> String {
    FoldedCode::new(code).map(|code| code.as_str().to_owned()).unwrap_or_default()
}
