//! Which cluster a key is of.

use super::copied::{self, Copied, CopiedRows};
use crate::{PgConnection, StoreError, realm};
use domain::ids::{ClusterId, Realm};
use domain::key::Key;
use std::collections::BTreeMap;

/// The cluster of each key.
pub(super) type ClusterOfKey = BTreeMap<Realm, BTreeMap<Key, ClusterId>>;

/// The clusters of keys, and the parts of those that have one.
pub(super) async fn find(
    connection: &mut PgConnection,
    keys: &[(Realm, &Key)],
) -> Result<(ClusterOfKey, BTreeMap<Realm, BTreeMap<Key, i64>>), StoreError> {
    let (projects, livemodes, names) = columns(keys);
    let rows = sqlx::query!(
        r#"
        SELECT k.project_id AS "project_id!", k.livemode AS "livemode!", k.key AS "key!", k.cluster_id AS "cluster_id!",
               k.part
        FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::TEXT[]) AS named (project_id, livemode, key)
        CROSS JOIN LATERAL (
            SELECT * FROM identity_keys
            WHERE project_id = named.project_id AND livemode = named.livemode AND key = named.key OFFSET 0
        ) k
        "#,
        &projects,
        &livemodes,
        &names as &[&str],
    )
    .fetch_all(connection)
    .await?;
    let (mut found, mut parts) = (ClusterOfKey::new(), BTreeMap::<_, BTreeMap<_, _>>::new());
    for row in rows {
        let (realm, key) = (realm(row.project_id, row.livemode), Key::stored(row.key));
        if let Some(part) = row.part {
            parts.entry(realm).or_default().insert(key.clone(), part);
        }
        found.entry(realm).or_default().insert(key, ClusterId(row.cluster_id));
    }
    Ok((found, parts))
}

/// A key, the cluster it is of, and its part there.
pub(super) type Named<'a> = (Realm, &'a Key, i64, Option<i64>);

/// Names keys, in their order, as those of clusters. False where somebody else was first with one.
pub(super) async fn name(connection: &mut PgConnection, rows: &[Named<'_>]) -> Result<bool, StoreError> {
    if rows.is_empty() {
        return Ok(true);
    }
    if rows.len() >= copied::WORTH_IT && copy(connection, rows).await? == Copied::All {
        return Ok(true);
    }
    let named = sqlx::query!(
        r#"
        INSERT INTO identity_keys (project_id, livemode, key, cluster_id, part)
        SELECT * FROM UNNEST($1::BIGINT[], $2::BOOLEAN[], $3::TEXT[], $4::BIGINT[], $5::BIGINT[])
        ON CONFLICT (project_id, livemode, key) DO NOTHING
        "#,
        &rows.iter().map(|(realm, ..)| realm.project.0).collect::<Vec<_>>(),
        &rows.iter().map(|(realm, ..)| realm.mode.is_live()).collect::<Vec<_>>(),
        &rows.iter().map(|(_, key, ..)| key.as_str()).collect::<Vec<_>>() as &[&str],
        &rows.iter().map(|(_, _, cluster, _)| *cluster).collect::<Vec<_>>(),
        &rows.iter().map(|(.., part)| *part).collect::<Vec<_>>() as &[Option<i64>],
    )
    .execute(connection)
    .await?;
    Ok(usize::try_from(named.rows_affected()).is_ok_and(|named| named == rows.len()))
}

/// The same, for keys that nobody else is at.
async fn copy(connection: &mut PgConnection, rows: &[Named<'_>]) -> Result<Copied, StoreError> {
    let mut copied = CopiedRows::new();
    for (realm, key, cluster, part) in rows {
        copied.begin_row(5);
        copied.push(realm.project.0)?;
        copied.push(realm.mode.is_live())?;
        copied.push(key.as_str())?;
        copied.push(*cluster)?;
        copied.push(*part)?;
    }
    let statement =
        "COPY identity_keys (project_id, livemode, key, cluster_id, part) FROM STDIN (FORMAT BINARY)";
    copied.store(connection, statement).await
}

fn columns<'a>(keys: &[(Realm, &'a Key)]) -> (Vec<i64>, Vec<bool>, Vec<&'a str>) {
    let projects = keys.iter().map(|(realm, _)| realm.project.0).collect();
    let livemodes = keys.iter().map(|(realm, _)| realm.mode.is_live()).collect();
    (projects, livemodes, keys.iter().map(|(_, key)| key.as_str()).collect())
}
