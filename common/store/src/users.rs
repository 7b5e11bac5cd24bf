//! People who may sign in to the console.

use super::{PgConnection, StoreError, decode};
use chrono::{DateTime, Utc};
use domain::ids::UserId;

/// What a person may do in the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UserRole {
    /// Seeing.
    Viewer,
    /// Seeing, and what keeps events flowing: dead letters, endpoints of notifications, API keys.
    Developer,
    /// Seeing, payouts and decisions.
    Finance,
    /// Everything, the rules included.
    Operator,
}

impl UserRole {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Developer, Self::Finance, Self::Operator];

    /// As the table and the command line write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Developer => "developer",
            Self::Finance => "finance",
            Self::Operator => "operator",
        }
    }

    /// Reads one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its number.
    pub id: UserId,
    /// By which they sign in, and which is on record.
    pub name: String,
    /// What they may do.
    pub role: UserRole,
    /// Argon2id in PHC form; none for somebody whom only a proxy signs in.
    pub password_hash: Option<String>,
    /// When they were entered.
    pub created_at: DateTime<Utc>,
    /// Since when they may not sign in.
    pub disabled_at: Option<DateTime<Utc>>,
}

struct Row {
    id: i64,
    name: String,
    role: String,
    password_hash: Option<String>,
    created_at: DateTime<Utc>,
    disabled_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for User {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: UserId(row.id),
            name: row.name,
            // A role that this program does not know is no licence to do everything.
            role: UserRole::parse(&row.role).ok_or_else(|| decode("a user of an unknown role"))?,
            password_hash: row.password_hash,
            created_at: row.created_at,
            disabled_at: row.disabled_at,
        })
    }
}

/// Enters a person. `None` when the name is somebody's already, also of somebody who was disabled: what is on record
/// under a name is one person's.
///
/// # Errors
/// [`StoreError`]
pub async fn create(
    connection: &mut PgConnection,
    name: &str,
    role: UserRole,
    password_hash: Option<&str>,
) -> Result<Option<User>, StoreError> {
    sqlx::query_as!(
        Row,
        "INSERT INTO users (name, role, password_hash) VALUES ($1, $2, $3)
         ON CONFLICT (lower(name)) DO NOTHING
         RETURNING id, name, role, password_hash, created_at, disabled_at",
        name,
        role.as_str(),
        password_hash,
    )
    .fetch_optional(connection)
    .await?
    .map(User::try_from)
    .transpose()
}

/// Everybody, the first one first.
///
/// # Errors
/// [`StoreError`]
pub async fn list(connection: &mut PgConnection) -> Result<Vec<User>, StoreError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT id, name, role, password_hash, created_at, disabled_at FROM users ORDER BY id"
    );
    rows.fetch_all(connection).await?.into_iter().map(User::try_from).collect()
}

/// The person with this name, in whatever case, also when they were disabled.
///
/// # Errors
/// [`StoreError`]
pub async fn find_by_name(connection: &mut PgConnection, name: &str) -> Result<Option<User>, StoreError> {
    sqlx::query_as!(
        Row,
        "SELECT id, name, role, password_hash, created_at, disabled_at FROM users WHERE lower(name) = lower($1)",
        name,
    )
    .fetch_optional(connection)
    .await?
    .map(User::try_from)
    .transpose()
}

/// Lets a person no longer sign in, and signs them out everywhere. Tells whether there is somebody of that name who could.
///
/// # Errors
/// [`StoreError`]
pub async fn disable(
    connection: &mut PgConnection,
    name: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let id = sqlx::query_scalar!(
        "UPDATE users SET disabled_at = $2 WHERE lower(name) = lower($1) AND disabled_at IS NULL RETURNING id",
        name,
        now,
    )
    .fetch_optional(&mut *connection)
    .await?;
    let Some(id) = id else { return Ok(false) };
    sqlx::query!("DELETE FROM console_sessions WHERE user_id = $1", id).execute(connection).await?;
    Ok(true)
}
