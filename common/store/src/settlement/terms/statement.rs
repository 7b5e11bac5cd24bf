//! The statement that reads rules and registry.

use super::told::Told;
use crate::PgConnection;
use crate::settlement::BatchError;
use domain::directory::Mentions;
use domain::ids::{AffiliateId, ClusterId, ProjectId, Realm};
use domain::key::Key;
use sqlx::types::Json;
use std::collections::{BTreeMap, BTreeSet};

/// Of which payments it is asked whether they were paid out.
#[derive(Clone, Copy, Debug)]
pub(in crate::settlement) enum Payments<'a> {
    /// All of these clusters.
    Of(&'a BTreeSet<ClusterId>),
    /// Those with these keys.
    Named(&'a [(Realm, Key)]),
}

/// What facts mention, as columns.
#[derive(Default)]
struct Columns {
    projects: Vec<i64>,
    livemodes: Vec<bool>,
    values: Vec<String>,
}

impl Columns {
    fn of(mentions: &BTreeMap<Realm, Mentions>) -> Self {
        let mut columns = Self::default();
        for (realm, mentions) in mentions {
            for value in &mentions.values {
                columns.projects.push(realm.project.0);
                columns.livemodes.push(realm.mode.is_live());
                columns.values.push(value.as_str().to_owned());
            }
        }
        columns
    }
}

/// Reads what is mentioned, as far as it exists: the rules of the projects, what is called by one of the values, who owns that or is
/// named, and when payouts first paid the commission of each payment, of those of which something is still paid. Callers' words
/// that it was paid are among the facts, each with a time of its own.
#[expect(clippy::too_many_lines, reason = "one statement")]
pub(super) async fn read(
    connection: &mut PgConnection,
    mentions: &BTreeMap<Realm, Mentions>,
    payments: Payments<'_>,
) -> Result<Vec<Told>, BatchError> {
    let Columns { projects, livemodes, values } = Columns::of(mentions);
    let affiliates: BTreeSet<AffiliateId> =
        mentions.values().flat_map(|mentions| mentions.affiliates.iter().copied()).collect();
    let of: BTreeSet<ProjectId> = mentions.keys().map(|realm| realm.project).collect();
    let (clusters, named): (Vec<i64>, &[(Realm, Key)]) = match payments {
        Payments::Of(clusters) => (clusters.iter().map(|id| id.0).collect(), &[]),
        Payments::Named(named) => (Vec::new(), named),
    };
    let told = sqlx::query_scalar!(
        r#"
        WITH named AS (
            SELECT * FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::TEXT[]) AS named (project_id, livemode, value)
        ), codes AS (
            SELECT c.* FROM named CROSS JOIN LATERAL (
                SELECT project_id, livemode, affiliate_id, code, code_folded, created_at FROM referral_codes
                WHERE project_id = named.project_id AND livemode = named.livemode AND code_folded = named.value OFFSET 0
            ) c
        ), clicked AS (
            SELECT c.* FROM named CROSS JOIN LATERAL (
                SELECT project_id, livemode, affiliate_id, click_id, code, occurred_at FROM clicks
                WHERE click_id = named.value OFFSET 0
            ) c
            WHERE c.project_id = named.project_id AND c.livemode = named.livemode
        ), called AS (
            SELECT DISTINCT ON (c.id) c.* FROM named CROSS JOIN LATERAL (
                SELECT id FROM coupons WHERE code_folded = named.value
                UNION ALL
                SELECT id FROM coupons WHERE lower(stripe_coupon_id) = named.value
                UNION ALL
                SELECT id FROM coupons WHERE lower(stripe_promotion_code_id) = named.value
                UNION ALL
                SELECT k.id FROM stripe_codes t
                JOIN coupons k ON k.project_id = t.project_id AND k.livemode = t.livemode AND k.code_folded = t.code_folded
                WHERE t.id_folded = named.value AND t.kind = 'promotion_code'
                OFFSET 0
            ) so_called (coupon_id)
            JOIN coupons c ON c.id = so_called.coupon_id AND c.project_id = named.project_id
                 AND c.livemode = named.livemode
            ORDER BY c.id
        ), owners AS (
            SELECT UNNEST($4::BIGINT[]) AS id
            UNION SELECT affiliate_id FROM codes UNION SELECT affiliate_id FROM clicked UNION SELECT affiliate_id FROM called
        ), paid_out AS (
            SELECT c.project_id, c.livemode, c.payment_key, min(e.posted_at) FILTER (WHERE e.to_account = 'paid') AS left_at
            FROM (
                SELECT id, project_id, livemode, payment_key FROM conversions WHERE cluster_id = ANY($6)
                UNION ALL
                -- With the rows that were merged into it: what was paid out under another name was paid out.
                SELECT c.id, k.project_id, k.livemode, c.payment_key
                FROM UNNEST($7::BIGINT[], $8::BOOLEAN[], $9::TEXT[]) AS k (project_id, livemode, payment_key)
                CROSS JOIN LATERAL (
                    SELECT id, project_id, livemode, payment_key FROM conversions
                    WHERE payment_key = k.payment_key AND merged_into IS NULL OFFSET 0
                ) stands
                CROSS JOIN LATERAL (
                    SELECT stands.id, stands.payment_key
                    UNION ALL
                    (SELECT id, payment_key FROM conversions WHERE merged_into = stands.id OFFSET 0)
                ) c
                WHERE stands.project_id = k.project_id AND stands.livemode = k.livemode
            ) c
            CROSS JOIN LATERAL (SELECT * FROM ledger_movements WHERE conversion_id = c.id OFFSET 0) e
            WHERE 'paid' IN (e.from_account, e.to_account) AND e.payout_id IS NOT NULL
            GROUP BY c.id, c.project_id, c.livemode, c.payment_key
            HAVING sum(e.paid) > 0
        )
        SELECT json_build_object('kind', 'rules', 'told', json_build_object(
                   'project_id', r.project_id, 'id', r.id,
                   'valid_from', (extract(epoch FROM NULLIF(r.valid_from, '-infinity')) * 1000000)::BIGINT,
                   'rules', r.rules, 'payable_from', (extract(epoch FROM p.payable_from) * 1000000)::BIGINT,
                   'rules_as_of', (extract(epoch FROM p.rules_as_of) * 1000000)::BIGINT))
               AS "told!: Json<Told>"
        FROM program_rules r JOIN projects p ON p.id = r.project_id WHERE r.project_id = ANY($5)
        UNION ALL
        SELECT json_build_object('kind', 'code', 'told', json_build_object(
                   'project_id', project_id, 'livemode', livemode, 'affiliate_id', affiliate_id, 'code', code,
                   'code_folded', code_folded, 'created_at', (extract(epoch FROM created_at) * 1000000)::BIGINT))
        FROM codes
        UNION ALL
        SELECT json_build_object('kind', 'click', 'told', json_build_object(
                   'project_id', project_id, 'livemode', livemode, 'affiliate_id', affiliate_id, 'click_id', click_id,
                   'code', code, 'occurred_at', (extract(epoch FROM occurred_at) * 1000000)::BIGINT))
        FROM clicked
        UNION ALL
        SELECT json_build_object('kind', 'coupon', 'told', json_build_object(
                   'project_id', c.project_id, 'livemode', c.livemode, 'affiliate_id', c.affiliate_id, 'id', c.id,
                   'coupon', coalesce(c.former_of, c.id), 'coupon_code', c.coupon_code, 'code_folded', c.code_folded,
                   'stripe_coupon_id', c.stripe_coupon_id, 'stripe_promotion_code_id', c.stripe_promotion_code_id,
                   'created_at', (extract(epoch FROM c.named_at) * 1000000)::BIGINT,
                   'deleted_at', (extract(epoch FROM c.deleted_at) * 1000000)::BIGINT,
                   'suspensions', coalesce((SELECT json_agg(json_build_object(
                        'from', (extract(epoch FROM NULLIF(suspended_from, '-infinity')) * 1000000)::BIGINT,
                        'until', (extract(epoch FROM suspended_until) * 1000000)::BIGINT) ORDER BY id)
                     FROM suspensions WHERE coupon_id = coalesce(c.former_of, c.id)), '[]'),
                   'twins', coalesce((SELECT json_agg(t.id_folded ORDER BY t.id_folded) FROM stripe_codes t
                     WHERE t.project_id = c.project_id AND t.livemode = c.livemode AND t.code_folded = c.code_folded
                       AND t.kind = 'promotion_code' AND t.id_folded = ANY($3)), '[]')))
        FROM called c
        UNION ALL
        SELECT json_build_object('kind', 'affiliate', 'told', json_build_object(
                   'id', a.id, 'project_id', a.project_id, 'livemode', a.livemode, 'referral_code', a.referral_code,
                   'created_at', (extract(epoch FROM a.created_at) * 1000000)::BIGINT,
                   'closed_at', (extract(epoch FROM a.closed_at) * 1000000)::BIGINT, 'user_email', a.user_email,
                   'payout_preferences', a.payout_preferences::TEXT,
                   -- Those with which the affiliate began always were its own.
                   'addresses', coalesce((SELECT json_agg(json_build_object('email', email_normalised, 'role', role,
                        'since', CASE WHEN created_at > first_at THEN (extract(epoch FROM created_at) * 1000000)::BIGINT END)
                        ORDER BY known.id)
                     FROM (SELECT *, min(created_at) OVER () AS first_at FROM affiliate_addresses
                           WHERE affiliate_id = a.id) AS known), '[]'),
                   'codes', coalesce((SELECT json_agg(json_build_object(
                        'code', code, 'since', (extract(epoch FROM NULLIF(since, '-infinity')) * 1000000)::BIGINT) ORDER BY id)
                     FROM affiliate_codes WHERE affiliate_id = a.id), '[]'),
                   'suspensions', coalesce((SELECT json_agg(json_build_object(
                        'from', (extract(epoch FROM NULLIF(suspended_from, '-infinity')) * 1000000)::BIGINT,
                        'until', (extract(epoch FROM suspended_until) * 1000000)::BIGINT) ORDER BY id)
                     FROM suspensions WHERE affiliate_id = a.id), '[]'),
                   'commissions', coalesce((SELECT json_agg(json_build_object(
                        'id', id, 'valid_from', (extract(epoch FROM NULLIF(valid_from, '-infinity')) * 1000000)::BIGINT,
                        'commission', commission) ORDER BY id)
                     FROM affiliate_commissions WHERE affiliate_id = a.id), '[]')))
        FROM owners CROSS JOIN LATERAL (SELECT * FROM affiliates WHERE id = owners.id OFFSET 0) a
        UNION ALL
        SELECT json_build_object('kind', 'paid_out', 'told', json_build_object(
                   'project_id', project_id, 'livemode', livemode, 'payment_key', payment_key,
                   'left_at', (extract(epoch FROM left_at) * 1000000)::BIGINT))
        FROM paid_out
        "#,
        &projects,
        &livemodes,
        &values,
        &affiliates.iter().map(|id| id.0).collect::<Vec<_>>(),
        &of.iter().map(|id| id.0).collect::<Vec<_>>(),
        &clusters,
        &named.iter().map(|(realm, _)| realm.project.0).collect::<Vec<_>>(),
        &named.iter().map(|(realm, _)| realm.mode.is_live()).collect::<Vec<_>>(),
        &named.iter().map(|(_, key)| key.as_str().to_owned()).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await
    .map_err(|error| match error {
        sqlx::Error::ColumnDecode { source, .. } => {
            BatchError::Unreadable(format!("rules or registry: {source}"))
        }
        other => other.into(),
    })?;
    Ok(told.into_iter().map(|Json(told)| told).collect())
}
