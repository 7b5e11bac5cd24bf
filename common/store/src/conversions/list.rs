//! Lists of conversions.

use super::{Conversion, PgConnection, Row, StoreError};
use crate::page::{COUNTED, LOOKED_AT, Page, Position, Rows};
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
    /// Whether some rows that an index leads to may not pass.
    fn leaves_out(&self) -> bool {
        let known = [
            self.kind.is_none() || self.kind == Some(ConversionKind::Signup),
            self.paid.is_none() || (self.paid == Some(true) && self.affiliate.is_none()),
            self.status.is_none() || (self.status.is_some_and(is_rare) && self.affiliate.is_none()),
        ];
        let asked =
            [self.kind.is_some(), self.paid.is_some(), self.status.is_some(), self.affiliate.is_some()];
        known.contains(&false) || asked.into_iter().filter(|asked| *asked).count() > 1
    }

    /// The times as bounds that an index can use.
    fn times(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        (
            self.from.unwrap_or(DateTime::<Utc>::UNIX_EPOCH - chrono::TimeDelta::days(365_000)),
            self.before.unwrap_or(DateTime::<Utc>::MAX_UTC),
        )
    }
}

/// Those that `conversions_rare_idx` holds.
fn is_rare(status: ConversionStatus) -> bool {
    use ConversionStatus::{Held, Pending, Rejected, Reversed};
    matches!(status, Pending | Held | Rejected | Reversed)
}

/// The place behind so many rows of the index that leads to what passes a filter, whatever else it asks for; none when there are fewer.
async fn horizon(
    connection: &mut PgConnection,
    realm: Realm,
    filter: &Filter,
    after: (DateTime<Utc>, i64),
    rows: i64,
) -> Result<Option<Position>, StoreError> {
    let (from, before) = filter.times();
    let status = filter.status.filter(|status| is_rare(*status) && filter.affiliate.is_none());
    let row = sqlx::query!(
        "SELECT occurred_at, id FROM conversions
         WHERE project_id = $1 AND livemode = $2 AND merged_into IS NULL
           AND occurred_at >= $3 AND occurred_at < $4 AND (occurred_at, id) < ($5, $6)
           AND ($7::BIGINT IS NULL OR affiliate_id = $7) AND ($8::TEXT IS NULL OR status = $8)
           AND ($9::BOOLEAN IS NOT TRUE OR type = 'signup')
           AND ($10::BOOLEAN IS NOT TRUE
                OR (paid OR (paid_out_minor > 0 AND paid_out_minor >= commission_minor - clawed_back_minor)))
         ORDER BY occurred_at DESC, id DESC
         LIMIT 1 OFFSET $11",
        realm.project.0,
        realm.mode.is_live(),
        from,
        before,
        after.0,
        after.1,
        filter.affiliate.map(|id| id.0),
        status.map(ConversionStatus::as_str),
        filter.affiliate.is_none() && status.is_none() && filter.kind == Some(ConversionKind::Signup),
        filter.affiliate.is_none()
            && status.is_none()
            && filter.kind != Some(ConversionKind::Signup)
            && filter.paid == Some(true),
        rows,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| Position { at: row.occurred_at, id: row.id }))
}

