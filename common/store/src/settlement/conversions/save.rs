//! Statements that write rows, all of a batch at once.

use super::columns::Columns;
use super::row::{Row, Target};
use crate::settlement::{cause::Cause, written::Written};
use crate::{PgConnection, StoreError, realm};
use chrono::{DateTime, Utc};
use domain::ids::{ConversionId, Realm};
use domain::settle::Conversion;
use std::collections::BTreeMap;

/// A payment of which there is no row yet.
pub(super) struct Missing<'a> {
    pub(super) realm: Realm,
    pub(super) target: Target,
    pub(super) conversion: &'a Conversion,
    pub(super) cause: Cause,
    /// Whether this transaction made its cluster, and so all of its keys.
    pub(super) is_of_new_cluster: bool,
}

/// Of payments of which no event tells any more; their story stays.
pub(super) async fn forget(
    connection: &mut PgConnection,
    forgotten: &[(ConversionId, Row)],
) -> Result<(), StoreError> {
    if forgotten.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"
        UPDATE conversions c
        SET status = new.status, reason = new.reason, affiliate_id = NULL, commission_minor = 0, clawed_back_minor = 0,
            held_minor = 0, paid = FALSE
        FROM UNNEST($1::BIGINT[], $2::TEXT[], $3::TEXT[]) AS new (id, status, reason)
        WHERE c.id = new.id
        "#,
        &forgotten.iter().map(|(id, _)| id.0).collect::<Vec<_>>(),
        &forgotten.iter().map(|(_, row)| row.status.clone()).collect::<Vec<_>>(),
        &forgotten.iter().map(|(_, row)| row.reason.clone()).collect::<Vec<_>>() as &[Option<String>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Of rows that differ, all that the fold says.
pub(super) async fn update(
    connection: &mut PgConnection,
    changed: &[(ConversionId, Target)],
) -> Result<(), StoreError> {
    if changed.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(changed.iter().map(|(_, target)| target));
    sqlx::query!(
        r#"
        UPDATE conversions c
        SET cluster_id = new.cluster_id, payment_key = new.payment_key, type = new.type, source = new.source,
            status = new.status, reason = new.reason, customer_id = new.customer_id,
            affiliate_id = new.affiliate_id, referral_code = new.referral_code, coupon_code = new.coupon_code,
            currency = new.currency, base_minor = new.base_minor, commission_minor = new.commission_minor,
            clawed_back_minor = new.clawed_back_minor, held_minor = new.held_minor, paid = new.paid,
            rule_id = new.rule_id, attribution = new.attribution::JSONB, explanation = new.explanation::JSONB,
            occurred_at = new.occurred_at, release_at = new.release_at, fingerprint = new.fingerprint,
            ordinal = new.ordinal, amount_source = new.amount_source
        FROM UNNEST($1::BIGINT[], $2::BIGINT[], $3::TEXT[], $4::TEXT[], $5::TEXT[], $6::TEXT[], $7::TEXT[],
                    $8::BIGINT[], $9::BIGINT[], $10::TEXT[], $11::TEXT[], $12::TEXT[], $13::BIGINT[], $14::BIGINT[],
                    $15::BIGINT[], $16::BIGINT[], $17::BOOLEAN[], $18::BIGINT[], $19::TEXT[], $20::TEXT[],
                    $21::TIMESTAMPTZ[], $22::TIMESTAMPTZ[], $23::BIGINT[], $24::INTEGER[], $25::TEXT[])
            AS new (id, cluster_id, payment_key, type, source, status, reason, customer_id, affiliate_id,
                    referral_code, coupon_code, currency, base_minor, commission_minor, clawed_back_minor, held_minor,
                    paid, rule_id, attribution, explanation, occurred_at, release_at, fingerprint, ordinal,
                    amount_source)
        WHERE c.id = new.id
        "#,
        &changed.iter().map(|(id, _)| id.0).collect::<Vec<_>>(),
        &columns.cluster_id as &[Option<i64>],
        &columns.payment_key,
        &columns.kind,
        &columns.source,
        &columns.status,
        &columns.reason as &[Option<String>],
        &columns.customer_id as &[Option<i64>],
        &columns.affiliate_id as &[Option<i64>],
        &columns.referral_code as &[Option<String>],
        &columns.coupon_code as &[Option<String>],
        &columns.currency,
        &columns.base_minor,
        &columns.commission_minor,
        &columns.clawed_back_minor,
        &columns.held_minor,
        &columns.paid,
        &columns.rule_id as &[Option<i64>],
        &columns.attribution as &[Option<String>],
        &columns.explanation,
        &columns.occurred_at,
        &columns.release_at as &[Option<DateTime<Utc>>],
        &columns.fingerprint as &[Option<i64>],
        &columns.ordinal as &[Option<i32>],
        &columns.amount_source,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Makes the rows that are missing.
pub(super) async fn insert(
    connection: &mut PgConnection,
    missing: &[Missing<'_>],
) -> Result<Vec<Written>, StoreError> {
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let columns = Columns::of(missing.iter().map(|missing| &missing.target));
    let inserted = sqlx::query!(
        r#"
        INSERT INTO conversions (project_id, livemode, cluster_id, payment_key, type, source, status, reason,
                                 customer_id, affiliate_id, referral_code, coupon_code, currency, base_minor,
                                 commission_minor, clawed_back_minor, held_minor, paid, rule_id, attribution,
                                 explanation, occurred_at, release_at, fingerprint, ordinal, amount_source)
        SELECT project_id, livemode, cluster_id, payment_key, type, source, status, reason, customer_id, affiliate_id,
               referral_code, coupon_code, currency, base_minor, commission_minor, clawed_back_minor, held_minor, paid,
               rule_id, attribution::JSONB, explanation::JSONB, occurred_at, release_at, fingerprint, ordinal,
               amount_source
        FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::BIGINT[], $4::TEXT[], $5::TEXT[], $6::TEXT[], $7::TEXT[],
                    $8::TEXT[], $9::BIGINT[], $10::BIGINT[], $11::TEXT[], $12::TEXT[], $13::TEXT[], $14::BIGINT[],
                    $15::BIGINT[], $16::BIGINT[], $17::BIGINT[], $18::BOOLEAN[], $19::BIGINT[], $20::TEXT[],
                    $21::TEXT[], $22::TIMESTAMPTZ[], $23::TIMESTAMPTZ[], $24::BIGINT[], $25::INTEGER[], $26::TEXT[])
            AS new (project_id, livemode, cluster_id, payment_key, type, source, status, reason, customer_id,
                    affiliate_id, referral_code, coupon_code, currency, base_minor, commission_minor, clawed_back_minor,
                    held_minor, paid, rule_id, attribution, explanation, occurred_at, release_at, fingerprint, ordinal,
                    amount_source)
        RETURNING id, project_id, livemode, payment_key
        "#,
        &missing.iter().map(|missing| missing.realm.project.0).collect::<Vec<_>>(),
        &missing.iter().map(|missing| missing.realm.mode.is_live()).collect::<Vec<_>>(),
        &columns.cluster_id as &[Option<i64>],
        &columns.payment_key,
        &columns.kind,
        &columns.source,
        &columns.status,
        &columns.reason as &[Option<String>],
        &columns.customer_id as &[Option<i64>],
        &columns.affiliate_id as &[Option<i64>],
        &columns.referral_code as &[Option<String>],
        &columns.coupon_code as &[Option<String>],
        &columns.currency,
        &columns.base_minor,
        &columns.commission_minor,
        &columns.clawed_back_minor,
        &columns.held_minor,
        &columns.paid,
        &columns.rule_id as &[Option<i64>],
        &columns.attribution as &[Option<String>],
        &columns.explanation,
        &columns.occurred_at,
        &columns.release_at as &[Option<DateTime<Utc>>],
        &columns.fingerprint as &[Option<i64>],
        &columns.ordinal as &[Option<i32>],
        &columns.amount_source,
    )
    .fetch_all(connection)
    .await?;
    let ids: BTreeMap<(Realm, String), ConversionId> = inserted
        .into_iter()
        .map(|row| ((realm(row.project_id, row.livemode), row.payment_key), ConversionId(row.id)))
        .collect();
    let written = missing.iter().filter_map(|missing| {
        let Missing { realm, target, conversion, cause, is_of_new_cluster } = missing;
        let id = ids.get(&(*realm, target.row.payment_key.as_str().to_owned()))?;
        let first = Some(conversion.event.clone());
        let mut row = target.row.written(*id, cause.clone(), true).told_by(*realm, conversion);
        if *is_of_new_cluster {
            // Nobody has pointed its own key elsewhere.
            row.keys.retain(|(_, key)| *key != target.row.payment_key);
        }
        Some(Written { first, is_new: true, ..row })
    });
    Ok(written.collect())
}
