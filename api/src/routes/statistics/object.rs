//! Time series as clients see them.

use super::request::Wanted;
use crate::answer::{ExactNumber, timestamp};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use store::statistics::{Activity, Ranked, Series};
use utoipa::ToSchema;

/// What affiliates brought in a stretch of time.
#[derive(Serialize, ToSchema)]
pub(crate) struct Statistics {
    /// The first moment that counts.
    #[schema(format = DateTime)]
    from: String,
    /// The last moment that counts.
    #[schema(format = DateTime)]
    to: String,
    /// `day`, `week` (from Monday on) or `month`, in UTC.
    #[schema(example = "day")]
    interval: &'static str,
    /// All affiliates together, or the one that was asked for.
    total: WithSeries,
    /// Each by itself, the busiest first.
    affiliates: Vec<OfAffiliate>,
}

/// What was brought, in all and by intervals.
#[derive(Serialize, ToSchema)]
#[schema(as = ActivityWithSeries)]
pub(super) struct WithSeries {
    #[serde(flatten)]
    sums: Sums,
    /// One for each interval, also where nothing happened.
    series: Vec<Bucket>,
}

/// What one affiliate brought.
#[derive(Serialize, ToSchema)]
#[schema(as = AffiliateActivity)]
struct OfAffiliate {
    affiliate_id: i64,
    user_email: String,
    referral_code: String,
    #[serde(flatten)]
    told: WithSeries,
}

/// What was brought in one interval.
#[derive(Serialize, ToSchema)]
#[schema(as = ActivityOfInterval)]
struct Bucket {
    /// Its beginning; the first may begin before `from`, and counts from there.
    #[schema(format = DateTime)]
    start: String,
    #[serde(flatten)]
    sums: Sums,
}

/// Counts and sums.
#[derive(Serialize, ToSchema)]
#[schema(as = Activity)]
struct Sums {
    /// Visits by links.
    clicks: i64,
    /// Referrals, by their `created_at`.
    signups: i64,
    /// Purchases that were attributed and not taken back, by the time of the sale.
    purchases: i64,
    /// The money of the conversions, one for each currency.
    totals: Vec<CurrencySums>,
}

/// Money of one currency.
#[derive(Serialize, ToSchema)]
#[schema(as = CurrencyActivity)]
struct CurrencySums {
    /// ISO 4217, lower case.
    #[schema(example = "usd")]
    currency: String,
    /// The sales, before tax.
    #[schema(value_type = f64, example = 147.0)]
    base_value: ExactNumber,
    /// The commission as it stands now, net of what was taken back.
    #[schema(value_type = f64, example = 29.4)]
    value: ExactNumber,
    /// What was taken back after refunds.
    #[schema(value_type = f64, example = 0.0)]
    refunded_value: ExactNumber,
}

impl Statistics {
    pub(super) fn new(wanted: &Wanted, total: &Series, affiliates: Vec<(Ranked, Series)>) -> Self {
        let starts = wanted.starts.as_slice();
        let affiliates = affiliates.into_iter().map(|(ranked, series)| OfAffiliate {
            affiliate_id: ranked.id.0,
            user_email: ranked.user_email,
            referral_code: ranked.referral_code,
            told: WithSeries::new(starts, &series),
        });
        Self {
            from: timestamp(wanted.span.from),
            to: timestamp(wanted.span.before - TimeDelta::microseconds(1)),
            interval: wanted.span.interval.as_str(),
            total: WithSeries::new(starts, total),
            affiliates: affiliates.collect(),
        }
    }
}

impl WithSeries {
    fn new(starts: &[DateTime<Utc>], series: &Series) -> Self {
        let mut sum = Activity::default();
        let nothing = Activity::default();
        let buckets = starts.iter().map(|start| {
            let activity = series.get(start).unwrap_or(&nothing);
            sum.add(activity);
            Bucket { start: timestamp(*start), sums: Sums::from(activity) }
        });
        let series = buckets.collect();
        Self { sums: Sums::from(&sum), series }
    }
}

impl From<&Activity> for Sums {
    fn from(activity: &Activity) -> Self {
        let totals = activity.amounts.iter().map(|(currency, amounts)| {
            let [base_value, value, refunded_value] = amounts.money(*currency).map(ExactNumber);
            CurrencySums { currency: currency.to_string(), base_value, value, refunded_value }
        });
        Self {
            clicks: activity.clicks,
            signups: activity.signups,
            purchases: activity.purchases,
            totals: totals.collect(),
        }
    }
}
