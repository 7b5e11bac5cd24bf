//! Somebody who may sign in to the console, for as long as a measurement takes.

use anyhow::bail;
use app::users::{self, Attempt, NewUser, SignIn};
use chrono::Utc;
use std::process;
use store::{PgPool, users::UserRole};

/// Enters somebody who may see everything, and signs them in; the session's cookie.
pub(crate) async fn enter(pool: &PgPool) -> anyhow::Result<String> {
    let (name, password) = (name(), format!("{:032x}", rand::random::<u128>()));
    let mut transaction = pool.begin().await?;
    let new = NewUser { name: &name, role: UserRole::Operator, password: Some(&password) };
    users::create(&mut transaction, new, "tributary bench", Utc::now()).await?;
    transaction.commit().await?;
    let attempt = Attempt { name: &name, password: &password, address: "127.0.0.1" };
    match users::sign_in(pool, attempt, Utc::now()).await? {
        SignIn::In(session) => Ok(format!("tributary-session={}", session.expose())),
        SignIn::Refused | SignIn::LockedOut => bail!("nobody was let in who was entered just now"),
    }
}

/// Keeps them out again.
pub(crate) async fn leave(pool: &PgPool) -> anyhow::Result<()> {
    Ok(users::disable(&mut *pool.acquire().await?, &name(), "tributary bench", Utc::now()).await?)
}

fn name() -> String {
    format!("bench-{}-{}", process::id(), started())
}

/// Tells the runs apart of processes that had one number.
fn started() -> i64 {
    static STARTED: std::sync::OnceLock<i64> = std::sync::OnceLock::new();
    *STARTED.get_or_init(|| Utc::now().timestamp())
}
