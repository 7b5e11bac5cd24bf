//! The part of the registry that some facts mention.

use crate::{PgConnection, StoreError, realm};
use chrono::{DateTime, Utc};
use domain::code::FoldedCode;
use domain::directory::{
    AddressRole, Affiliate, Click, CodeOwner, Directory, Mentions, OwnAddress, OwnCode, OwnCommission, Period,
};
use domain::ids::{AffiliateId, ClusterId, Realm};
use domain::key::Key;
use domain::rules::Commission;
use serde::Deserialize;
use sqlx::types::Json;
use std::collections::{BTreeMap, BTreeSet};

/// Of which payments it is asked whether they were paid out.
#[derive(Clone, Copy, Debug)]
pub(super) enum Payments<'a> {
    /// All of these clusters.
    Of(&'a BTreeSet<ClusterId>),
    /// Those with these keys.
    Named(&'a [(Realm, Key)]),
}

/// Loads what is mentioned, as far as it exists, and when some payments were paid out.
pub(super) async fn load(
    connection: &mut PgConnection,
    mentions: &BTreeMap<Realm, Mentions>,
    payments: Payments<'_>,
) -> Result<BTreeMap<Realm, Directory>, StoreError> {
    let mut directories: BTreeMap<Realm, Directory> =
        mentions.keys().map(|realm| (*realm, Directory::default())).collect();
    let mut affiliates: BTreeSet<AffiliateId> =
        mentions.values().flat_map(|mentions| mentions.affiliates.iter().copied()).collect();
    let mentioned = Named::of(mentions);
    affiliates.extend(referral_codes(connection, &mentioned, &mut directories).await?);
    affiliates.extend(clicks(connection, &mentioned, &mut directories).await?);
    affiliates.extend(coupons(connection, &mentioned, &mut directories).await?);
    load_affiliates(connection, &affiliates, &mut directories).await?;
    load_commissions(connection, &affiliates, &mut directories).await?;
    load_paid_out(connection, payments, &mut directories).await?;
    Ok(directories)
}

/// The mentioned values, as columns.
struct Named {
    projects: Vec<i64>,
    livemodes: Vec<bool>,
    values: Vec<String>,
}

impl Named {
    fn of(mentions: &BTreeMap<Realm, Mentions>) -> Self {
        let mut columns = Self { projects: Vec::new(), livemodes: Vec::new(), values: Vec::new() };
        for (realm, value) in
            mentions.iter().flat_map(|(realm, mentions)| mentions.values.iter().map(move |v| (realm, v)))
        {
            columns.projects.push(realm.project.0);
            columns.livemodes.push(realm.mode.is_live());
            columns.values.push(value.as_str().to_owned());
        }
        columns
    }
}

async fn referral_codes(
    connection: &mut PgConnection,
    mentioned: &Named,
    directories: &mut BTreeMap<Realm, Directory>,
) -> Result<Vec<AffiliateId>, StoreError> {
    let rows = sqlx::query!(
        r#"
        SELECT c.project_id AS "project_id!", c.livemode AS "livemode!", c.affiliate_id AS "affiliate_id!",
               c.code AS "code!", c.code_folded AS "code_folded!", c.created_at AS "created_at!"
        FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::TEXT[]) AS named (project_id, livemode, code_folded)
        CROSS JOIN LATERAL (
            SELECT * FROM referral_codes
            WHERE project_id = named.project_id AND livemode = named.livemode AND code_folded = named.code_folded OFFSET 0
        ) c
        "#,
        &mentioned.projects,
        &mentioned.livemodes,
        &mentioned.values,
    )
    .fetch_all(connection)
    .await?;
    let mut owners = Vec::new();
    for row in rows {
        let affiliate = AffiliateId(row.affiliate_id);
        owners.push(affiliate);
        if let Some(directory) = directories.get_mut(&realm(row.project_id, row.livemode)) {
            directory.referral_codes.insert(
                FoldedCode::stored(row.code_folded),
                CodeOwner { affiliate, code: row.code, created_at: row.created_at, inactive: Vec::new() },
            );
        }
    }
    Ok(owners)
}

