//! One Stripe customer with its referral and what it has earned: the look-up that a SaaS back end
//! makes while its own customer waits, so it is one statement.

use super::{PgConnection, StoreError};
use crate::affiliates::AffiliateStatus;
use crate::customers::{Customer, CustomerRow};
use crate::decode;
use chrono::{DateTime, Utc};
use domain::ids::{AffiliateId, Realm};
use domain::key::Key;
use domain::money::{Currency, Money};

/// What is known of a customer.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomerStory {
    /// The customer.
    pub customer: Customer,
    /// Whom it is bound to.
    pub affiliate: Option<BoundAffiliate>,
    /// What its conversions come to, one for each currency.
    pub totals: Vec<Total>,
}

/// The affiliate of a customer, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundAffiliate {
    /// Its id.
    pub id: AffiliateId,
    /// Its address.
    pub user_email: String,
    /// Its current code.
    pub referral_code: String,
    /// A name for links.
    pub partner_slug: Option<String>,
    /// Whether its codes bind.
    pub status: AffiliateStatus,
}

/// What the conversions of one currency come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Total {
    /// How many there are.
    pub count: i64,
    /// Event time of the first.
    pub first_at: DateTime<Utc>,
    /// Event time of the last.
    pub last_at: DateTime<Utc>,
    /// Commissionable base.
    pub base: Money,
    /// Commission, net of what was taken back.
    pub value: Money,
    /// What was taken back.
    pub clawed_back: Money,
}

/// The customer with this key.
pub async fn customer_story(
    connection: &mut PgConnection,
    realm: Realm,
    key: &Key,
) -> Result<Option<CustomerStory>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT c.id, c.user_email, c.status, c.converted_at, c.first_seen_at, c.affiliate_id, c.referral_code,
                c.coupon_code, c.stripe_customer_id, c.external_id, c.attribution, c.bound_at,
                a.user_email AS "affiliate_email?", a.referral_code AS "affiliate_code?", a.partner_slug,
                a.status AS "affiliate_status?", a.closed_at AS "affiliate_closed_at?",
                t.currency AS "currency?", t.count AS "count?", t.first_at, t.last_at,
                t.base_minor AS "base_minor?", t.value_minor AS "value_minor?",
                t.clawed_back_minor AS "clawed_back_minor?"
         FROM identity_keys k
         LEFT JOIN customers sole ON sole.cluster_id = k.cluster_id AND sole.has_cluster
         JOIN customers c ON c.id = coalesce(sole.id, k.customer_id)
         LEFT JOIN affiliates a ON a.id = c.affiliate_id
         LEFT JOIN LATERAL (
             SELECT v.currency, count(*) AS count, min(v.occurred_at) AS first_at, max(v.occurred_at) AS last_at,
                    sum(v.base_minor)::bigint AS base_minor,
                    sum(v.commission_minor - v.clawed_back_minor)::bigint AS value_minor,
                    sum(v.clawed_back_minor)::bigint AS clawed_back_minor
             FROM conversions v
             WHERE v.customer_id = c.id AND v.merged_into IS NULL
             GROUP BY v.currency
         ) t ON TRUE
         WHERE k.project_id = $1 AND k.livemode = $2 AND k.key = $3
         ORDER BY t.currency"#,
        realm.project.0,
        realm.mode.is_live(),
        key.as_str(),
    )
    .fetch_all(connection)
    .await?;
    let mut story: Option<CustomerStory> = None;
    for row in rows {
        let total = match (row.currency, row.count, row.first_at, row.last_at) {
            (Some(currency), Some(count), Some(first_at), Some(last_at)) => {
                let currency = Currency::stored(&currency).map_err(decode)?;
                let money = |minor: Option<i64>| Money { minor: minor.unwrap_or(0), currency };
                Some(Total {
                    count,
                    first_at,
                    last_at,
                    base: money(row.base_minor),
                    value: money(row.value_minor),
                    clawed_back: money(row.clawed_back_minor),
                })
            }
            _ => None,
        };
        if story.is_none() {
            let affiliate = match (row.affiliate_id, row.affiliate_email, row.affiliate_code) {
                (Some(id), Some(user_email), Some(referral_code)) => Some(BoundAffiliate {
                    id: AffiliateId(id),
                    user_email,
                    referral_code,
                    partner_slug: row.partner_slug,
                    status: AffiliateStatus::of(
                        row.affiliate_status.as_deref().unwrap_or_default(),
                        row.affiliate_closed_at,
                    ),
                }),
                _ => None,
            };
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
            story = Some(CustomerStory { customer: customer.try_into()?, affiliate, totals: Vec::new() });
        }
        if let (Some(story), Some(total)) = (story.as_mut(), total) {
            story.totals.push(total);
        }
    }
    Ok(story)
}
