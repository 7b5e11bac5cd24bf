//! Lists of conversions.

use super::{Conversion, PgConnection, Row, StoreError};
use crate::page::{Page, Rows};
use chrono::{DateTime, Utc};
use domain::fact::ConversionKind;
use domain::ids::{AffiliateId, Realm};
use domain::settle::ConversionStatus;

/// Which conversions are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Signups or purchases.
    pub kind: Option<ConversionKind>,
    /// Of one affiliate.
    pub affiliate: Option<AffiliateId>,
    /// Paid or not, as [`Conversion::paid`] is.
    pub paid: Option<bool>,
    /// Not before.
    pub from: Option<DateTime<Utc>>,
    /// Before this time.
    pub before: Option<DateTime<Utc>>,
    /// In one status.
    pub status: Option<ConversionStatus>,
}

impl Filter {
    /// The times as bounds that an index can use.
    fn times(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        (
            self.from.unwrap_or(DateTime::<Utc>::UNIX_EPOCH - chrono::TimeDelta::days(365_000)),
            self.before.unwrap_or(DateTime::<Utc>::MAX_UTC),
        )
    }
}

/// A page of conversions, newest first by event time.
pub async fn list(
    connection: &mut PgConnection,
    realm: Realm,
    filter: &Filter,
    page: &Page,
) -> Result<Rows<Conversion>, StoreError> {
    let (from, before) = filter.times();
    let (bound_at, bound_id) = page.bound();
    let rows = if let Some(affiliate) = filter.affiliate {
        // The affiliate's own index, whatever the planner thinks of the other one.
        sqlx::query_as!(
            Row,
            r#"SELECT id, project_id, type, status, source, commission_minor, clawed_back_minor, base_minor,
                    currency, affiliate_id, customer_id, referral_code,
                    coalesce(coupon_code, request #>> '{conversion,coupon_code}') AS coupon_code, reference,
                    payment_key,
                    (paid OR (paid_out_minor > 0 AND paid_out_minor >= commission_minor - clawed_back_minor)) AS "paid!", url, attribution, occurred_at, release_at
             FROM conversions
             WHERE affiliate_id = $3 AND project_id = $1 AND livemode = $2 AND merged_into IS NULL
               AND occurred_at >= $4 AND occurred_at < $5 AND (occurred_at, id) < ($6, $7)
               AND ($8::text IS NULL OR type = $8) AND ($9::boolean IS NULL
                    OR (paid OR (paid_out_minor > 0 AND paid_out_minor >= commission_minor - clawed_back_minor)) = $9)
               AND ($10::text IS NULL OR status = $10)
             ORDER BY occurred_at DESC, id DESC
             LIMIT $11 OFFSET $12"#,
            realm.project.0,
            realm.mode.is_live(),
            affiliate.0,
            from,
            before,
            bound_at,
            bound_id,
            filter.kind.map(ConversionKind::as_str),
            filter.paid,
            filter.status.map(ConversionStatus::as_str),
            page.limit.saturating_add(1),
            page.offset,
        )
        .fetch_all(connection)
        .await?
    } else {
        sqlx::query_as!(
            Row,
            r#"SELECT id, project_id, type, status, source, commission_minor, clawed_back_minor, base_minor,
                    currency, affiliate_id, customer_id, referral_code,
                    coalesce(coupon_code, request #>> '{conversion,coupon_code}') AS coupon_code, reference,
                    payment_key,
                    (paid OR (paid_out_minor > 0 AND paid_out_minor >= commission_minor - clawed_back_minor)) AS "paid!", url, attribution, occurred_at, release_at
             FROM conversions
             WHERE project_id = $1 AND livemode = $2 AND merged_into IS NULL
               AND occurred_at >= $3 AND occurred_at < $4 AND (occurred_at, id) < ($5, $6)
               AND ($7::text IS NULL OR type = $7) AND ($8::boolean IS NULL
                    OR (paid OR (paid_out_minor > 0 AND paid_out_minor >= commission_minor - clawed_back_minor)) = $8)
               AND ($9::text IS NULL OR status = $9)
             ORDER BY occurred_at DESC, id DESC
             LIMIT $10 OFFSET $11"#,
            realm.project.0,
            realm.mode.is_live(),
            from,
            before,
            bound_at,
            bound_id,
            filter.kind.map(ConversionKind::as_str),
            filter.paid,
            filter.status.map(ConversionStatus::as_str),
            page.limit.saturating_add(1),
            page.offset,
        )
        .fetch_all(connection)
        .await?
    };
    let rows = rows.into_iter().map(Conversion::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(Rows::cut(rows, page))
}

/// How many conversions a filter lets through.
pub async fn count(connection: &mut PgConnection, realm: Realm, filter: &Filter) -> Result<i64, StoreError> {
    let (from, before) = filter.times();
    // Those that are not paid are all but those that are: both are counted in an index, the former would
    // have to be read.
    Ok(sqlx::query_scalar!(
        r#"SELECT CASE WHEN $7 IS TRUE THEN 0 ELSE (
             SELECT count(*) FROM conversions
             WHERE project_id = $1 AND livemode = $2 AND merged_into IS NULL
               AND occurred_at >= $3 AND occurred_at < $4
               AND ($5::bigint IS NULL OR affiliate_id = $5)
               AND ($6::text IS NULL OR type = $6) AND ($8::text IS NULL OR status = $8)
         ) END
         + CASE WHEN $7::boolean IS NULL THEN 0 ELSE (CASE WHEN $7 THEN 1 ELSE -1 END) * (
             SELECT count(*) FROM conversions
             WHERE project_id = $1 AND livemode = $2 AND merged_into IS NULL
               AND occurred_at >= $3 AND occurred_at < $4
               AND (paid OR (paid_out_minor > 0 AND paid_out_minor >= commission_minor - clawed_back_minor))
               AND ($5::bigint IS NULL OR affiliate_id = $5)
               AND ($6::text IS NULL OR type = $6) AND ($8::text IS NULL OR status = $8)
         ) END AS "count!""#,
        realm.project.0,
        realm.mode.is_live(),
        from,
        before,
        filter.affiliate.map(|id| id.0),
        filter.kind.map(ConversionKind::as_str),
        filter.paid,
        filter.status.map(ConversionStatus::as_str),
    )
    .fetch_one(connection)
    .await?)
}
