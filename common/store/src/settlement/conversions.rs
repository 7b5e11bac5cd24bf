//! Writes the conversions that the fold implies.

use super::cause::{Cause, Causes};
use super::customers::CustomerRows;
use super::ledger::Amounts;
use super::merged;
use super::story::Story;
use super::work::Folded;
use crate::{PgConnection, StoreError, realm};
use chrono::{DateTime, Utc};
use domain::fact::ConversionKind;
use domain::ids::{AffiliateId, ClusterId, ConversionId, CustomerId, Realm};
use domain::key::Key;
use domain::settle::{Conversion, SaidPaid};
use std::collections::{BTreeMap, BTreeSet};

/// A conversion's row after the fold, and what the ledger has to say of it.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) id: ConversionId,
    pub(super) affiliate: Option<AffiliateId>,
    pub(super) currency: String,
    pub(super) amounts: Amounts,
    /// Whether callers of the REST API said anything of its payment.
    pub(super) is_posted: bool,
    /// What callers said has left.
    pub(super) said_paid: Vec<SaidPaid>,
    /// Every name of its payment.
    pub(super) keys: Vec<(Realm, Key)>,
    /// The row's own.
    pub(super) payment: Option<Key>,
    /// The payment's own event, when it is settled for the first time: that it earns needs no other.
    pub(super) first: Option<String>,
    /// What brought about any other movement.
    pub(super) cause: Cause,
    pub(super) rule: Option<i64>,
    /// Whether anything about the row is new.
    pub(super) changed: bool,
    /// Whether the row was made just now: nothing is posted for it yet.
    pub(super) is_new: bool,
}

impl Written {
    /// With what the fold says beside the row.
    fn told_by(self, realm: Realm, conversion: &Conversion) -> Self {
        let keys = conversion.aliases.iter().map(|key| (realm, key.clone())).collect();
        let is_posted = conversion.posted.is_some();
        Self { is_posted, said_paid: conversion.said_paid.clone(), keys, ..self }
    }
}

/// A row as it stands, or should, but for its story.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    cluster_id: Option<i64>,
    payment_key: Key,
    kind: String,
    source: String,
    status: String,
    reason: Option<String>,
    customer_id: Option<i64>,
    affiliate_id: Option<i64>,
    referral_code: Option<String>,
    coupon_code: Option<String>,
    currency: String,
    base_minor: i64,
    commission_minor: i64,
    clawed_back_minor: i64,
    held_minor: i64,
    paid: bool,
    rule_id: Option<i64>,
    occurred_at: DateTime<Utc>,
    release_at: Option<DateTime<Utc>>,
    ordinal: Option<i32>,
    /// Of the story; none of a row that an older release wrote.
    fingerprint: Option<i64>,
}

/// A row as it should be.
struct Target {
    row: Row,
    story: Story,
}

impl Target {
    fn new(
        cluster: ClusterId,
        conversion: &Conversion,
        customer: Option<CustomerId>,
    ) -> Result<Self, StoreError> {
        let story = Story::of(conversion)?;
        Ok(Self { row: Row::target(cluster, conversion, customer, story.fingerprint()), story })
    }
}

impl Row {
    fn target(
        cluster: ClusterId,
        conversion: &Conversion,
        customer: Option<CustomerId>,
        fingerprint: i64,
    ) -> Self {
        let bind = conversion.bind.as_ref();
        Self {
            cluster_id: Some(cluster.0),
            payment_key: conversion.payment.clone(),
            kind: match conversion.kind {
                ConversionKind::Signup => "signup".to_owned(),
                ConversionKind::Purchase => "purchase".to_owned(),
            },
            source: conversion.source.as_str().to_owned(),
            status: conversion.status.as_str().to_owned(),
            reason: conversion.reason.clone(),
            customer_id: customer.map(|id| id.0),
            affiliate_id: bind.map(|bind| bind.affiliate.0),
            referral_code: bind.and_then(|bind| bind.referral_code.clone()),
            coupon_code: bind.and_then(|bind| bind.coupon_code.clone()),
            currency: conversion.currency.to_string(),
            base_minor: conversion.base,
            commission_minor: conversion.commission,
            clawed_back_minor: conversion.clawed_back,
            held_minor: conversion.held,
            paid: conversion.paid,
            rule_id: Some(conversion.rule.0),
            occurred_at: conversion.occurred_at,
            release_at: conversion.release_at,
            ordinal: conversion.ordinal.and_then(|ordinal| i32::try_from(ordinal).ok()),
            fingerprint: Some(fingerprint),
        }
    }

