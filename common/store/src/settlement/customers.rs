//! Writes the customers that the fold implies.

use super::cause::Causes;
use super::referrals::Change;
use super::work::Folded;
use crate::customers;
use crate::{PgConnection, StoreError};
use chrono::{DateTime, Utc};
use domain::ids::{AffiliateId, ClusterId, CustomerId, Realm};
use domain::key::{Key, KeyKind};
use domain::settle::{Bind, Customer, CustomerStatus};
use sqlx::types::Json;
use std::collections::{BTreeMap, BTreeSet};

/// The row of each customer, by cluster and anchor.
pub(super) type CustomerRows = BTreeMap<(ClusterId, Key), CustomerId>;

/// A customer as it stands, or should.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    anchor: Key,
    user_email: Option<String>,
    stripe_customer_id: Option<String>,
    external_id: Option<String>,
    status: String,
    affiliate_id: Option<i64>,
    referral_code: Option<String>,
    coupon_code: Option<String>,
    attribution: Option<Bind>,
    bound_at: Option<DateTime<Utc>>,
    converted_at: Option<DateTime<Utc>>,
    first_seen_at: DateTime<Utc>,
    retired: bool,
    has_cluster: bool,
}

impl Row {
    fn target(cluster: &Folded, customer: &Customer) -> Self {
        let bind = customer.bind.as_ref();
        Self {
            anchor: customer.anchor.clone(),
            user_email: customer.email.clone(),
            stripe_customer_id: customer.stripe_customer.as_ref().map(|key| key.id().to_owned()),
            external_id: customer.external_id.clone(),
            status: customer.status.as_str().to_owned(),
            affiliate_id: bind.map(|bind| bind.affiliate.0),
            referral_code: bind.and_then(|bind| bind.referral_code.clone()),
            coupon_code: bind.and_then(|bind| bind.coupon_code.clone()),
            attribution: bind.cloned(),
            bound_at: bind.map(|bind| bind.bound_at),
            converted_at: customer.converted_at,
            first_seen_at: customer.first_seen_at,
            retired: false,
            has_cluster: cluster.is_of_one,
        }
    }

    /// As the REST API reads it.
    fn shown(&self, id: CustomerId) -> customers::Customer {
        customers::Customer {
            id,
            user_email: self.user_email.clone(),
            // The fold writes no other words.
            status: CustomerStatus::parse(&self.status).unwrap_or(CustomerStatus::DirectSignup),
            converted_at: self.converted_at,
            first_seen_at: self.first_seen_at,
            affiliate: self.affiliate_id.map(AffiliateId),
            referral_code: self.referral_code.clone(),
            coupon_code: self.coupon_code.clone(),
            stripe_customer_id: self.stripe_customer_id.clone(),
            external_id: self.external_id.clone(),
            attribution: self.attribution.as_ref().and_then(|bind| serde_json::to_value(bind).ok()),
            bound_at: self.bound_at,
        }
    }
}

/// Writes the difference, and tells each customer's row, and what has changed.
pub(super) async fn write(
    connection: &mut PgConnection,
    folded: &[Folded],
    causes: &Causes,
) -> Result<(CustomerRows, Vec<Change>), StoreError> {
    let mut existing = load(connection, folded).await?;
    let mut rows = CustomerRows::new();
    let mut changed: Vec<(CustomerId, Row)> = Vec::new();
    let mut missing: Vec<(&Folded, &Customer, Row)> = Vec::new();
    let mut told = Vec::new();
    for cluster in folded {
        let mut standing = existing.remove(&cluster.cluster).unwrap_or_default();
        for customer in &cluster.settlement.customers {
            let target = Row::target(cluster, customer);
            if let Some((id, row)) = standing.take(customer) {
                rows.insert((cluster.cluster, customer.anchor.clone()), id);
                if row != target {
                    told.push(change(cluster, causes, Some(row.shown(id)), Some(target.shown(id))));
                    changed.push((id, target));
                }
            } else {
                missing.push((cluster, customer, target));
            }
        }
        // Whoever is left turned out to be somebody else.
        for (id, row) in standing.rows.into_iter().filter(|(_, row)| !row.retired) {
            told.push(change(cluster, causes, Some(row.shown(id)), None));
            changed.push((id, Row { retired: true, has_cluster: false, ..row }));
        }
    }
    insert(connection, &missing, &mut rows).await?;
    update(connection, &changed).await?;
    point_keys(connection, folded, &rows).await?;
    for (cluster, customer, row) in &missing {
        if let Some(id) = rows.get(&(cluster.cluster, customer.anchor.clone())) {
            told.push(change(cluster, causes, None, Some(row.shown(*id))));
        }
    }
    Ok((rows, told))
}