/// A page of conversions, newest first by event time. Of a filter that no index knows, where the page may stop, those among
/// the next [`LOOKED_AT`] alone.
pub async fn list(
    connection: &mut PgConnection,
    realm: Realm,
    filter: &Filter,
    page: &Page,
) -> Result<Rows<Conversion>, StoreError> {
    let (from, before) = filter.times();
    let (bound_at, bound_id) = page.bound();
    let horizon = if page.may_stop && filter.leaves_out() {
        horizon(connection, realm, filter, (bound_at, bound_id), LOOKED_AT).await?
    } else {
        None
    };
    let (least_at, least_id) = horizon.map_or_else(Position::end, |place| (place.at, place.id));
    let rows = if let Some(affiliate) = filter.affiliate {
        // The affiliate's own index, whatever the planner thinks of the other one. First in the index alone, which has what most filters ask
        // for: those that are left out are not fetched.
        sqlx::query_as!(
            Row,
            r#"SELECT c.id, c.project_id, c.type, c.status, c.source, c.commission_minor, c.clawed_back_minor, c.base_minor,
                    c.currency, c.affiliate_id, c.customer_id, c.referral_code,
                    coalesce(c.coupon_code, c.request #>> '{conversion,coupon_code}') AS coupon_code, c.reference,
                    c.payment_key,
                    (c.paid OR (c.paid_out_minor > 0 AND c.paid_out_minor >= c.commission_minor - c.clawed_back_minor)) AS "paid!",
                    c.url, c.attribution, c.occurred_at, c.release_at
             FROM (
               SELECT id, occurred_at FROM conversions
               WHERE affiliate_id = $3 AND project_id = $1 AND livemode = $2 AND merged_into IS NULL
                 AND occurred_at >= $4 AND occurred_at < $5 AND (occurred_at, id) < ($6, $7)
                 AND ($8::text IS NULL OR type = $8) AND ($9::boolean IS NULL
                      OR (paid OR (paid_out_minor > 0 AND paid_out_minor >= commission_minor - clawed_back_minor)) = $9)
                 AND ($10::text IS NULL OR status = $10) AND (occurred_at, id) >= ($13, $14)
               ORDER BY occurred_at DESC, id DESC
               LIMIT $11 OFFSET $12
             ) listed
             JOIN conversions c ON c.id = listed.id
             ORDER BY listed.occurred_at DESC, listed.id DESC"#,
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
            least_at,
            least_id,
        )
        .fetch_all(connection)
        .await?
    } else {
        sqlx::query_as!(
            Row,
            r#"SELECT c.id, c.project_id, c.type, c.status, c.source, c.commission_minor, c.clawed_back_minor, c.base_minor,
                    c.currency, c.affiliate_id, c.customer_id, c.referral_code,
                    coalesce(c.coupon_code, c.request #>> '{conversion,coupon_code}') AS coupon_code, c.reference,
                    c.payment_key,
                    (c.paid OR (c.paid_out_minor > 0 AND c.paid_out_minor >= c.commission_minor - c.clawed_back_minor)) AS "paid!",
                    c.url, c.attribution, c.occurred_at, c.release_at
             FROM (
               SELECT id, occurred_at FROM conversions
               WHERE project_id = $1 AND livemode = $2 AND merged_into IS NULL
                 AND occurred_at >= $3 AND occurred_at < $4 AND (occurred_at, id) < ($5, $6)
                 AND ($7::text IS NULL OR type = $7) AND ($8::boolean IS NULL
                      OR (paid OR (paid_out_minor > 0 AND paid_out_minor >= commission_minor - clawed_back_minor)) = $8)
                 AND ($9::text IS NULL OR status = $9) AND (occurred_at, id) >= ($12, $13)
               ORDER BY occurred_at DESC, id DESC
               LIMIT $10 OFFSET $11
             ) listed
             JOIN conversions c ON c.id = listed.id
             ORDER BY listed.occurred_at DESC, listed.id DESC"#,
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
            least_at,
            least_id,
        )
        .fetch_all(connection)
        .await?
    };
    let rows = rows.into_iter().map(Conversion::try_from).collect::<Result<Vec<_>, _>>()?;
    Ok(Rows::bounded(rows, page, horizon))
}

/// How many conversions a filter lets through; none when the index that leads to them has more than [`COUNTED`].
pub async fn count(
    connection: &mut PgConnection,
    realm: Realm,
    filter: &Filter,
) -> Result<Option<i64>, StoreError> {
    let (from, before) = filter.times();
    if horizon(connection, realm, filter, (DateTime::<Utc>::MAX_UTC, i64::MAX), COUNTED).await?.is_some() {
        return Ok(None);
    }
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM conversions
         WHERE project_id = $1 AND livemode = $2 AND merged_into IS NULL
           AND occurred_at >= $3 AND occurred_at < $4
           AND ($5::bigint IS NULL OR affiliate_id = $5)
           AND ($6::text IS NULL OR type = $6) AND ($8::text IS NULL OR status = $8)
           AND ($7::boolean IS NULL
                OR (paid OR (paid_out_minor > 0 AND paid_out_minor >= commission_minor - clawed_back_minor)) = $7)"#,
        realm.project.0,
        realm.mode.is_live(),
        from,
        before,
        filter.affiliate.map(|id| id.0),
        filter.kind.map(ConversionKind::as_str),
        filter.paid,
        filter.status.map(ConversionStatus::as_str),
    );
    Ok(Some(count.fetch_one(connection).await?))
}
