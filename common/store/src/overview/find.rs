//! From what a person has at hand to the payment.

use crate::{PgConnection, StoreError, realm};
use domain::{
    ids::{ConversionId, ProjectId, Realm},
    key::Key,
    settle::aliases,
};
use sqlx::types::Json;
use std::collections::BTreeSet;

/// The payment with this name: its key, any other id of it (`pi_…`, `ch_…`, `cs_…` of an invoice), the
/// caller's own reference, or the key of a row that was merged into it.
///
/// # Errors
/// [`StoreError`]
pub async fn payment(
    connection: &mut PgConnection,
    realm: Realm,
    name: &str,
) -> Result<Option<ConversionId>, StoreError> {
    let names = [Key::stored(name.to_owned()), Key::reference(name)];
    if let Some(id) = by_payment_key(connection, realm, &names).await? {
        return Ok(Some(id));
    }
    let links = sqlx::query_scalar!(
        r#"SELECT f.links AS "links: Json<Vec<Key>>"
         FROM identity_keys k JOIN facts f ON f.cluster_id = k.cluster_id
         WHERE k.project_id = $1 AND k.livemode = $2 AND k.key = ANY($3)"#,
        realm.project.0,
        realm.mode.is_live(),
        &texts(&names),
    )
    .fetch_all(&mut *connection)
    .await?;
    let links: Vec<Vec<Key>> = links.into_iter().map(|links| links.0).collect();
    let others: BTreeSet<Key> = names.iter().flat_map(|name| aliases(&links, name)).collect();
    by_payment_key(connection, realm, &others).await
}

/// The payment whose key is one of these; a row that was merged leads to the one it is part of.
async fn by_payment_key(
    connection: &mut PgConnection,
    realm: Realm,
    keys: impl IntoIterator<Item = &Key>,
) -> Result<Option<ConversionId>, StoreError> {
    let keys = texts(keys);
    if keys.is_empty() {
        return Ok(None);
    }
    let id = sqlx::query_scalar!(
        r#"SELECT id AS "id!" FROM (
             SELECT id, 1 AS place FROM conversions
             WHERE project_id = $1 AND livemode = $2 AND merged_into IS NULL AND payment_key = ANY($3)
             UNION ALL
             SELECT merged_into, 2 FROM conversions
             WHERE project_id = $1 AND livemode = $2 AND merged_into IS NOT NULL AND payment_key = ANY($3)
         ) AS found
         ORDER BY place, id LIMIT 1"#,
        realm.project.0,
        realm.mode.is_live(),
        &keys,
    )
    .fetch_optional(connection)
    .await?;
    Ok(id.map(ConversionId))
}

/// The payments that a person may mean by a name, in any project unless one is named: the payment with
/// that name or, when there is none, the payments of the customer with that id or address.
///
/// # Errors
/// [`StoreError`]
pub async fn by_name(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
    name: &str,
) -> Result<Vec<ConversionId>, StoreError> {
    let names = Key::named(name);
    let mut found = Vec::new();
    for realm in realms(connection, project, &names).await? {
        match payment(connection, realm, name).await? {
            Some(payment) => found.push(payment),
            None => found.extend(of_customer(connection, realm, &names).await?),
        }
    }
    Ok(found)
}

/// Where something has one of these names.
async fn realms(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
    names: &[Key],
) -> Result<Vec<Realm>, StoreError> {
    // By way of the projects, which are few, so that the indexes that begin with one are of use.
    let rows = sqlx::query!(
        r#"SELECT p.id, m.livemode AS "livemode!"
         FROM projects p CROSS JOIN (VALUES (FALSE), (TRUE)) AS m (livemode)
         WHERE ($1::BIGINT IS NULL OR p.id = $1)
           AND (EXISTS (SELECT FROM identity_keys k
                        WHERE k.project_id = p.id AND k.livemode = m.livemode AND k.key = ANY($2))
             OR EXISTS (SELECT FROM conversions c
                        WHERE c.project_id = p.id AND c.livemode = m.livemode AND c.payment_key = ANY($2)
                          AND c.merged_into IS NULL))
         ORDER BY p.id, m.livemode"#,
        project.map(|project| project.0),
        &texts(names),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| realm(row.id, row.livemode)).collect())
}

async fn of_customer(
    connection: &mut PgConnection,
    realm: Realm,
    names: &[Key],
) -> Result<Vec<ConversionId>, StoreError> {
    let ids = sqlx::query_scalar!(
        "SELECT c.id FROM conversions c
         WHERE c.merged_into IS NULL AND c.customer_id IN (
             SELECT coalesce(sole.id, k.customer_id)
             FROM identity_keys k LEFT JOIN customers sole ON sole.cluster_id = k.cluster_id AND sole.has_cluster
             WHERE k.project_id = $1 AND k.livemode = $2 AND k.key = ANY($3)
         )",
        realm.project.0,
        realm.mode.is_live(),
        &texts(names),
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(ConversionId).collect())
}

fn texts<'a>(keys: impl IntoIterator<Item = &'a Key>) -> Vec<String> {
    keys.into_iter().map(|key| key.as_str().to_owned()).collect()
}