    /// The row when no fact tells of its payment any more.
    fn without_payment(self) -> Self {
        Self {
            status: "reversed".to_owned(),
            reason: Some("no event tells of this payment any more".to_owned()),
            affiliate_id: None,
            commission_minor: 0,
            clawed_back_minor: 0,
            held_minor: 0,
            paid: false,
            ..self
        }
    }

    fn written(&self, id: ConversionId, cause: Cause, changed: bool) -> Written {
        let amounts = Amounts::of_row(self.commission_minor, self.clawed_back_minor, self.held_minor);
        Written {
            id,
            affiliate: self.affiliate_id.map(AffiliateId),
            currency: self.currency.clone(),
            amounts,
            is_posted: true,
            said_paid: Vec::new(),
            keys: Vec::new(),
            payment: Some(self.payment_key.clone()),
            first: None,
            cause,
            rule: self.rule_id,
            changed,
            is_new: false,
        }
    }
}

/// Writes the difference, and tells what the ledger has to say of every row.
pub(super) async fn write(
    conn: &mut PgConnection,
    folded: &[Folded],
    customers: &CustomerRows,
    causes: &Causes,
) -> Result<Vec<Written>, StoreError> {
    let mut standing = Standing::load(conn, folded).await?;
    let mut written = Vec::new();
    let mut missing: Vec<Missing<'_>> = Vec::new();
    let mut changed: Vec<(ConversionId, Target)> = Vec::new();
    let mut merged: Vec<(ConversionId, ConversionId)> = Vec::new();
    for cluster in folded {
        let cause = causes.for_cluster(cluster.cluster);
        for conversion in &cluster.settlement.conversions {
            let customer = conversion
                .customer
                .as_ref()
                .and_then(|anchor| customers.get(&(cluster.cluster, anchor.clone())).copied());
            let target = Target::new(cluster.cluster, conversion, customer)?;
            let mut matches = standing.take(cluster.realm, conversion).into_iter();
            let Some((id, row)) = matches.next() else {
                missing.push(Missing { realm: cluster.realm, target, conversion, cause: cause.clone() });
                continue;
            };
            let differs = row != target.row;
            let first = (row.status == "pending").then(|| conversion.event.clone());
            let row = target.row.written(id, cause.clone(), differs);
            written.push(Written { first, ..row.told_by(cluster.realm, conversion) });
            if differs {
                changed.push((id, target));
            }
            // Two rows turned out to be one payment: the older one stays, the other's ledger is
            // reversed (SEMANTICS 1).
            for (loser, row) in matches {
                merged.push((loser, id));
                let nothing = Row { affiliate_id: None, ..row };
                written.push(nothing.written(loser, cause.clone(), true));
            }
        }
    }
    let mut forgotten = Vec::new();
    for (id, row) in standing.forgotten() {
        let row = row.without_payment();
        let cause = row.cluster_id.map(|id| causes.for_cluster(ClusterId(id))).unwrap_or_default();
        written.push(row.written(id, cause, true));
        forgotten.push((id, row));
    }
    merged::merge(conn, &merged).await?;
    forget(conn, &forgotten).await?;
    update(conn, &changed).await?;
    written.extend(insert(conn, &missing).await?);
    Ok(written)
}

/// A payment of which there is no row yet.
struct Missing<'a> {
    realm: Realm,
    target: Target,
    conversion: &'a Conversion,
    cause: Cause,
}

