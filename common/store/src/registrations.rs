//! What the REST API was told about referrals. What becomes of it is the worker's business.

use super::affiliates::AffiliateStatus;
use super::{PgConnection, StoreError, decode};
use domain::code::FoldedCode;
use domain::email;
use domain::ids::{AffiliateId, Realm};

/// An affiliate that a caller named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedAffiliate {
    /// Its id.
    pub id: AffiliateId,
    /// The code that was named, or its current one.
    pub code: String,
    /// Whether its codes bind.
    pub status: AffiliateStatus,
}

/// How a caller names an affiliate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AffiliateName {
    /// By its id.
    Id(AffiliateId),
    /// By any code it ever had.
    Code(FoldedCode),
}

/// The affiliate with this name, unless it was closed.
pub async fn find_affiliate(
    connection: &mut PgConnection,
    realm: Realm,
    name: &AffiliateName,
) -> Result<Option<NamedAffiliate>, StoreError> {
    let (id, code) = match name {
        AffiliateName::Id(id) => (Some(id.0), None),
        AffiliateName::Code(code) => (None, Some(code.as_str())),
    };
    let row = sqlx::query!(
        r#"SELECT id AS "id!", referral_code AS "code!", status AS "status!" FROM affiliates
         WHERE id = $3 AND project_id = $1 AND livemode = $2 AND closed_at IS NULL
         UNION ALL
         SELECT a.id, r.code, a.status
         FROM referral_codes r JOIN affiliates a ON a.id = r.affiliate_id
         WHERE r.project_id = $1 AND r.livemode = $2 AND r.code_folded = $4 AND a.closed_at IS NULL"#,
        realm.project.0,
        realm.mode.is_live(),
        id,
        code,
    )
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        let status = AffiliateStatus::parse(&row.status);
        Ok(NamedAffiliate {
            id: AffiliateId(row.id),
            code: row.code,
            status: status.ok_or_else(|| decode("an affiliate of an unknown status"))?,
        })
    })
    .transpose()
}

/// What was said about a referral, once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// Names its command.
    pub id: i64,
    /// The first registration of the same referral.
    pub first_id: i64,
    /// Stripe's id, as far as known then.
    pub stripe_customer_id: Option<String>,
    /// The SaaS company's own id, as far as known then.
    pub external_id: Option<String>,
    /// The affiliate that was named.
    pub affiliate: Option<AffiliateId>,
    /// The referral was said to have paid.
    pub converted: bool,
    /// A worker has settled it.
    pub settled: bool,
}

/// Keeps others from saying anything about this address until the transaction ends.
pub async fn lock(connection: &mut PgConnection, realm: Realm, email: &str) -> Result<(), StoreError> {
    let name = format!("registration:{}:{}:{}", realm.project, realm.mode, email::normalise(email));
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name).fetch_one(connection).await?;
    Ok(())
}

/// What was said about this address, in order.
pub async fn list(
    connection: &mut PgConnection,
    realm: Realm,
    email: &str,
) -> Result<Vec<Registration>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT r.id, COALESCE(r.first_id, r.id) AS "first_id!", r.stripe_customer_id, r.external_id, r.affiliate_id, r.converted,
                EXISTS (SELECT FROM events e
                        WHERE e.project_id = $1 AND e.livemode = $2 AND e.account = ''
                          AND e.event_id = 'referral:' || r.id || ':0') AS "settled!"
         FROM registrations r
         WHERE r.project_id = $1 AND r.livemode = $2 AND r.email_normalised = $3
         ORDER BY r.id"#,
        realm.project.0,
        realm.mode.is_live(),
        email::normalise(email),
    )
    .fetch_all(connection)
    .await?;
    let registrations = rows.into_iter().map(|row| Registration {
        id: row.id,
        first_id: row.first_id,
        stripe_customer_id: row.stripe_customer_id,
        external_id: row.external_id,
        affiliate: row.affiliate_id.map(AffiliateId),
        converted: row.converted,
        settled: row.settled,
    });
    Ok(registrations.collect())
}

/// Something to be said about a referral.
#[derive(Clone, Copy, Debug)]
pub struct NewRegistration<'a> {
    /// The first registration of the same referral, unless it is this one.
    pub first_id: Option<i64>,
    /// Its address.
    pub email: &'a str,
    /// Stripe's id, as far as known.
    pub stripe_customer_id: Option<&'a str>,
    /// The SaaS company's own id, as far as known.
    pub external_id: Option<&'a str>,
    /// The affiliate that is named.
    pub affiliate: Option<AffiliateId>,
    /// The referral is said to have paid.
    pub converted: bool,
}

/// Keeps what was said; the id names its command.
pub async fn add(
    connection: &mut PgConnection,
    realm: Realm,
    new: &NewRegistration<'_>,
) -> Result<i64, StoreError> {
    let id = sqlx::query_scalar!(
        "INSERT INTO registrations (project_id, livemode, first_id, email_normalised, stripe_customer_id, external_id,
                                    affiliate_id, converted)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         RETURNING id",
        realm.project.0,
        realm.mode.is_live(),
        new.first_id,
        email::normalise(new.email),
        new.stripe_customer_id,
        new.external_id,
        new.affiliate.map(|id| id.0),
        new.converted,
    );
    Ok(id.fetch_one(connection).await?)
}
