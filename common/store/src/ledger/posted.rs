//! Entries as they are posted, and the conversions that they concern: one statement, since a few entries take as long as their
//! statements come one after the other.

use super::Entry;
use crate::conversions::{self, Conversion, Row};
use crate::notifications::Referred;
use crate::{PgConnection, StoreError, decode, realm};
use domain::ids::Realm;
use std::collections::{BTreeMap, BTreeSet};

/// Entries that were posted.
pub(super) struct Posted {
    /// Their ids, in their order.
    pub(super) ids: Vec<i64>,
    /// Their conversions, each as its own row stands.
    pub(super) conversions: BTreeMap<i64, Described>,
}

/// A conversion, for those who are told of it.
pub(super) struct Described {
    pub(super) realm: Realm,
    pub(super) referred: Option<Referred>,
    /// As the REST API gives it.
    pub(super) data: String,
}

/// Posts entries in their order.
pub(super) async fn insert(connection: &mut PgConnection, entries: &[Entry]) -> Result<Posted, StoreError> {
    let column = |of: fn(&Entry) -> Option<String>| entries.iter().map(of).collect::<Vec<_>>();
    let conversions: BTreeSet<i64> = entries.iter().map(|entry| entry.conversion.0).collect();
    let rows = sqlx::query!(
        r#"
        WITH posted AS (
            INSERT INTO ledger_entries (project_id, livemode, conversion_id, affiliate_id, currency, from_account,
                                        to_account, amount_minor, cause, event_id, actor, reason, rule_id, payout_id)
            SELECT c.project_id, c.livemode, new.conversion_id, new.affiliate_id, new.currency, new.from_account,
                   new.to_account, new.amount_minor, new.cause, new.event_id, new.actor, new.reason, new.rule_id,
                   new.payout_id
            FROM UNNEST($1::BIGINT[], $2::BIGINT[], $3::TEXT[], $4::TEXT[], $5::TEXT[], $6::BIGINT[], $7::TEXT[],
                        $8::TEXT[], $9::TEXT[], $10::TEXT[], $11::BIGINT[], $12::BIGINT[]) WITH ORDINALITY
                AS new (conversion_id, affiliate_id, currency, from_account, to_account, amount_minor, cause, event_id,
                        actor, reason, rule_id, payout_id, place)
            JOIN conversions c ON c.id = new.conversion_id
            ORDER BY new.place
            RETURNING id
        )
        SELECT c.id, c.project_id, c.livemode, c.type AS kind, c.status, c.source, c.commission_minor,
               c.clawed_back_minor, c.base_minor, c.currency, c.affiliate_id, c.customer_id, c.referral_code,
               coalesce(c.coupon_code, c.request #>> '{conversion,coupon_code}') AS coupon_code, c.reference,
               c.payment_key,
               (c.paid OR (c.paid_out_minor > 0 AND c.paid_out_minor >= c.commission_minor - c.clawed_back_minor))
                   AS "paid!",
               c.url, c.attribution, c.occurred_at, c.release_at, k.user_email AS "customer_email?",
               -- Numbered in the order in which they were written; with one of the rows.
               CASE WHEN wanted.place = 1 THEN (SELECT array_agg(id ORDER BY id) FROM posted) END AS entries
        FROM UNNEST($13::BIGINT[]) WITH ORDINALITY AS wanted (id, place)
        CROSS JOIN LATERAL (SELECT * FROM conversions WHERE id = wanted.id OFFSET 0) c
        LEFT JOIN LATERAL (SELECT * FROM customers WHERE id = c.customer_id OFFSET 0) k ON TRUE
        "#,
        &entries.iter().map(|entry| entry.conversion.0).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.affiliate.0).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.currency.clone()).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.accounts().0.to_owned()).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.accounts().1.to_owned()).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.payable.saturating_abs()).collect::<Vec<_>>(),
        &entries.iter().map(|entry| entry.movement.to_owned()).collect::<Vec<_>>(),
        &column(|entry| entry.cause.event.clone()) as &[Option<String>],
        &column(|entry| entry.cause.actor.clone()) as &[Option<String>],
        &column(|entry| entry.cause.reason.clone()) as &[Option<String>],
        &entries.iter().map(|entry| entry.rule).collect::<Vec<_>>() as &[Option<i64>],
        &entries.iter().map(|entry| entry.payout.map(|id| id.0)).collect::<Vec<_>>() as &[Option<i64>],
        &conversions.into_iter().collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    let mut posted = Posted { ids: Vec::new(), conversions: BTreeMap::new() };
    for row in rows {
        posted.ids.extend(row.entries.into_iter().flatten());
        let referred = row.customer_id.map(|id| Referred { id: id.to_string(), email: row.customer_email });
        let realm = realm(row.project_id, row.livemode);
        let conversion: Conversion = Row {
            id: row.id,
            project_id: row.project_id,
            r#type: row.kind,
            status: row.status,
            source: row.source,
            commission_minor: row.commission_minor,
            clawed_back_minor: row.clawed_back_minor,
            base_minor: row.base_minor,
            currency: row.currency,
            affiliate_id: row.affiliate_id,
            customer_id: row.customer_id,
            referral_code: row.referral_code,
            coupon_code: row.coupon_code,
            reference: row.reference,
            payment_key: row.payment_key,
            paid: row.paid,
            url: row.url,
            attribution: row.attribution,
            occurred_at: row.occurred_at,
            release_at: row.release_at,
        }
        .try_into()?;
        let data = conversions::object(&conversion)?;
        posted.conversions.insert(row.id, Described { realm, referred, data });
    }
    if posted.ids.len() == entries.len() { Ok(posted) } else { Err(decode("an entry of no conversion")) }
}
