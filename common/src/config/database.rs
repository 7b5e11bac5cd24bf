//! `DATABASE_URL`

use clap::Args;

/// Where everything is kept.
#[derive(Args, Clone)]
pub struct DatabaseArgs {
    /// The PostgreSQL database, e.g. <postgres://user:password@host/name>
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true, global = true)]
    database_url: Option<String>,
}

/// Why there is no database to work with. The address itself is never repeated: it holds a password.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableDatabase {
    /// It is needed and was not named.
    #[error("--database-url is not set: give it as an option or as DATABASE_URL")]
    Missing,
    /// It is another kind of database.
    #[error(
        "DATABASE_URL is an address of {0}: Tributary needs PostgreSQL, e.g. postgres://user:password@host/name"
    )]
    Another(String),
    /// It is no URL at all.
    #[error("DATABASE_URL is no URL: it must look like postgres://user:password@host/name")]
    NoUrl,
}

impl DatabaseArgs {
    /// The URL, when one is set.
    ///
    /// # Errors
    /// When it is not one of PostgreSQL's.
    pub fn url(&self) -> Result<Option<&str>, UnusableDatabase> {
        let Some(url) = self.database_url.as_deref().map(str::trim).filter(|url| !url.is_empty()) else {
            return Ok(None);
        };
        match url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase()).as_deref() {
            Some("postgres" | "postgresql") => Ok(Some(url)),
            Some(scheme) if is_a_scheme(scheme) => Err(UnusableDatabase::Another(scheme.to_owned())),
            Some(_) | None => Err(UnusableDatabase::NoUrl),
        }
    }

    /// The URL.
    ///
    /// # Errors
    /// When none is set, or it is not one of PostgreSQL's.
    pub fn required(&self) -> Result<&str, UnusableDatabase> {
        self.url()?.ok_or(UnusableDatabase::Missing)
    }
}

/// RFC 3986, 3.1; whatever else stands before a colon may be a secret.
fn is_a_scheme(text: &str) -> bool {
    text.len() <= 20
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<Option<String>, UnusableDatabase> {
        let args = DatabaseArgs { database_url: Some(url.to_owned()) };
        args.url().map(|url| url.map(str::to_owned))
    }

    #[test]
    fn an_empty_address_is_none() {
        assert_eq!(read("  "), Ok(None));
        assert_eq!(DatabaseArgs { database_url: None }.required(), Err(UnusableDatabase::Missing));
        assert_eq!(read(" postgres://h/n\n"), Ok(Some("postgres://h/n".to_owned())));
    }

    #[test]
    fn another_kind_of_database_is_named_and_no_password_is() {
        assert!(read("postgresql://u@h/n").is_ok_and(|url| url.is_some()));
        let refused = |url: &str| read(url).unwrap_err().to_string();
        assert!(refused("mysql://root:hush@h/n").contains("an address of mysql"));
        assert!(refused("http://localhost:5432").contains("an address of http"));
        for url in ["hush", "user hush:x", "host=localhost password=hush"] {
            assert!(refused(url).contains("no URL") && !refused(url).contains("hush"), "{url}");
        }
    }
}
