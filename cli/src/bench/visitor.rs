//! Somebody who may sign in to the console, for as long as a measurement takes.

use anyhow::bail;
use app::users::{self, Attempt, NewUser, SignIn};
use chrono::Utc;
use store::{PgPool, users::UserRole};

/// Somebody who may see everything, and is signed in. A name stays in the records of what was done, so each has another.
pub(crate) struct Visitor {
    name: String,
    cookie: String,
}

impl Visitor {
    /// Enters them, and signs them in.
    pub(crate) async fn enter(pool: &PgPool) -> anyhow::Result<Self> {
        let name = format!("bench-{:016x}", rand::random::<u64>());
        let password = format!("{:032x}", rand::random::<u128>());
        let mut transaction = pool.begin().await?;
        let new = NewUser { name: &name, role: UserRole::Operator, password: Some(&password) };
        users::create(&mut transaction, new, "tributary bench", Utc::now()).await?;
        transaction.commit().await?;
        let attempt = Attempt { name: &name, password: &password, address: "127.0.0.1" };
        match users::sign_in(pool, attempt, Utc::now()).await? {
            SignIn::In(session) => {
                Ok(Self { name, cookie: format!("tributary-session={}", session.expose()) })
            }
            SignIn::Refused | SignIn::LockedOut => bail!("nobody was let in who was entered just now"),
        }
    }

    /// What their browser sends along.
    pub(crate) fn cookie(&self) -> &str {
        &self.cookie
    }

    /// Keeps them out again.
    pub(crate) async fn leave(self, pool: &PgPool) -> anyhow::Result<()> {
        Ok(users::disable(&mut *pool.acquire().await?, &self.name, "tributary bench", Utc::now()).await?)
    }
}