fn change(
    cluster: &Folded,
    causes: &Causes,
    before: Option<customers::Customer>,
    after: Option<customers::Customer>,
) -> Change {
    Change { realm: cluster.realm, before, after, cause: causes.for_cluster(cluster.cluster) }
}

/// The rows of a cluster, as they stand.
#[derive(Default)]
struct Standing {
    rows: BTreeMap<CustomerId, Row>,
    by_anchor: BTreeMap<Key, BTreeSet<CustomerId>>,
}

impl Standing {
    fn add(&mut self, id: CustomerId, row: Row) {
        self.by_anchor.entry(row.anchor.clone()).or_default().insert(id);
        self.rows.insert(id, row);
    }

    /// Takes the oldest row that names this customer: by the same anchor, else by one of its keys.
    fn take(&mut self, customer: &Customer) -> Option<(CustomerId, Row)> {
        let oldest = |key| self.by_anchor.get(key)?.first().copied();
        let id = oldest(&customer.anchor).or_else(|| customer.keys.iter().filter_map(oldest).min())?;
        let row = self.rows.remove(&id)?;
        if let Some(ids) = self.by_anchor.get_mut(&row.anchor) {
            ids.remove(&id);
        }
        Some((id, row))
    }
}

/// A row, as it is stored.
struct Stored {
    id: i64,
    cluster_id: i64,
    anchor: String,
    user_email: Option<String>,
    stripe_customer_id: Option<String>,
    external_id: Option<String>,
    status: String,
    affiliate_id: Option<i64>,
    referral_code: Option<String>,
    coupon_code: Option<String>,
    attribution: Option<Json<Bind>>,
    bound_at: Option<DateTime<Utc>>,
    converted_at: Option<DateTime<Utc>>,
    first_seen_at: DateTime<Utc>,
    retired: bool,
    has_cluster: bool,
}

async fn load(
    connection: &mut PgConnection,
    folded: &[Folded],
) -> Result<BTreeMap<ClusterId, Standing>, StoreError> {
    let stored = || folded.iter().filter(|folded| !folded.is_new);
    let whole = stored().filter(|folded| folded.people.is_none());
    let clusters: Vec<i64> = whole.map(|folded| folded.cluster.0).collect();
    let people = || stored().filter_map(|one| Some((one.realm, one.people.as_ref()?)));
    let keys: Vec<(Realm, &Key)> =
        people().flat_map(|(realm, people)| people.keys.iter().map(move |key| (realm, key))).collect();
    let joined: Vec<i64> = people().flat_map(|(_, people)| people.rows.iter().copied()).collect();
    let mut rows = of_clusters(&mut *connection, &clusters).await?;
    // Only those whom the keys name, and those who have joined them: where a key leads elsewhere, somebody else is there.
    let named: BTreeSet<&str> = keys.iter().map(|(_, key)| key.as_str()).collect();
    let is_theirs = |row: &Stored| named.contains(row.anchor.as_str()) || joined.contains(&row.id);
    rows.extend(of_people(connection, &keys, &joined).await?.into_iter().filter(is_theirs));
    let mut existing: BTreeMap<ClusterId, Standing> = BTreeMap::new();
    for row in rows {
        let standing = Row {
            anchor: Key::stored(row.anchor),
            user_email: row.user_email,
            stripe_customer_id: row.stripe_customer_id,
            external_id: row.external_id,
            status: row.status,
            affiliate_id: row.affiliate_id,
            referral_code: row.referral_code,
            coupon_code: row.coupon_code,
            attribution: row.attribution.map(|json| json.0),
            bound_at: row.bound_at,
            converted_at: row.converted_at,
            first_seen_at: row.first_seen_at,
            retired: row.retired,
            has_cluster: row.has_cluster,
        };
        existing.entry(ClusterId(row.cluster_id)).or_default().add(CustomerId(row.id), standing);
    }
    Ok(existing)
}

async fn of_clusters(connection: &mut PgConnection, clusters: &[i64]) -> Result<Vec<Stored>, StoreError> {
    if clusters.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query_as!(
        Stored,
        r#"
        SELECT id, cluster_id, anchor, user_email, stripe_customer_id, external_id, status, affiliate_id,
               referral_code, coupon_code, attribution AS "attribution: Json<Bind>", bound_at, converted_at,
               first_seen_at, retired, has_cluster
        FROM customers WHERE cluster_id = ANY($1)
        "#,
        clusters,
    );
    Ok(rows.fetch_all(connection).await?)
}

