//! What people did, for the record.

use super::{PgConnection, StoreError};
use crate::page::{Page, Rows};
use chrono::{DateTime, Utc};
use domain::ids::{Realm, UserId};

/// Something that somebody did.
#[derive(Clone, Copy, Debug)]
pub struct Act<'a> {
    /// When.
    pub at: DateTime<Utc>,
    /// Who, by name.
    pub actor: &'a str,
    /// Who, when it was somebody signed in to the console.
    pub user: Option<UserId>,
    /// The project and mode, when it was about one.
    pub realm: Option<Realm>,
    /// What was done, in a word or two.
    pub what: &'a str,
    /// What it was done to.
    pub subject: &'a str,
    /// The reason that was given, or how much it was.
    pub detail: Option<&'a str>,
}

/// Records it, in the transaction of what was done.
///
/// # Errors
/// [`StoreError`]
pub async fn record(connection: &mut PgConnection, act: Act<'_>) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO acts (at, actor, user_id, project_id, livemode, what, subject, detail)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        act.at,
        act.actor,
        act.user.map(|user| user.0),
        act.realm.map(|realm| realm.project.0),
        act.realm.map(|realm| realm.mode.is_live()),
        act.what,
        act.subject,
        act.detail,
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// An act as it is on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its number; larger is later.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: String,
    /// What was done.
    pub what: String,
    /// To what.
    pub subject: String,
    /// Why, or how much.
    pub detail: Option<String>,
}

/// What was done in a project and mode, or to neither, the latest first; before `before` when that is given.
///
/// # Errors
/// [`StoreError`]
pub async fn list(
    connection: &mut PgConnection,
    realm: Realm,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Recorded>, StoreError> {
    let acts = sqlx::query_as!(
        Recorded,
        "SELECT id, at, actor, what, subject, detail FROM acts
         WHERE ((project_id = $1 AND livemode = $2) OR project_id IS NULL) AND ($3::BIGINT IS NULL OR id < $3)
         ORDER BY id DESC LIMIT $4",
        realm.project.0,
        realm.mode.is_live(),
        before,
        limit,
    );
    Ok(acts.fetch_all(connection).await?)
}

/// A page of what was done in a project and mode, the latest first. What concerns neither is not in it.
///
/// # Errors
/// [`StoreError`]
pub async fn page(
    connection: &mut PgConnection,
    realm: Realm,
    page: &Page,
) -> Result<Rows<Recorded>, StoreError> {
    let acts = sqlx::query_as!(
        Recorded,
        "SELECT id, at, actor, what, subject, detail FROM acts
         WHERE project_id = ANY(ARRAY[$1::BIGINT]) AND livemode = $2 AND id < $3
         ORDER BY project_id, livemode, id DESC LIMIT $4 OFFSET $5",
        realm.project.0,
        realm.mode.is_live(),
        page.after.map_or(i64::MAX, |after| after.id),
        page.limit.saturating_add(1),
        page.offset,
    );
    Ok(Rows::cut(acts.fetch_all(connection).await?, page))
}

/// How many acts there are in a project and mode.
///
/// # Errors
/// [`StoreError`]
pub async fn count(connection: &mut PgConnection, realm: Realm) -> Result<i64, StoreError> {
    let counted = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM acts WHERE project_id = $1 AND livemode = $2"#,
        realm.project.0,
        realm.mode.is_live(),
    );
    Ok(counted.fetch_one(connection).await?)
}
