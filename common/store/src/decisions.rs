//! What people decided: each decision once, and what it is about.

use super::{PgConnection, StoreError, realm};
use crate::page::{Page, Rows};
use chrono::{DateTime, Utc};
use domain::decision::Audit;
use domain::ids::{ConversionId, ProjectId, Realm};
use domain::key::Key;

/// What a decision is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecisionKind {
    /// Whom a customer is locked to.
    Lock,
    /// What becomes of a payment's commission.
    Verdict,
}

/// A decision to be kept.
#[derive(Clone, Copy, Debug)]
pub struct NewDecision<'a> {
    /// What it is about.
    pub kind: DecisionKind,
    /// The customer or the payment.
    pub subject: &'a Key,
    /// What was decided, in a word or two.
    pub decided: &'a str,
    /// Who decided, when and why.
    pub audit: &'a Audit,
}

/// Keeps a decision. The number names its command, and of two on one subject the greater one
/// stands; put the command on the queue in the same transaction.
///
/// # Errors
/// [`StoreError`]
pub async fn add(
    connection: &mut PgConnection,
    realm: Realm,
    new: NewDecision<'_>,
) -> Result<i64, StoreError> {
    let kind = match new.kind {
        DecisionKind::Lock => "lock",
        DecisionKind::Verdict => "verdict",
    };
    // Numbers in the order of the commits: of two who decide on one subject at once, the second waits.
    let name = format!("decision:{}:{}:{}", realm.project, realm.mode, new.subject);
    sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", name)
        .fetch_one(&mut *connection)
        .await?;
    let id = sqlx::query_scalar!(
        "INSERT INTO decisions (project_id, livemode, kind, subject, decided, actor, reason, decided_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         RETURNING id",
        realm.project.0,
        realm.mode.is_live(),
        kind,
        new.subject.as_str(),
        new.decided,
        new.audit.actor,
        new.audit.reason,
        new.audit.decided_at,
    );
    Ok(id.fetch_one(connection).await?)
}

/// In which modes of a project one of these keys is known, the best key of each: the first of those
/// asked for.
///
/// # Errors
/// [`StoreError`]
pub async fn known(
    connection: &mut PgConnection,
    project: ProjectId,
    keys: &[Key],
) -> Result<Vec<(Realm, Key)>, StoreError> {
    let keys: Vec<String> = keys.iter().map(|key| key.as_str().to_owned()).collect();
    let rows = sqlx::query!(
        r#"SELECT DISTINCT ON (k.livemode) k.livemode, k.key
           FROM UNNEST($2::TEXT[]) WITH ORDINALITY AS asked (key, place)
           JOIN identity_keys k ON k.project_id = $1 AND k.livemode IN (FALSE, TRUE) AND k.key = asked.key
           ORDER BY k.livemode, asked.place"#,
        project.0,
        &keys,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (realm(project.0, row.livemode), Key::stored(row.key))).collect())
}

/// The payment of a conversion; of one that was merged into another, that one's.
///
/// # Errors
/// [`StoreError`]
pub async fn payment(
    connection: &mut PgConnection,
    project: ProjectId,
    conversion: ConversionId,
) -> Result<Option<(Realm, Key)>, StoreError> {
    let row = sqlx::query!(
        "SELECT c.livemode, c.payment_key
         FROM conversions asked
         JOIN conversions c ON c.id = coalesce(asked.merged_into, asked.id)
         WHERE asked.id = $2 AND asked.project_id = $1",
        project.0,
        conversion.0,
    )
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|row| (realm(project.0, row.livemode), Key::stored(row.payment_key))))
}

/// A decision as it is on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its number; larger is later.
    pub id: i64,
    /// `lock` or `verdict`.
    pub kind: String,
    /// The key of the customer or of the payment.
    pub subject: String,
    /// What was decided, in a word or two.
    pub decided: String,
    /// Who.
    pub actor: String,
    /// Why.
    pub reason: String,
    /// When.
    pub decided_at: DateTime<Utc>,
}

/// What was decided, the latest first; of these subjects when any are named, and before the decision with the number `before`.
///
/// # Errors
/// [`StoreError`]
pub async fn list(
    connection: &mut PgConnection,
    realm: Realm,
    subjects: Option<&[String]>,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<Recorded>, StoreError> {
    let rows = sqlx::query_as!(
        Recorded,
        "SELECT id, kind, subject, decided, actor, reason, decided_at FROM decisions
         WHERE project_id = $1 AND livemode = $2 AND ($3::TEXT[] IS NULL OR subject = ANY($3))
           AND ($4::BIGINT IS NULL OR id < $4)
         ORDER BY id DESC LIMIT $5",
        realm.project.0,
        realm.mode.is_live(),
        subjects,
        before,
        limit,
    );
    Ok(rows.fetch_all(connection).await?)
}

/// A page of what was decided in a project and mode, the latest first; about this subject when one is named.
///
/// # Errors
/// [`StoreError`]
pub async fn page(
    connection: &mut PgConnection,
    realm: Realm,
    subject: Option<&str>,
    page: &Page,
) -> Result<Rows<Recorded>, StoreError> {
    let rows = sqlx::query_as!(
        Recorded,
        "SELECT id, kind, subject, decided, actor, reason, decided_at FROM decisions
         WHERE project_id = $1 AND livemode = $2 AND ($3::TEXT IS NULL OR subject = $3) AND id < $4
         ORDER BY id DESC LIMIT $5 OFFSET $6",
        realm.project.0,
        realm.mode.is_live(),
        subject,
        page.after.map_or(i64::MAX, |after| after.id),
        page.limit.saturating_add(1),
        page.offset,
    );
    Ok(Rows::cut(rows.fetch_all(connection).await?, page))
}

/// How many decisions there are in a project and mode; about this subject when one is named.
///
/// # Errors
/// [`StoreError`]
pub async fn count(
    connection: &mut PgConnection,
    realm: Realm,
    subject: Option<&str>,
) -> Result<i64, StoreError> {
    let counted = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM decisions
           WHERE project_id = $1 AND livemode = $2 AND ($3::TEXT IS NULL OR subject = $3)"#,
        realm.project.0,
        realm.mode.is_live(),
        subject,
    );
    Ok(counted.fetch_one(connection).await?)
}
