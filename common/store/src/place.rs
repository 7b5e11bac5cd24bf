//! Where the database is, for whoever has to look after it.

use super::PgPool;

/// Host, port and database of a pool, e.g. `db.internal:5432/tributary`: what a log line may name. Never a password.
#[must_use]
pub fn of(pool: &PgPool) -> String {
    let options = pool.connect_options();
    let host = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => options.get_host().to_owned(),
    };
    format!("{host}:{}/{}", options.get_port(), options.get_database().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_place_has_no_password() {
        let pool = crate::pool("postgres://ann:hush@db.internal:6432/books", "test", 1).unwrap();
        assert_eq!(of(&pool), "db.internal:6432/books");
    }
}
