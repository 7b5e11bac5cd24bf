//! Payments with the names of those whom they concern and the whole story, for people.

mod find;
mod movements;
mod told;

pub use find::{by_name, payment};
pub use movements::{Movement, movements, of_customer};
pub use told::told;

use super::{PgConnection, StoreError, decode};
use chrono::{DateTime, Utc};
use domain::{
    ids::{AffiliateId, ConversionId, CustomerId, Mode, ProjectId, Realm},
    money::{Currency, Money},
    settle::{Bind, Explanation},
};
use sqlx::types::Json;
use std::collections::BTreeMap;

/// A signup or payment and everything that is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// The conversion.
    pub id: ConversionId,
    /// Project and mode.
    pub realm: Realm,
    /// `in_…`, `pi_…`, `external:…` and so on.
    pub payment: String,
    /// `signup` or `purchase`.
    pub kind: String,
    /// The fold's verdict, or `pending`.
    pub status: String,
    /// Why nobody earns, when nobody does.
    pub reason: Option<String>,
    /// Event time.
    pub occurred_at: DateTime<Utc>,
    /// The commissionable base.
    pub base: Money,
    /// What was first earned.
    pub commission: Money,
    /// What of it was taken back.
    pub taken_back: Money,
    /// What of it is held.
    pub held: Money,
    /// Who earns.
    pub affiliate: Option<Named<AffiliateId>>,
    /// Whose it is.
    pub customer: Option<Named<CustomerId>>,
    /// How the affiliate was found.
    pub bind: Option<Bind>,
    /// The version of the rules that judged it; `None` before it is settled.
    pub rule_version: Option<i32>,
    /// Candidates, decision and arithmetic.
    pub explanation: Option<Explanation>,
}

/// An id and the names that a person knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<T> {
    /// The id.
    pub id: T,
    /// The e-mail address.
    pub email: Option<String>,
    /// The referral code of an affiliate; `cus_…` or the company's own id of a customer.
    pub code: Option<String>,
}

/// Those conversions, in order of event time.
///
/// # Errors
/// [`StoreError`]
pub async fn of(connection: &mut PgConnection, ids: &[ConversionId]) -> Result<Vec<Overview>, StoreError> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT c.id, c.project_id, c.livemode, c.payment_key, c.type AS kind, c.status, c.reason, c.occurred_at,
             c.currency, c.base_minor, c.commission_minor, c.clawed_back_minor, c.held_minor,
             a.id AS "affiliate_id?", a.user_email AS "affiliate_email?", a.referral_code AS "affiliate_code?",
             u.id AS "customer_id?", u.user_email AS customer_email,
             coalesce(u.stripe_customer_id, u.external_id) AS customer_code,
             c.attribution AS "bind: Json<Bind>", c.explanation AS "explanation: Json<Explanation>",
             r.version AS "rule_version?"
         FROM conversions c
         LEFT JOIN program_rules r ON r.id = c.rule_id
         LEFT JOIN affiliates a ON a.id = c.affiliate_id
         LEFT JOIN customers u ON u.id = c.customer_id
         WHERE c.id = ANY($1)
         ORDER BY c.occurred_at, c.id"#,
        &ids,
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter().map(Overview::try_from).collect()
}

/// Every signup and payment of a project and mode.
///
/// # Errors
/// [`StoreError`]
pub async fn in_realm(connection: &mut PgConnection, realm: Realm) -> Result<Vec<ConversionId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "SELECT id FROM conversions WHERE project_id = $1 AND livemode = $2 AND merged_into IS NULL",
        realm.project.0,
        realm.mode.is_live(),
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(ConversionId).collect())
}

/// What each affiliate has earned by currency, in minor units and net of what was taken back.
///
/// # Errors
/// [`StoreError`]
pub async fn earned(
    connection: &mut PgConnection,
    realm: Realm,
) -> Result<BTreeMap<(AffiliateId, Currency), i64>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT affiliate_id AS "affiliate_id!", currency, sum(commission_minor - clawed_back_minor)::BIGINT AS "net!"
         FROM conversions
         WHERE project_id = $1 AND livemode = $2 AND merged_into IS NULL AND affiliate_id IS NOT NULL
         GROUP BY affiliate_id, currency"#,
        realm.project.0,
        realm.mode.is_live(),
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let currency = Currency::stored(&row.currency).map_err(decode)?;
            Ok(((AffiliateId(row.affiliate_id), currency), row.net))
        })
        .collect()
}

/// The addresses of a project's affiliates, those who were closed included.
///
/// # Errors
/// [`StoreError`]
pub async fn affiliates(
    connection: &mut PgConnection,
    realm: Realm,
) -> Result<BTreeMap<AffiliateId, String>, StoreError> {
    let rows = sqlx::query!(
        "SELECT id, user_email FROM affiliates WHERE project_id = $1 AND livemode = $2",
        realm.project.0,
        realm.mode.is_live(),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (AffiliateId(row.id), row.user_email)).collect())
}

/// How many of Stripe's events have taken effect.
///
/// # Errors
/// [`StoreError`]
pub async fn settled_events(connection: &mut PgConnection, realm: Realm) -> Result<i64, StoreError> {
    Ok(settled_events_behind(connection, realm, 0).await?.0)
}

/// How many of Stripe's events have taken effect behind one, and the last of those.
///
/// # Errors
/// [`StoreError`]
pub async fn settled_events_behind(
    connection: &mut PgConnection,
    realm: Realm,
    event: i64,
) -> Result<(i64, Option<i64>), StoreError> {
    let behind = sqlx::query!(
        r#"SELECT count(*) AS "count!", max(id) AS last FROM events
         WHERE project_id = $1 AND livemode = $2 AND id > $3 AND source = 'stripe'"#,
        realm.project.0,
        realm.mode.is_live(),
        event,
    );
    let behind = behind.fetch_one(connection).await?;
    Ok((behind.count, behind.last))
}

struct Row {
    id: i64,
    project_id: i64,
    livemode: bool,
    payment_key: String,
    kind: String,
    status: String,
    reason: Option<String>,
    occurred_at: DateTime<Utc>,
    currency: String,
    base_minor: i64,
    commission_minor: i64,
    clawed_back_minor: i64,
    held_minor: i64,
    affiliate_id: Option<i64>,
    affiliate_email: Option<String>,
    affiliate_code: Option<String>,
    customer_id: Option<i64>,
    customer_email: Option<String>,
    customer_code: Option<String>,
    bind: Option<Json<Bind>>,
    explanation: Option<Json<Explanation>>,
    rule_version: Option<i32>,
}

impl TryFrom<Row> for Overview {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let currency = Currency::stored(&row.currency).map_err(decode)?;
        let money = |minor| Money { minor, currency };
        Ok(Self {
            id: ConversionId(row.id),
            realm: Realm { project: ProjectId(row.project_id), mode: Mode::from_livemode(row.livemode) },
            payment: row.payment_key,
            kind: row.kind,
            status: row.status,
            reason: row.reason,
            occurred_at: row.occurred_at,
            base: money(row.base_minor),
            commission: money(row.commission_minor),
            taken_back: money(row.clawed_back_minor),
            held: money(row.held_minor),
            affiliate: row.affiliate_id.map(|id| Named {
                id: AffiliateId(id),
                email: row.affiliate_email,
                code: row.affiliate_code,
            }),
            customer: row.customer_id.map(|id| Named {
                id: CustomerId(id),
                email: row.customer_email,
                code: row.customer_code,
            }),
            bind: row.bind.map(|json| json.0),
            rule_version: row.rule_version,
            explanation: row.explanation.map(|json| json.0),
        })
    }
}
