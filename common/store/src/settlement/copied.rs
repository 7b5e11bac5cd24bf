//! Rows that should be new, by COPY: half of what an INSERT costs that looks for each row first.

use crate::{PgConnection, StoreError};
use sqlx::encode::IsNull;
use sqlx::postgres::PgArgumentBuffer;
use sqlx::{Encode, Executor as _, Postgres};

/// Fewer rows are not worth the four round trips: a savepoint, the statement, its rows, and the savepoint's end.
pub(super) const WORTH_IT: usize = 128;

/// Begins what COPY reads as binary: its signature, no flags, no extension.
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// Where a row's number of fields would be: there are no more rows.
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();
/// Instead of a field's length: it is null.
const NULL: [u8; 4] = (-1_i32).to_be_bytes();

/// Rows as `COPY … FROM STDIN (FORMAT BINARY)` reads them
/// (<https://www.postgresql.org/docs/current/sql-copy.html#id-1.9.55.9.4.6>).
pub(super) struct CopiedRows(PgArgumentBuffer);

/// Whether they were new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Copied {
    /// All are stored.
    All,
    /// At least one was there, and nothing was done.
    SomeWereThere,
}

impl CopiedRows {
    pub(super) fn new() -> Self {
        let mut buffer = PgArgumentBuffer::default();
        buffer.extend_from_slice(HEADER);
        Self(buffer)
    }

    /// The next row; its fields are what is pushed then.
    pub(super) fn begin_row(&mut self, fields: i16) {
        self.0.extend_from_slice(&fields.to_be_bytes());
    }

    /// A field, of exactly the column's type.
    pub(super) fn push<'a>(&mut self, field: impl Encode<'a, Postgres>) -> Result<(), StoreError> {
        let start = self.0.len();
        self.0.extend_from_slice(&NULL);
        if let IsNull::No = field.encode(&mut self.0).map_err(sqlx::Error::Encode)? {
            let values = start + NULL.len();
            let length =
                i32::try_from(self.0.len() - values).map_err(|error| sqlx::Error::Encode(error.into()))?;
            self.0.splice(start..values, length.to_be_bytes());
        }
        Ok(())
    }

    /// Stores them by this `COPY … FROM STDIN (FORMAT BINARY)`; where one of them is there already, which is waited for while
    /// another transaction is at it, none.
    pub(super) async fn store(
        mut self,
        connection: &mut PgConnection,
        statement: &str,
    ) -> Result<Copied, StoreError> {
        self.0.extend_from_slice(&TRAILER);
        connection.execute("SAVEPOINT new_rows").await?;
        match self.send(connection, statement).await {
            Ok(()) => {
                connection.execute("RELEASE SAVEPOINT new_rows").await?;
                Ok(Copied::All)
            }
            Err(sqlx::Error::Database(refused)) if refused.is_unique_violation() => {
                connection.execute("ROLLBACK TO SAVEPOINT new_rows").await?;
                Ok(Copied::SomeWereThere)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn send(&self, connection: &mut PgConnection, statement: &str) -> Result<(), sqlx::Error> {
        let mut copying = connection.copy_in_raw(statement).await?;
        copying.send(self.0.as_slice()).await?;
        copying.finish().await?;
        Ok(())
    }
}