/// The rows to which these keys lead, of clusters that are of many people, and some that are known.
async fn of_people(
    connection: &mut PgConnection,
    keys: &[(Realm, &Key)],
    known: &[i64],
) -> Result<Vec<Stored>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query_as!(
        Stored,
        r#"
        SELECT c.id AS "id!", c.cluster_id AS "cluster_id!", c.anchor AS "anchor!", c.user_email, c.stripe_customer_id,
               c.external_id, c.status AS "status!", c.affiliate_id, c.referral_code, c.coupon_code,
               c.attribution AS "attribution: Json<Bind>", c.bound_at, c.converted_at,
               c.first_seen_at AS "first_seen_at!", c.retired AS "retired!", c.has_cluster AS "has_cluster!"
        FROM (
            SELECT k.customer_id
            FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::TEXT[]) AS named (project_id, livemode, key)
            CROSS JOIN LATERAL (
                SELECT customer_id FROM identity_keys
                WHERE project_id = named.project_id AND livemode = named.livemode AND key = named.key OFFSET 0
            ) k
            UNION
            SELECT UNNEST($4::BIGINT[])
        ) AS wanted
        CROSS JOIN LATERAL (SELECT * FROM customers WHERE id = wanted.customer_id OFFSET 0) c
        "#,
        &keys.iter().map(|(realm, _)| realm.project.0).collect::<Vec<_>>(),
        &keys.iter().map(|(realm, _)| realm.mode.is_live()).collect::<Vec<_>>(),
        &keys.iter().map(|(_, key)| key.as_str()).collect::<Vec<_>>() as &[&str],
        known,
    );
    Ok(rows.fetch_all(connection).await?)
}

async fn insert(
    connection: &mut PgConnection,
    missing: &[(&Folded, &Customer, Row)],
    rows: &mut CustomerRows,
) -> Result<(), StoreError> {
    if missing.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(missing.iter().map(|(_, _, row)| row));
    let inserted = sqlx::query!(
        r#"
        INSERT INTO customers (project_id, livemode, cluster_id, anchor, user_email, stripe_customer_id, external_id,
                               status, affiliate_id, referral_code, coupon_code, attribution, bound_at,
                               converted_at, first_seen_at, has_cluster)
        SELECT * FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::BIGINT[], $4::TEXT[], $5::TEXT[], $6::TEXT[],
                             $7::TEXT[], $8::TEXT[], $9::BIGINT[], $10::TEXT[], $11::TEXT[], $12::JSONB[],
                             $13::TIMESTAMPTZ[], $14::TIMESTAMPTZ[], $15::TIMESTAMPTZ[], $16::BOOLEAN[])
        RETURNING id, cluster_id, anchor
        "#,
        &missing.iter().map(|(folded, _, _)| folded.realm.project.0).collect::<Vec<_>>(),
        &missing.iter().map(|(folded, _, _)| folded.realm.mode.is_live()).collect::<Vec<_>>(),
        &missing.iter().map(|(folded, _, _)| folded.cluster.0).collect::<Vec<_>>(),
        &columns.anchor,
        &columns.user_email as &[Option<String>],
        &columns.stripe_customer_id as &[Option<String>],
        &columns.external_id as &[Option<String>],
        &columns.status,
        &columns.affiliate_id as &[Option<i64>],
        &columns.referral_code as &[Option<String>],
        &columns.coupon_code as &[Option<String>],
        &columns.attribution as &[Option<Json<Bind>>],
        &columns.bound_at as &[Option<DateTime<Utc>>],
        &columns.converted_at as &[Option<DateTime<Utc>>],
        &columns.first_seen_at,
        &columns.has_cluster,
    )
    .fetch_all(connection)
    .await?;
    for row in inserted {
        rows.insert((ClusterId(row.cluster_id), Key::stored(row.anchor)), CustomerId(row.id));
    }
    Ok(())
}

