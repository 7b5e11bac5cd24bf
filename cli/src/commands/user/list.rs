//! `tributary user list`

use crate::{context::Context, output};
use serde::Serialize;
use std::fmt;
use store::users::{self, User};

#[derive(Serialize)]
#[serde(transparent)]
struct Listed(Vec<Item>);

#[derive(Serialize)]
struct Item {
    id: i64,
    name: String,
    role: &'static str,
    has_password: bool,
    created_at: String,
    disabled_at: Option<String>,
}

impl From<User> for Item {
    fn from(user: User) -> Self {
        Self {
            id: user.id.0,
            role: user.role.as_str(),
            has_password: user.password_hash.is_some(),
            created_at: output::time(user.created_at),
            disabled_at: user.disabled_at.map(output::time),
            name: user.name,
        }
    }
}

/// Lists all, the first one first.
pub(super) async fn run(context: &Context) -> anyhow::Result<()> {
    let mut connection = context.database().await?.acquire().await?;
    context.print(&Listed(users::list(&mut connection).await?.into_iter().map(Item::from).collect()))
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("Nobody may sign in to the console yet: tributary user create --help");
        }
        let mut table = output::table(["id", "name", "role", "signs in by", "created", "disabled"]);
        for user in &self.0 {
            table.add_row([
                user.id.to_string().as_str(),
                user.name.as_str(),
                user.role,
                if user.has_password { "password" } else { "proxy" },
                user.created_at.as_str(),
                user.disabled_at.as_deref().unwrap_or(""),
            ]);
        }
        table.fmt(f)
    }
}