async fn clicks(
    connection: &mut PgConnection,
    mentioned: &Named,
    directories: &mut BTreeMap<Realm, Directory>,
) -> Result<Vec<AffiliateId>, StoreError> {
    let rows = sqlx::query!(
        r#"
        SELECT c.project_id AS "project_id!", c.livemode AS "livemode!", c.affiliate_id AS "affiliate_id!",
               c.click_id AS "click_id!", c.code AS "code!", c.occurred_at AS "occurred_at!"
        FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::TEXT[]) AS named (project_id, livemode, click_id)
        CROSS JOIN LATERAL (SELECT * FROM clicks WHERE click_id = named.click_id OFFSET 0) c
        WHERE c.project_id = named.project_id AND c.livemode = named.livemode
        "#,
        &mentioned.projects,
        &mentioned.livemodes,
        &mentioned.values,
    )
    .fetch_all(connection)
    .await?;
    let mut owners = Vec::new();
    for row in rows {
        let affiliate = AffiliateId(row.affiliate_id);
        owners.push(affiliate);
        if let Some(directory) = directories.get_mut(&realm(row.project_id, row.livemode)) {
            let (at, code) = (row.occurred_at, row.code);
            let owner = CodeOwner { affiliate, code, created_at: at, inactive: Vec::new() };
            directory.clicks.insert(FoldedCode::stored(row.click_id), Click { owner, at });
        }
    }
    Ok(owners)
}

/// A coupon, and what it is called: its code, Stripe's coupon, Stripe's promotion code; and promotion codes that Stripe says are
/// called like it.
type NamedCoupon = (Realm, CodeOwner, [Option<String>; 3], Vec<String>);

async fn coupons(
    connection: &mut PgConnection,
    mentioned: &Named,
    directories: &mut BTreeMap<Realm, Directory>,
) -> Result<Vec<AffiliateId>, StoreError> {
    // A deleted coupon, or one as it was formerly, keeps resolving for what happened before: history
    // stays as it was.
    let rows = sqlx::query!(
        r#"
        SELECT DISTINCT ON (c.id, s.id)
               c.id AS "id!", c.project_id AS "project_id!", c.livemode AS "livemode!",
               c.affiliate_id AS "affiliate_id!", c.coupon_code AS "coupon_code!", c.code_folded AS "code_folded!",
               c.stripe_coupon_id, c.stripe_promotion_code_id, c.named_at AS "created_at!", c.deleted_at,
               coalesce(c.former_of, c.id) AS "coupon!",
               s.id IS NOT NULL AS "suspended!", NULLIF(s.suspended_from, '-infinity') AS suspended_from,
               s.suspended_until,
               (SELECT array_agg(t.id_folded ORDER BY t.id_folded) FROM stripe_codes t
                WHERE t.project_id = c.project_id AND t.livemode = c.livemode AND t.code_folded = c.code_folded
                  AND t.kind = 'promotion_code' AND t.id_folded = ANY($3)) AS twins
        FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::TEXT[]) AS named (project_id, livemode, value)
        CROSS JOIN LATERAL (
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
        LEFT JOIN suspensions s ON s.coupon_id = coalesce(c.former_of, c.id)
        ORDER BY c.id, s.id
        "#,
        &mentioned.projects,
        &mentioned.livemodes,
        &mentioned.values,
    )
    .fetch_all(connection)
    .await?;
    let mut owners = Vec::new();
    // In order of the coupons, and of the times of one: the oldest first.
    let mut found: BTreeMap<(i64, DateTime<Utc>, i64), NamedCoupon> = BTreeMap::new();
    for row in rows {
        owners.push(AffiliateId(row.affiliate_id));
        let (_, owner, ..) = found.entry((row.coupon, row.created_at, row.id)).or_insert_with(|| {
            let deleted = row.deleted_at.map(|at| Period { from: Some(at), until: None });
            let owner = CodeOwner {
                affiliate: AffiliateId(row.affiliate_id),
                code: row.coupon_code.clone(),
                created_at: row.created_at,
                inactive: deleted.into_iter().collect(),
            };
            let names = [
                Some(row.code_folded.clone()),
                row.stripe_coupon_id.clone(),
                row.stripe_promotion_code_id.clone(),
            ];
            (realm(row.project_id, row.livemode), owner, names, row.twins.clone().unwrap_or_default())
        });
        if row.suspended {
            owner.inactive.push(Period { from: row.suspended_from, until: row.suspended_until });
        }
    }
    // What was entered goes before what only has the same code.
    let mut twins: Vec<(Realm, FoldedCode, CodeOwner)> = Vec::new();
    for (realm, owner, [code, stripe_coupon, promotion_code], called_so) in found.into_values() {
        twins.extend(called_so.into_iter().map(|id| (realm, FoldedCode::stored(id), owner.clone())));
        let Some(directory) = directories.get_mut(&realm) else { continue };
        for (names, name) in [
            (&mut directory.coupons_by_code, code),
            (&mut directory.coupons_by_stripe_coupon, stripe_coupon),
            (&mut directory.coupons_by_promotion_code, promotion_code),
        ] {
            if let Some(name) = name.as_deref().and_then(FoldedCode::new) {
                names.entry(name).or_default().push(owner.clone());
            }
        }
    }
    for (realm, id, owner) in twins {
        let known = directories.get_mut(&realm).map(|directory| &mut directory.coupons_by_promotion_code);
        let Some(known) = known.map(|known| known.entry(id).or_default()) else { continue };
        if !known.contains(&owner) {
            known.push(owner);
        }
    }
    Ok(owners)
}

