//! Customers as the REST API reads them; there they are called referrals.

mod object;

pub(crate) use object::object;

use super::page::{COUNTED, LOOKED_AT, Page, Position, Rows};
use super::{PgConnection, StoreError, decode};
use chrono::{DateTime, Utc};
use domain::ids::{AffiliateId, CustomerId, Realm};
use domain::key::Key;
use domain::settle::CustomerStatus;
use serde_json::Value;

/// A referred or direct customer.
#[derive(Clone, Debug, PartialEq)]
pub struct Customer {
    /// Its id.
    pub id: CustomerId,
    /// Its address, as it was last written.
    pub user_email: Option<String>,
    /// Whether it was referred, and whether it has paid.
    pub status: CustomerStatus,
    /// Event time of the first payment.
    pub converted_at: Option<DateTime<Utc>>,
    /// Event time of the first fact.
    pub first_seen_at: DateTime<Utc>,
    /// Whom it is bound to.
    pub affiliate: Option<AffiliateId>,
    /// The code that bound it, or that affiliate's code.
    pub referral_code: Option<String>,
    /// The coupon that bound it.
    pub coupon_code: Option<String>,
    /// `cus_…`
    pub stripe_customer_id: Option<String>,
    /// The SaaS company's own id.
    pub external_id: Option<String>,
    /// Method and evidence of the bind.
    pub attribution: Option<Value>,
    /// Event time of the bind.
    pub bound_at: Option<DateTime<Utc>>,
}

pub(super) struct CustomerRow {
    pub(super) id: i64,
    pub(super) user_email: Option<String>,
    pub(super) status: String,
    pub(super) converted_at: Option<DateTime<Utc>>,
    pub(super) first_seen_at: DateTime<Utc>,
    pub(super) affiliate_id: Option<i64>,
    pub(super) referral_code: Option<String>,
    pub(super) coupon_code: Option<String>,
    pub(super) stripe_customer_id: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) attribution: Option<Value>,
    pub(super) bound_at: Option<DateTime<Utc>>,
}

impl TryFrom<CustomerRow> for Customer {
    type Error = StoreError;

    fn try_from(row: CustomerRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: CustomerId(row.id),
            user_email: row.user_email,
            status: CustomerStatus::parse(&row.status)
                .ok_or_else(|| decode("a customer of an unknown status"))?,
            converted_at: row.converted_at,
            first_seen_at: row.first_seen_at,
            affiliate: row.affiliate_id.map(AffiliateId),
            referral_code: row.referral_code,
            coupon_code: row.coupon_code,
            stripe_customer_id: row.stripe_customer_id,
            external_id: row.external_id,
            attribution: row.attribution,
            bound_at: row.bound_at,
        })
    }
}

/// Which customers are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Bound to one affiliate.
    pub affiliate: Option<AffiliateId>,
    /// In one status.
    pub status: Option<CustomerStatus>,
}

/// The customer with this number.
pub async fn find(
    connection: &mut PgConnection,
    realm: Realm,
    id: CustomerId,
) -> Result<Option<Customer>, StoreError> {
    sqlx::query_as!(
        CustomerRow,
        "SELECT id, user_email, status, converted_at, first_seen_at, affiliate_id, referral_code, coupon_code,
                stripe_customer_id, external_id, attribution, bound_at
         FROM customers WHERE project_id = $1 AND livemode = $2 AND id = $3 AND NOT retired",
        realm.project.0,
        realm.mode.is_live(),
        id.0,
    )
    .fetch_optional(connection)
    .await?
    .map(Customer::try_from)
    .transpose()
}

/// The customers whom these keys name, each with its key.
pub async fn find_by_keys(
    connection: &mut PgConnection,
    realm: Realm,
    keys: &[Key],
) -> Result<Vec<(Key, Customer)>, StoreError> {
    let keys: Vec<String> = keys.iter().map(|key| key.as_str().to_owned()).collect();
    let rows = sqlx::query!(
        "SELECT k.key, c.id, c.user_email, c.status, c.converted_at, c.first_seen_at, c.affiliate_id,
                c.referral_code, c.coupon_code, c.stripe_customer_id, c.external_id, c.attribution, c.bound_at
         FROM identity_keys k
         LEFT JOIN customers sole ON sole.cluster_id = k.cluster_id AND sole.has_cluster
         JOIN customers c ON c.id = coalesce(sole.id, k.customer_id)
         WHERE k.project_id = $1 AND k.livemode = $2 AND k.key = ANY($3) AND NOT c.retired",
        realm.project.0,
        realm.mode.is_live(),
        &keys,
    )
    .fetch_all(connection)
    .await?;
    let named = rows.into_iter().map(|row| {
        let customer = CustomerRow {
            id: row.id,
            user_email: row.user_email,
            status: row.status,
            converted_at: row.converted_at,
            first_seen_at: row.first_seen_at,
            affiliate_id: row.affiliate_id,
            referral_code: row.referral_code,
            coupon_code: row.coupon_code,
            stripe_customer_id: row.stripe_customer_id,
            external_id: row.external_id,
            attribution: row.attribution,
            bound_at: row.bound_at,
        };
        Ok((Key::stored(row.key), customer.try_into()?))
    });
    named.collect()
}

/// The customer with this address; the oldest, should there be several.
pub async fn find_by_email(
    connection: &mut PgConnection,
    realm: Realm,
    email: &str,
) -> Result<Option<Customer>, StoreError> {
    let Some(key) = Key::email(email) else { return Ok(None) };
    let mut found = find_by_keys(connection, realm, &[key]).await?;
    Ok(found.pop().map(|(_, customer)| customer))
}

