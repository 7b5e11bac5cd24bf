//! People who work in the console: entering them, letting them in, keeping them out.

mod password;
mod sign_in;

pub use sign_in::{Attempt, Session, SignIn, by_proxy, sign_in, sign_out};

use crate::Error;
use chrono::{DateTime, Utc};
use password::Password;
use store::{
    PgConnection,
    acts::{self, Act},
    users::{self, User, UserRole},
};

/// As long as an address of e-mail may be, which many names are.
const MAX_NAME: usize = 254;

/// Somebody to be entered.
#[derive(Clone, Copy)]
pub struct NewUser<'a> {
    /// By which they sign in.
    pub name: &'a str,
    /// What they may do.
    pub role: UserRole,
    /// In clear; none for somebody whom only a proxy signs in.
    pub password: Option<&'a str>,
}

/// Enters somebody. `actor` is on record.
///
/// # Errors
/// [`Error::Invalid`] for a name or a password that will not do, [`Error::Conflict`] when the name is somebody's, also of
/// somebody who was disabled.
pub async fn create(
    connection: &mut PgConnection,
    new: NewUser<'_>,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<User, Error> {
    let name = name(new.name)?;
    let hash = match new.password {
        None => None,
        Some(password) => Some(Password::new(password)?.hash().await?),
    };
    let created = users::create(connection, name, new.role, hash.as_deref()).await?;
    let user =
        created.ok_or_else(|| Error::Conflict(format!("There is somebody by the name {name:?} already")))?;
    record(connection, actor, "user created", name, Some(new.role.as_str()), now).await?;
    Ok(user)
}

/// Keeps somebody out from now on, and signs them out everywhere. What they did stays on record.
///
/// # Errors
/// [`Error::NotFound`] when nobody of that name may sign in.
pub async fn disable(
    connection: &mut PgConnection,
    name: &str,
    actor: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let name = name.trim();
    if !users::disable(connection, name, now).await? {
        return Err(Error::NotFound(format!("there is nobody by the name {name:?} who may sign in")));
    }
    record(connection, actor, "user disabled", name, None, now).await
}

fn name(name: &str) -> Result<&str, Error> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        return Err(Error::invalid("name", format!("A name has 1 to {MAX_NAME} characters on one line")));
    }
    Ok(name)
}

async fn record(
    connection: &mut PgConnection,
    actor: &str,
    what: &str,
    subject: &str,
    detail: Option<&str>,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let act = Act { at, actor, user: None, realm: None, what, subject, detail };
    Ok(acts::record(connection, act).await?)
}