/// The rows that may be those of the settlement.
struct Standing {
    rows: BTreeMap<ConversionId, (Realm, Row)>,
    by_key: BTreeMap<(Realm, Key), ConversionId>,
}

impl Standing {
    async fn load(conn: &mut PgConnection, folded: &[Folded]) -> Result<Self, StoreError> {
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
                   payment_key AS "payment_key!", type AS "kind!", source AS "source!", status AS "status!", reason,
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
            CROSS JOIN LATERAL (SELECT * FROM conversions WHERE id = wanted_id AND merged_into IS NULL OFFSET 0) c
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
        .fetch_all(conn)
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
    fn forgotten(self) -> impl Iterator<Item = (ConversionId, Row)> {
        let rows = self.rows.into_iter().map(|(id, (_, row))| (id, row));
        rows.filter(|(_, row)| row.status != "pending" && row.commission_minor != 0)
    }

    /// The rows of one payment, the oldest first.
    fn take(&mut self, realm: Realm, conversion: &Conversion) -> Vec<(ConversionId, Row)> {
        let by_key =
            conversion.aliases.iter().filter_map(|key| self.by_key.get(&(realm, key.clone())).copied());
        let ids: BTreeSet<ConversionId> = by_key.chain(conversion.posted).collect();
        ids.into_iter().filter_map(|id| Some((id, self.rows.remove(&id)?.1))).collect()
    }
}

/// Of payments of which no event tells any more; their story stays.
async fn forget(conn: &mut PgConnection, forgotten: &[(ConversionId, Row)]) -> Result<(), StoreError> {
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
    .execute(conn)
    .await?;
    Ok(())
}

async fn update(conn: &mut PgConnection, changed: &[(ConversionId, Target)]) -> Result<(), StoreError> {
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
            ordinal = new.ordinal
        FROM UNNEST($1::BIGINT[], $2::BIGINT[], $3::TEXT[], $4::TEXT[], $5::TEXT[], $6::TEXT[], $7::TEXT[],
                    $8::BIGINT[], $9::BIGINT[], $10::TEXT[], $11::TEXT[], $12::TEXT[], $13::BIGINT[], $14::BIGINT[],
                    $15::BIGINT[], $16::BIGINT[], $17::BOOLEAN[], $18::BIGINT[], $19::TEXT[], $20::TEXT[],
                    $21::TIMESTAMPTZ[], $22::TIMESTAMPTZ[], $23::BIGINT[], $24::INTEGER[])
            AS new (id, cluster_id, payment_key, type, source, status, reason, customer_id, affiliate_id,
                    referral_code, coupon_code, currency, base_minor, commission_minor, clawed_back_minor, held_minor,
                    paid, rule_id, attribution, explanation, occurred_at, release_at, fingerprint, ordinal)
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
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn insert(conn: &mut PgConnection, missing: &[Missing<'_>]) -> Result<Vec<Written>, StoreError> {
    if missing.is_empty() {
        return Ok(Vec::new());
    }
    let columns = Columns::of(missing.iter().map(|missing| &missing.target));
    let inserted = sqlx::query!(
        r#"
        INSERT INTO conversions (project_id, livemode, cluster_id, payment_key, type, source, status, reason,
                                 customer_id, affiliate_id, referral_code, coupon_code, currency, base_minor,
                                 commission_minor, clawed_back_minor, held_minor, paid, rule_id, attribution,
                                 explanation, occurred_at, release_at, fingerprint, ordinal)
        SELECT project_id, livemode, cluster_id, payment_key, type, source, status, reason, customer_id, affiliate_id,
               referral_code, coupon_code, currency, base_minor, commission_minor, clawed_back_minor, held_minor, paid,
               rule_id, attribution::JSONB, explanation::JSONB, occurred_at, release_at, fingerprint, ordinal
        FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::BIGINT[], $4::TEXT[], $5::TEXT[], $6::TEXT[], $7::TEXT[],
                    $8::TEXT[], $9::BIGINT[], $10::BIGINT[], $11::TEXT[], $12::TEXT[], $13::TEXT[], $14::BIGINT[],
                    $15::BIGINT[], $16::BIGINT[], $17::BIGINT[], $18::BOOLEAN[], $19::BIGINT[], $20::TEXT[],
                    $21::TEXT[], $22::TIMESTAMPTZ[], $23::TIMESTAMPTZ[], $24::BIGINT[], $25::INTEGER[])
            AS new (project_id, livemode, cluster_id, payment_key, type, source, status, reason, customer_id,
                    affiliate_id, referral_code, coupon_code, currency, base_minor, commission_minor, clawed_back_minor,
                    held_minor, paid, rule_id, attribution, explanation, occurred_at, release_at, fingerprint, ordinal)
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
    )
    .fetch_all(conn)
    .await?;
    let ids: BTreeMap<(Realm, String), ConversionId> = inserted
        .into_iter()
        .map(|row| ((realm(row.project_id, row.livemode), row.payment_key), ConversionId(row.id)))
        .collect();
    let written = missing.iter().filter_map(|Missing { realm, target, conversion, cause }| {
        let id = ids.get(&(*realm, target.row.payment_key.as_str().to_owned()))?;
        let first = Some(conversion.event.clone());
        let row = target.row.written(*id, cause.clone(), true).told_by(*realm, conversion);
        Some(Written { first, is_new: true, ..row })
    });
    Ok(written.collect())
}

/// Rows turned into columns for `UNNEST`.
#[derive(Default)]
struct Columns {
    cluster_id: Vec<Option<i64>>,
    payment_key: Vec<String>,
    kind: Vec<String>,
    source: Vec<String>,
    status: Vec<String>,
    reason: Vec<Option<String>>,
    customer_id: Vec<Option<i64>>,
    affiliate_id: Vec<Option<i64>>,
    referral_code: Vec<Option<String>>,
    coupon_code: Vec<Option<String>>,
    currency: Vec<String>,
    base_minor: Vec<i64>,
    commission_minor: Vec<i64>,
    clawed_back_minor: Vec<i64>,
    held_minor: Vec<i64>,
    paid: Vec<bool>,
    rule_id: Vec<Option<i64>>,
    attribution: Vec<Option<String>>,
    explanation: Vec<String>,
    occurred_at: Vec<DateTime<Utc>>,
    release_at: Vec<Option<DateTime<Utc>>>,
    fingerprint: Vec<Option<i64>>,
    ordinal: Vec<Option<i32>>,
}

impl Columns {
    fn of<'a>(targets: impl Iterator<Item = &'a Target>) -> Self {
        let mut columns = Self::default();
        for Target { row, story } in targets {
            columns.cluster_id.push(row.cluster_id);
            columns.payment_key.push(row.payment_key.as_str().to_owned());
            columns.kind.push(row.kind.clone());
            columns.source.push(row.source.clone());
            columns.status.push(row.status.clone());
            columns.reason.push(row.reason.clone());
            columns.customer_id.push(row.customer_id);
            columns.affiliate_id.push(row.affiliate_id);
            columns.referral_code.push(row.referral_code.clone());
            columns.coupon_code.push(row.coupon_code.clone());
            columns.currency.push(row.currency.clone());
            columns.base_minor.push(row.base_minor);
            columns.commission_minor.push(row.commission_minor);
            columns.clawed_back_minor.push(row.clawed_back_minor);
            columns.held_minor.push(row.held_minor);
            columns.paid.push(row.paid);
            columns.rule_id.push(row.rule_id);
            columns.attribution.push(story.attribution.clone());
            columns.explanation.push(story.explanation.clone());
            columns.occurred_at.push(row.occurred_at);
            columns.release_at.push(row.release_at);
            columns.fingerprint.push(row.fingerprint);
            columns.ordinal.push(row.ordinal);
        }
        columns
    }
}
