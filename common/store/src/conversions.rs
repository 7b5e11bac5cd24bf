//! Conversions as the REST API reads and writes them. What becomes of them is the worker's business.

mod accept;
mod list;
mod lookup;
mod object;
mod revise;

pub use accept::{Accepted, Existing, Named, NewConversion, Prepared, accept, prepare};
pub use list::{Filter, count, list};
pub use lookup::{BoundAffiliate, CustomerStory, Total, customer_story};
pub(crate) use object::object;
pub use revise::{Revision, for_change, reserve_name, revise};

use super::{PgConnection, StoreError, decode};
use chrono::{DateTime, Utc};
use domain::fact::ConversionKind;
use domain::ids::{AffiliateId, ConversionId, CustomerId, ProjectId, Realm};
use domain::money::{Currency, Money};
use domain::origin::Origin;
use domain::settle::ConversionStatus;
use serde_json::Value;

/// A conversion as it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversion {
    /// Its id.
    pub id: ConversionId,
    /// The project.
    pub project: ProjectId,
    /// Signup or purchase.
    pub kind: ConversionKind,
    /// The fold's verdict, or that there is none yet.
    pub status: ConversionStatus,
    /// A caller's, whatever a provider tells beside; else that provider's.
    pub source: Origin,
    /// What was first earned.
    pub commission: Money,
    /// What of it was taken back.
    pub clawed_back: Money,
    /// The commissionable base.
    pub base: Money,
    /// Who earns.
    pub affiliate: Option<AffiliateId>,
    /// Whose it is.
    pub customer: Option<CustomerId>,
    /// The code that attributed it.
    pub referral_code: Option<String>,
    /// The coupon that was used.
    pub coupon_code: Option<String>,
    /// The caller's own reference, or the payment key of a Stripe payment.
    pub reference: Option<String>,
    /// All of what stands is paid: by payouts, or as the caller said.
    pub paid: bool,
    /// The caller's link.
    pub url: Option<String>,
    /// Method and evidence.
    pub attribution: Option<Value>,
    /// Event time.
    pub occurred_at: DateTime<Utc>,
    /// When it may be paid out.
    pub release_at: Option<DateTime<Utc>>,
}

pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) project_id: i64,
    pub(crate) r#type: String,
    pub(crate) status: String,
    pub(crate) source: String,
    pub(crate) commission_minor: i64,
    pub(crate) clawed_back_minor: i64,
    pub(crate) base_minor: i64,
    pub(crate) currency: String,
    pub(crate) affiliate_id: Option<i64>,
    pub(crate) customer_id: Option<i64>,
    pub(crate) referral_code: Option<String>,
    pub(crate) coupon_code: Option<String>,
    pub(crate) reference: Option<String>,
    pub(crate) payment_key: String,
    pub(crate) paid: bool,
    pub(crate) url: Option<String>,
    pub(crate) attribution: Option<Value>,
    pub(crate) occurred_at: DateTime<Utc>,
    pub(crate) release_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Conversion {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let currency = Currency::stored(&row.currency).map_err(decode)?;
        let money = |minor| Money { minor, currency };
        let source = Origin::parse(&row.source).ok_or_else(|| decode("a conversion of an unknown source"))?;
        let reference = match source {
            Origin::Api => row.reference,
            Origin::Provider(_) => row.reference.or(Some(row.payment_key)),
        };
        Ok(Self {
            id: ConversionId(row.id),
            project: ProjectId(row.project_id),
            kind: ConversionKind::parse(&row.r#type)
                .ok_or_else(|| decode("a conversion of an unknown type"))?,
            status: ConversionStatus::parse(&row.status)
                .ok_or_else(|| decode("a conversion of an unknown status"))?,
            source,
            commission: money(row.commission_minor),
            clawed_back: money(row.clawed_back_minor),
            base: money(row.base_minor),
            affiliate: row.affiliate_id.map(AffiliateId),
            customer: row.customer_id.map(CustomerId),
            referral_code: row.referral_code,
            coupon_code: row.coupon_code,
            reference,
            paid: row.paid,
            url: row.url,
            attribution: row.attribution,
            occurred_at: row.occurred_at,
            release_at: row.release_at,
        })
    }
}

/// The conversion with this id. One that turned out to be the same payment as another is answered
/// with that other.
pub async fn find(
    connection: &mut PgConnection,
    realm: Realm,
    id: ConversionId,
) -> Result<Option<Conversion>, StoreError> {
    sqlx::query_as!(
        Row,
        r#"SELECT c.id, c.project_id, c.type, c.status, c.source, c.commission_minor, c.clawed_back_minor,
                c.base_minor, c.currency, c.affiliate_id, c.customer_id, c.referral_code,
                coalesce(c.coupon_code, c.request #>> '{conversion,coupon_code}') AS coupon_code, c.reference, c.payment_key,
                (c.paid OR (c.paid_out_minor > 0 AND c.paid_out_minor >= c.commission_minor - c.clawed_back_minor)) AS "paid!", c.url, c.attribution, c.occurred_at, c.release_at
         FROM conversions asked
         JOIN conversions c ON c.id = coalesce(asked.merged_into, asked.id)
         WHERE asked.id = $3 AND asked.project_id = $1 AND asked.livemode = $2"#,
        realm.project.0,
        realm.mode.is_live(),
        id.0,
    )
    .fetch_optional(connection)
    .await?
    .map(Conversion::try_from)
    .transpose()
}
