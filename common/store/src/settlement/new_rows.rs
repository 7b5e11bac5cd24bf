//! Rows that should be new, without looking for each of them first, which is a third of what it costs to insert them.

use crate::{PgConnection, StoreError};
use sqlx::Executor as _;
use sqlx::postgres::PgQueryResult;

/// Fewer rows are not worth the two round trips of a savepoint.
pub(super) const WORTH_IT: usize = 128;

/// Whether they were new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stored {
    /// All are stored.
    All,
    /// At least one was there, and nothing was done.
    None,
}

/// Has a statement insert rows; where one of them is there already, which is waited for while another transaction is at it, none.
pub(super) async fn insert(
    connection: &mut PgConnection,
    statement: impl AsyncFnOnce(&mut PgConnection) -> Result<PgQueryResult, sqlx::Error>,
) -> Result<Stored, StoreError> {
    connection.execute("SAVEPOINT new_rows").await?;
    match statement(&mut *connection).await {
        Ok(_) => {
            connection.execute("RELEASE SAVEPOINT new_rows").await?;
            Ok(Stored::All)
        }
        Err(sqlx::Error::Database(refused)) if refused.is_unique_violation() => {
            connection.execute("ROLLBACK TO SAVEPOINT new_rows").await?;
            Ok(Stored::None)
        }
        Err(error) => Err(error.into()),
    }
}