impl Filter {
    /// A status that few have, and that an index leads to: nobody is left out then.
    fn rare_status(&self) -> Option<CustomerStatus> {
        let is_rare = |status: &CustomerStatus| {
            matches!(status, CustomerStatus::Pending | CustomerStatus::DirectSignup)
        };
        self.status.filter(is_rare).filter(|_| self.affiliate.is_none())
    }
}

/// The place behind so many customers, of one affiliate or of a rare status when one is named, whatever else a filter asks for; none when
/// there are fewer.
async fn horizon(
    connection: &mut PgConnection,
    realm: Realm,
    filter: &Filter,
    after: (DateTime<Utc>, i64),
    rows: i64,
) -> Result<Option<Position>, StoreError> {
    let row = sqlx::query!(
        "SELECT first_seen_at, id FROM customers
         WHERE project_id = $1 AND livemode = $2 AND NOT retired
           AND (first_seen_at, id) < ($3, $4) AND ($5::BIGINT IS NULL OR affiliate_id = $5)
           AND ($7::TEXT IS NULL OR status = $7)
         ORDER BY first_seen_at DESC, id DESC
         LIMIT 1 OFFSET $6",
        realm.project.0,
        realm.mode.is_live(),
        after.0,
        after.1,
        filter.affiliate.map(|id| id.0),
        rows,
        filter.rare_status().map(CustomerStatus::as_str),
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Position { at: row.first_seen_at, id: row.id }))
}

/// A page of customers, newest first by event time. In one status, where the page may stop, those among the
/// next [`LOOKED_AT`] alone.
pub async fn list(
    connection: &mut PgConnection,
    realm: Realm,
    filter: &Filter,
    page: &Page,
) -> Result<Rows<Customer>, StoreError> {
    let (bound_at, bound_id) = page.bound();
    let leaves_out = filter.status.is_some() && filter.rare_status().is_none();
    let horizon = if page.may_stop && leaves_out {
        horizon(connection, realm, filter, (bound_at, bound_id), LOOKED_AT).await?
    } else {
        None
    };
    let (least_at, least_id) = horizon.map_or_else(Position::end, |place| (place.at, place.id));
    // First in the index alone, which has the status as well: those that are left out are not fetched.
    let rows = if let Some(affiliate) = filter.affiliate {
        sqlx::query_as!(
            CustomerRow,
            "SELECT c.id, c.user_email, c.status, c.converted_at, c.first_seen_at, c.affiliate_id, c.referral_code,
                    c.coupon_code, c.stripe_customer_id, c.external_id, c.attribution, c.bound_at
             FROM (
               SELECT id, first_seen_at FROM customers
               WHERE affiliate_id = $3 AND project_id = $1 AND livemode = $2 AND NOT retired
                 AND (first_seen_at, id) < ($4, $5) AND ($6::text IS NULL OR status = $6)
                 AND (first_seen_at, id) >= ($9, $10)
               ORDER BY first_seen_at DESC, id DESC
               LIMIT $7 OFFSET $8
             ) listed
             JOIN customers c ON c.id = listed.id
             ORDER BY listed.first_seen_at DESC, listed.id DESC",
            realm.project.0,
            realm.mode.is_live(),
            affiliate.0,
            bound_at,
            bound_id,
            filter.status.map(CustomerStatus::as_str),
            page.limit.saturating_add(1),
            page.offset,
            least_at,
            least_id,
        )
        .fetch_all(connection)
        .await?
    } else {
        sqlx::query_as!(
            CustomerRow,
            "SELECT c.id, c.user_email, c.status, c.converted_at, c.first_seen_at, c.affiliate_id, c.referral_code,
                    c.coupon_code, c.stripe_customer_id, c.external_id, c.attribution, c.bound_at
             FROM (
               SELECT id, first_seen_at FROM customers
               WHERE project_id = $1 AND livemode = $2 AND NOT retired
                 AND (first_seen_at, id) < ($3, $4) AND ($5::text IS NULL OR status = $5)
                 AND (first_seen_at, id) >= ($8, $9)
               ORDER BY first_seen_at DESC, id DESC
               LIMIT $6 OFFSET $7
             ) listed
             JOIN customers c ON c.id = listed.id
             ORDER BY listed.first_seen_at DESC, listed.id DESC",
            realm.project.0,
            realm.mode.is_live(),
            bound_at,
            bound_id,
            filter.status.map(CustomerStatus::as_str),
            page.limit.saturating_add(1),
            page.offset,
            least_at,
            least_id,
        )
        .fetch_all(connection)
        .await?
    };
    let rows = rows.into_iter().map(Customer::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(Rows::bounded(rows, page, horizon))
}

/// How many customers a filter lets through; none when more than [`COUNTED`] are to be looked at for it.
pub async fn count(
    connection: &mut PgConnection,
    realm: Realm,
    filter: &Filter,
) -> Result<Option<i64>, StoreError> {
    let end = (DateTime::<Utc>::MAX_UTC, i64::MAX);
    if horizon(connection, realm, filter, end, COUNTED).await?.is_some() {
        return Ok(None);
    }
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM customers
         WHERE project_id = $1 AND livemode = $2 AND NOT retired
           AND ($3::bigint IS NULL OR affiliate_id = $3) AND ($4::text IS NULL OR status = $4)"#,
        realm.project.0,
        realm.mode.is_live(),
        filter.affiliate.map(|id| id.0),
        filter.status.map(CustomerStatus::as_str),
    );
    Ok(Some(count.fetch_one(connection).await?))
}