async fn load_affiliates(
    connection: &mut PgConnection,
    affiliates: &BTreeSet<AffiliateId>,
    directories: &mut BTreeMap<Realm, Directory>,
) -> Result<(), StoreError> {
    let ids: Vec<i64> = affiliates.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"
        SELECT a.id AS "id!", a.project_id AS "project_id!", a.livemode AS "livemode!",
               a.referral_code AS "referral_code!", a.created_at AS "created_at!", a.closed_at,
               a.user_email AS "user_email!",
               (SELECT jsonb_agg(jsonb_build_object(
                    'email', email_normalised, 'role', role,
                    -- Those with which the affiliate began always were its own.
                    'since', CASE WHEN created_at > first_at THEN created_at END) ORDER BY known.id)
                FROM (SELECT *, min(created_at) OVER () AS first_at FROM affiliate_addresses
                      WHERE affiliate_id = a.id) AS known) AS "addresses: Json<Vec<Address>>",
               (SELECT jsonb_agg(jsonb_build_object('code', code, 'since', NULLIF(since, '-infinity')) ORDER BY id)
                FROM affiliate_codes WHERE affiliate_id = a.id) AS "codes: Json<Vec<Code>>",
               s.id IS NOT NULL AS "suspended!", NULLIF(s.suspended_from, '-infinity') AS suspended_from,
               s.suspended_until
        FROM affiliates a LEFT JOIN suspensions s ON s.affiliate_id = a.id
        WHERE a.id = ANY($1)
        "#,
        &ids,
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let Some(directory) = directories.get_mut(&realm(row.project_id, row.livemode)) else { continue };
        let affiliate = directory.affiliates.entry(AffiliateId(row.id)).or_insert_with(|| Affiliate {
            id: AffiliateId(row.id),
            referral_code: row.referral_code.clone(),
            created_at: row.created_at,
            inactive: row.closed_at.map(closed).into_iter().collect(),
            email: row.user_email.clone(),
            codes: row.codes.iter().flat_map(|codes| &codes.0).map(OwnCode::from).collect(),
            addresses: row.addresses.iter().flat_map(|known| &known.0).map(OwnAddress::from).collect(),
            commissions: Vec::new(),
        });
        if row.suspended {
            affiliate.inactive.push(Period { from: row.suspended_from, until: row.suspended_until });
        }
    }
    Ok(())
}

/// An address of an affiliate's, as the statement above tells it.
#[derive(Debug, Deserialize)]
struct Address {
    email: String,
    role: Role,
    since: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    Contact,
    Payout,
}

