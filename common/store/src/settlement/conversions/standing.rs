//! The rows that are stored, as far as they may be those of the settlement.

use super::row::Row;
use crate::settlement::work::Folded;
use crate::{PgConnection, StoreError, realm};
use domain::ids::{ConversionId, Realm};
use domain::key::Key;
use domain::settle::Conversion;
use std::collections::{BTreeMap, BTreeSet};

/// The rows that may be those of the settlement.
pub(super) struct Standing {
    rows: BTreeMap<ConversionId, (Realm, Row)>,
    by_key: BTreeMap<(Realm, Key), ConversionId>,
}

impl Standing {
    pub(super) async fn load(connection: &mut PgConnection, folded: &[Folded]) -> Result<Self, StoreError> {
        let all = || folded.iter().flat_map(|f| f.settlement.conversions.iter().map(move |c| (f.realm, c)));
        let stored = folded.iter().filter(|folded| !folded.is_new && folded.payments.is_none());
        let clusters: Vec<i64> = stored.map(|folded| folded.cluster.0).collect();
        let settled = folded.iter().flat_map(|f| f.payments.iter().flatten().map(move |key| (f.realm, key)));
        let settled: Vec<(Realm, &Key)> = settled.collect();
        let posted: Vec<i64> = all().filter_map(|(_, conversion)| conversion.posted).map(|id| id.0).collect();
        let keys: Vec<(Realm, &Key)> =
            all().flat_map(|(realm, c)| c.aliases.iter().map(move |key| (realm, key))).collect();
        // A row that the API made is not in a cluster yet; it is found by its id or its key. One that is in a cluster is in
        // that of its key.
        let rows = sqlx::query!(
            r#"
            SELECT id AS "id!", project_id AS "project_id!", livemode AS "livemode!", cluster_id,
                   payment_key AS "payment_key!", type AS "kind!", source AS "source!",
                   amount_source AS "amount_source!", status AS "status!", reason,
                   customer_id, affiliate_id, referral_code, coupon_code, currency AS "currency!",
                   base_minor AS "base_minor!", commission_minor AS "commission_minor!",
                   clawed_back_minor AS "clawed_back_minor!", held_minor AS "held_minor!", paid AS "paid!", rule_id,
                   occurred_at AS "occurred_at!", release_at, ordinal, fingerprint
            FROM (
                SELECT id FROM conversions WHERE cluster_id = ANY($1)
                UNION
                SELECT UNNEST($2::BIGINT[])
                UNION
                SELECT c.id
                FROM UNNEST($3::BIGINT[], $4::BOOLEAN[], $5::TEXT[]) AS k (project_id, livemode, payment_key)
                CROSS JOIN LATERAL (
                    SELECT id, project_id, livemode FROM conversions
                    WHERE payment_key = k.payment_key AND cluster_id IS NULL AND merged_into IS NULL OFFSET 0
                ) c
                WHERE c.project_id = k.project_id AND c.livemode = k.livemode
                UNION
                SELECT c.id
                FROM UNNEST($6::BIGINT[], $7::BOOLEAN[], $8::TEXT[]) AS k (project_id, livemode, payment_key)
                CROSS JOIN LATERAL (
                    SELECT id, project_id, livemode FROM conversions
                    WHERE payment_key = k.payment_key AND merged_into IS NULL OFFSET 0
                ) c
                WHERE c.project_id = k.project_id AND c.livemode = k.livemode
            ) AS wanted (wanted_id)
            CROSS JOIN LATERAL (SELECT * FROM conversions WHERE id = wanted_id OFFSET 0) c
            WHERE c.merged_into IS NULL
            "#,
            &clusters,
            &posted,
            &keys.iter().map(|(realm, _)| realm.project.0).collect::<Vec<_>>(),
            &keys.iter().map(|(realm, _)| realm.mode.is_live()).collect::<Vec<_>>(),
            &keys.iter().map(|(_, key)| key.as_str().to_owned()).collect::<Vec<_>>(),
            &settled.iter().map(|(realm, _)| realm.project.0).collect::<Vec<_>>(),
            &settled.iter().map(|(realm, _)| realm.mode.is_live()).collect::<Vec<_>>(),
            &settled.iter().map(|(_, key)| key.as_str().to_owned()).collect::<Vec<_>>(),
        )
        .fetch_all(connection)
        .await?;
        let mut standing = Self { rows: BTreeMap::new(), by_key: BTreeMap::new() };
        for row in rows {
            let home = realm(row.project_id, row.livemode);
            let id = ConversionId(row.id);
            let payment_key = Key::stored(row.payment_key);
            standing.by_key.insert((home, payment_key.clone()), id);
            let row = Row {
                cluster_id: row.cluster_id,
                payment_key,
                kind: row.kind,
                source: row.source,
                amount_source: row.amount_source,
                status: row.status,
                reason: row.reason,
                customer_id: row.customer_id,
                affiliate_id: row.affiliate_id,
                referral_code: row.referral_code,
                coupon_code: row.coupon_code,
                currency: row.currency,
                base_minor: row.base_minor,
                commission_minor: row.commission_minor,
                clawed_back_minor: row.clawed_back_minor,
                held_minor: row.held_minor,
                paid: row.paid,
                rule_id: row.rule_id,
                occurred_at: row.occurred_at,
                release_at: row.release_at,
                ordinal: row.ordinal,
                fingerprint: row.fingerprint,
            };
            standing.rows.insert(id, (home, row));
        }
        Ok(standing)
    }

    /// Settled rows that no payment took.
    pub(super) fn forgotten(self) -> impl Iterator<Item = (ConversionId, Row)> {
        let rows = self.rows.into_iter().map(|(id, (_, row))| (id, row));
        rows.filter(|(_, row)| !row.is_pending() && row.commission_minor != 0)
    }

    /// The rows of one payment, the oldest first.
    pub(super) fn take(&mut self, realm: Realm, conversion: &Conversion) -> Vec<(ConversionId, Row)> {
        let by_key =
            conversion.aliases.iter().filter_map(|key| self.by_key.get(&(realm, key.clone())).copied());
        let ids: BTreeSet<ConversionId> = by_key.chain(conversion.posted).collect();
        ids.into_iter().filter_map(|id| Some((id, self.rows.remove(&id)?.1))).collect()
    }
}