async fn update(connection: &mut PgConnection, changed: &[(CustomerId, Row)]) -> Result<(), StoreError> {
    if changed.is_empty() {
        return Ok(());
    }
    let columns = Columns::of(changed.iter().map(|(_, row)| row));
    sqlx::query!(
        r#"
        UPDATE customers c
        SET anchor = new.anchor, user_email = new.user_email, stripe_customer_id = new.stripe_customer_id,
            external_id = new.external_id, status = new.status, affiliate_id = new.affiliate_id,
            referral_code = new.referral_code, coupon_code = new.coupon_code, attribution = new.attribution,
            bound_at = new.bound_at, converted_at = new.converted_at, first_seen_at = new.first_seen_at,
            retired = new.retired, has_cluster = new.has_cluster
        FROM UNNEST($1::BIGINT[], $2::TEXT[], $3::TEXT[], $4::TEXT[], $5::TEXT[], $6::TEXT[], $7::BIGINT[],
                    $8::TEXT[], $9::TEXT[], $10::JSONB[], $11::TIMESTAMPTZ[], $12::TIMESTAMPTZ[],
                    $13::TIMESTAMPTZ[], $14::BOOLEAN[], $15::BOOLEAN[])
            AS new (id, anchor, user_email, stripe_customer_id, external_id, status, affiliate_id, referral_code,
                    coupon_code, attribution, bound_at, converted_at, first_seen_at, retired, has_cluster)
        WHERE c.id = new.id
        "#,
        &changed.iter().map(|(id, _)| id.0).collect::<Vec<_>>(),
        &columns.anchor,
        &columns.user_email as &[Option<String>],
        &columns.stripe_customer_id as &[Option<String>],
        &columns.external_id as &[Option<String>],
        &columns.status,
        &columns.affiliate_id as &[Option<i64>],
        &columns.referral_code as &[Option<String>],
        &columns.coupon_code as &[Option<String>],
        &columns.attribution as &[Option<Json<Bind>>],
        &columns.bound_at as &[Option<DateTime<Utc>>],
        &columns.converted_at as &[Option<DateTime<Utc>>],
        &columns.first_seen_at,
        &changed.iter().map(|(_, row)| row.retired).collect::<Vec<_>>(),
        &columns.has_cluster,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Lets each key find its customer, where a cluster is not all of one. An address that several people carry leads to
/// the oldest row, also of those who were not folded.
async fn point_keys(
    connection: &mut PgConnection,
    folded: &[Folded],
    rows: &CustomerRows,
) -> Result<(), StoreError> {
    let mut customers: BTreeMap<(Realm, &Key), (CustomerId, bool)> = BTreeMap::new();
    for cluster in folded.iter().filter(|cluster| !cluster.is_of_one) {
        for customer in &cluster.settlement.customers {
            let Some(id) = rows.get(&(cluster.cluster, customer.anchor.clone())) else { continue };
            for key in &customer.keys {
                let is_shared = cluster.shared.contains(key);
                let (pointed, _) = customers.entry((cluster.realm, key)).or_insert((*id, is_shared));
                if key.kind() == KeyKind::Email {
                    *pointed = (*pointed).min(*id);
                }
            }
        }
    }
    if customers.is_empty() {
        return Ok(());
    }
    let keys: Vec<_> = customers.into_iter().collect();
    sqlx::query!(
        r#"
        UPDATE identity_keys k SET customer_id = new.customer_id
        FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::TEXT[], $4::BIGINT[], $5::BOOLEAN[])
            AS new (project_id, livemode, key, customer_id, is_shared)
        WHERE k.project_id = new.project_id AND k.livemode = new.livemode AND k.key = new.key
          AND k.customer_id IS DISTINCT FROM new.customer_id
          AND NOT (new.is_shared AND k.customer_id IS NOT NULL AND k.customer_id < new.customer_id)
        "#,
        &keys.iter().map(|((realm, _), _)| realm.project.0).collect::<Vec<_>>(),
        &keys.iter().map(|((realm, _), _)| realm.mode.is_live()).collect::<Vec<_>>(),
        &keys.iter().map(|((_, key), _)| key.as_str().to_owned()).collect::<Vec<_>>(),
        &keys.iter().map(|(_, (id, _))| id.0).collect::<Vec<_>>(),
        &keys.iter().map(|(_, (_, is_shared))| *is_shared).collect::<Vec<_>>(),
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Rows turned into columns for `UNNEST`.
#[derive(Default)]
struct Columns {
    anchor: Vec<String>,
    user_email: Vec<Option<String>>,
    stripe_customer_id: Vec<Option<String>>,
    external_id: Vec<Option<String>>,
    status: Vec<String>,
    affiliate_id: Vec<Option<i64>>,
    referral_code: Vec<Option<String>>,
    coupon_code: Vec<Option<String>>,
    attribution: Vec<Option<Json<Bind>>>,
    bound_at: Vec<Option<DateTime<Utc>>>,
    converted_at: Vec<Option<DateTime<Utc>>>,
    first_seen_at: Vec<DateTime<Utc>>,
    has_cluster: Vec<bool>,
}

impl Columns {
    fn of<'a>(rows: impl Iterator<Item = &'a Row>) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.anchor.push(row.anchor.as_str().to_owned());
            columns.user_email.push(row.user_email.clone());
            columns.stripe_customer_id.push(row.stripe_customer_id.clone());
            columns.external_id.push(row.external_id.clone());
            columns.status.push(row.status.clone());
            columns.affiliate_id.push(row.affiliate_id);
            columns.referral_code.push(row.referral_code.clone());
            columns.coupon_code.push(row.coupon_code.clone());
            columns.attribution.push(row.attribution.clone().map(Json));
            columns.bound_at.push(row.bound_at);
            columns.converted_at.push(row.converted_at);
            columns.first_seen_at.push(row.first_seen_at);
            columns.has_cluster.push(row.has_cluster);
        }
        columns
    }
}