/// A code of an affiliate's, as the statement above tells it.
#[derive(Debug, Deserialize)]
struct Code {
    code: String,
    since: Option<DateTime<Utc>>,
}

impl From<&Address> for OwnAddress {
    fn from(row: &Address) -> Self {
        let role = match row.role {
            Role::Contact => AddressRole::Contact,
            Role::Payout => AddressRole::Payout,
        };
        Self { email: row.email.clone(), since: row.since, role }
    }
}

impl From<&Code> for OwnCode {
    fn from(row: &Code) -> Self {
        Self { code: row.code.clone(), since: row.since }
    }
}

/// When payouts first paid the commission of each payment, of those of which something is still paid. Callers' words that
/// it was paid are among the facts, each with a time of its own.
async fn load_paid_out(
    connection: &mut PgConnection,
    payments: Payments<'_>,
    directories: &mut BTreeMap<Realm, Directory>,
) -> Result<(), StoreError> {
    let (ids, named): (Vec<i64>, &[(Realm, Key)]) = match payments {
        Payments::Of(clusters) => (clusters.iter().map(|id| id.0).collect(), &[]),
        Payments::Named(named) => (Vec::new(), named),
    };
    if ids.is_empty() && named.is_empty() {
        return Ok(());
    }
    let rows = sqlx::query!(
        r#"
        SELECT c.project_id AS "project_id!", c.livemode AS "livemode!", c.payment_key AS "payment_key!",
               min(e.posted_at) FILTER (WHERE e.to_account = 'paid') AS "left_at!"
        FROM (
            SELECT id, project_id, livemode, payment_key FROM conversions WHERE cluster_id = ANY($1)
            UNION ALL
            SELECT c.id, c.project_id, c.livemode, c.payment_key
            FROM UNNEST($2::BIGINT[], $3::BOOLEAN[], $4::TEXT[]) AS k (project_id, livemode, payment_key)
            CROSS JOIN LATERAL (
                SELECT id, project_id, livemode, payment_key FROM conversions
                WHERE payment_key = k.payment_key AND merged_into IS NULL OFFSET 0
            ) c
            WHERE c.project_id = k.project_id AND c.livemode = k.livemode
        ) c
        CROSS JOIN LATERAL (SELECT * FROM ledger_movements WHERE conversion_id = c.id OFFSET 0) e
        WHERE 'paid' IN (e.from_account, e.to_account) AND e.payout_id IS NOT NULL
        GROUP BY c.id, c.project_id, c.livemode, c.payment_key
        HAVING sum(e.paid) > 0
        "#,
        &ids,
        &named.iter().map(|(realm, _)| realm.project.0).collect::<Vec<_>>(),
        &named.iter().map(|(realm, _)| realm.mode.is_live()).collect::<Vec<_>>(),
        &named.iter().map(|(_, key)| key.as_str().to_owned()).collect::<Vec<_>>(),
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        if let Some(directory) = directories.get_mut(&realm(row.project_id, row.livemode)) {
            directory.paid_out.insert(Key::stored(row.payment_key), row.left_at);
        }
    }
    Ok(())
}

async fn load_commissions(
    connection: &mut PgConnection,
    affiliates: &BTreeSet<AffiliateId>,
    directories: &mut BTreeMap<Realm, Directory>,
) -> Result<(), StoreError> {
    let ids: Vec<i64> = affiliates.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"
        SELECT id, affiliate_id, NULLIF(valid_from, '-infinity') AS valid_from,
               commission AS "commission: Json<Commission>"
        FROM affiliate_commissions WHERE affiliate_id = ANY($1)
        "#,
        &ids,
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let own = OwnCommission {
            version: row.id,
            valid_from: row.valid_from,
            commission: row.commission.map(|json| json.0),
        };
        let affiliate = AffiliateId(row.affiliate_id);
        let mut known =
            directories.values_mut().filter_map(|directory| directory.affiliates.get_mut(&affiliate));
        if let Some(affiliate) = known.next() {
            affiliate.commissions.push(own);
        }
    }
    Ok(())
}

fn closed(at: DateTime<Utc>) -> Period {
    Period { from: Some(at), until: None }
}
