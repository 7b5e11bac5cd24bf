//! Many copies of what was settled of one project, made by the database: large tables for measurements, quickly.
//!
//! Everything of the *template* carries one mark in its ids, addresses and keys. A copy is each of its rows once more, with
//! another mark and other numbers, so it is what the engine would have written for those customers; its notifications alone
//! are left out.

use crate::{PgConnection, StoreError, decode};
use domain::ids::ProjectId;
use sqlx::{AssertSqlSafe, Row};

/// Copies that a template can have: a mark has so many digits.
pub const MOST: u32 = 9_999_999;

/// The mark of a copy, in lower case as addresses are compared; the template is number 0.
#[must_use]
pub fn mark(number: u32) -> String {
    format!("seed{number:07}z")
}

/// A table, the column that numbers its rows, and the columns that hold numbers of its own or of others.
struct Table {
    name: &'static str,
    /// By which rows of the template are told from copies: a number, and whose.
    within: (&'static str, Numbers),
    numbers: &'static [(&'static str, Numbers)],
}

/// Whose numbers a column holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbers {
    Clusters,
    Events,
    Customers,
    Conversions,
    Entries,
}

impl Numbers {
    const ALL: [Self; 5] = [Self::Clusters, Self::Events, Self::Customers, Self::Conversions, Self::Entries];

    fn table(self) -> &'static str {
        match self {
            Self::Clusters => "clusters",
            Self::Events => "events",
            Self::Customers => "customers",
            Self::Conversions => "conversions",
            Self::Entries => "ledger_entries",
        }
    }
}

/// In the order in which rows refer to one another.
const TABLES: [Table; 8] = [
    Table { name: "clusters", within: ("id", Numbers::Clusters), numbers: &[("id", Numbers::Clusters)] },
    Table { name: "events", within: ("id", Numbers::Events), numbers: &[("id", Numbers::Events)] },
    Table {
        name: "facts",
        within: ("cluster_id", Numbers::Clusters),
        numbers: &[("cluster_id", Numbers::Clusters)],
    },
    Table {
        name: "fact_versions",
        within: ("cluster_id", Numbers::Clusters),
        numbers: &[("cluster_id", Numbers::Clusters)],
    },
    Table {
        name: "customers",
        within: ("id", Numbers::Customers),
        numbers: &[("id", Numbers::Customers), ("cluster_id", Numbers::Clusters)],
    },
    Table {
        name: "conversions",
        within: ("id", Numbers::Conversions),
        numbers: &[
            ("id", Numbers::Conversions),
            ("cluster_id", Numbers::Clusters),
            ("customer_id", Numbers::Customers),
            ("merged_into", Numbers::Conversions),
        ],
    },
    Table {
        name: "identity_keys",
        within: ("cluster_id", Numbers::Clusters),
        numbers: &[
            ("cluster_id", Numbers::Clusters),
            ("customer_id", Numbers::Customers),
            ("conversion_id", Numbers::Conversions),
        ],
    },
    Table {
        name: "ledger_entries",
        within: ("id", Numbers::Entries),
        numbers: &[("id", Numbers::Entries), ("conversion_id", Numbers::Conversions)],
    },
];

/// What is copied, and the statements that do it.
#[derive(Debug)]
pub struct Template {
    project: ProjectId,
    statements: Vec<String>,
}

impl Template {
    /// All that is settled of a project. Nobody else may write to the database until [`Self::finish`].
    ///
    /// # Errors
    /// When the database fails, or a table has a column of a kind that is not understood here.
    pub async fn of(connection: &mut PgConnection, project: ProjectId) -> Result<Self, StoreError> {
        let mut spans = Vec::new();
        for numbers in Numbers::ALL {
            let table = numbers.table();
            let span = format!(
                "SELECT coalesce(max(id), 0), coalesce(max(id) - min(id), 0) + 1 FROM {table} WHERE project_id = $1"
            );
            let row = sqlx::query(AssertSqlSafe(span)).bind(project.0).fetch_one(&mut *connection).await?;
            spans.push((numbers, row.try_get::<i64, _>(0)?, row.try_get::<i64, _>(1)?));
        }
        let span = |of: Numbers| {
            let found = spans.iter().find(|(numbers, ..)| *numbers == of);
            found.map_or((0, 1), |(_, last, stride)| (*last, *stride))
        };
        let mut statements = Vec::new();
        for table in &TABLES {
            let columns: Vec<(String, String)> = sqlx::query_as(
                "SELECT attname::TEXT, format_type(atttypid, NULL) FROM pg_attribute
                 WHERE attrelid = $1::TEXT::REGCLASS AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
            )
            .bind(table.name)
            .fetch_all(&mut *connection)
            .await?;
            let values = columns
                .iter()
                .map(|(name, kind)| value(table, name, kind, span))
                .collect::<Result<Vec<_>, _>>()?;
            let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
            let (number, last) = (table.within.0, span(table.within.1).0);
            statements.push(format!(
                "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE
                 SELECT {} FROM {} t CROSS JOIN (
                     SELECT number, 'seed' || lpad(number::TEXT, 7, '0') || 'z' AS mark
                     FROM generate_series($2::BIGINT, $3::BIGINT) number
                 ) copy
                 WHERE t.project_id = $1 AND t.{number} <= {last}",
                table.name,
                names.join(", "),
                values.join(", "),
                table.name,
            ));
        }
        Ok(Self { project, statements })
    }

    /// Makes the copies with these numbers, from 1 on, each once; how many rows that were.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn copy(
        &self,
        connection: &mut PgConnection,
        first: u32,
        last: u32,
    ) -> Result<u64, StoreError> {
        let mut rows = 0;
        for statement in &self.statements {
            let copied = sqlx::query(AssertSqlSafe(statement.clone()))
                .bind(self.project.0)
                .bind(i64::from(first))
                .bind(i64::from(last))
                .execute(&mut *connection)
                .await?;
            rows += copied.rows_affected();
        }
        Ok(rows)
    }

    /// Numbers go on behind the copies, and the planner hears of them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn finish(self, connection: &mut PgConnection) -> Result<(), StoreError> {
        for numbers in Numbers::ALL {
            let table = numbers.table();
            let next = format!(
                "SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
            );
            sqlx::query(AssertSqlSafe(next)).execute(&mut *connection).await?;
        }
        for table in TABLES {
            sqlx::query(AssertSqlSafe(format!("ANALYZE {}", table.name))).execute(&mut *connection).await?;
        }
        Ok(())
    }
}

/// A column of a copy, as SQL.
fn value(
    table: &Table,
    name: &str,
    kind: &str,
    span: impl Fn(Numbers) -> (i64, i64),
) -> Result<String, StoreError> {
    let template = mark(0);
    if let Some((_, numbers)) = table.numbers.iter().find(|(column, _)| *column == name) {
        return Ok(format!("t.{name} + copy.number * {}", span(*numbers).1));
    }
    Ok(match (kind, name) {
        ("text", _) => format!("replace(t.{name}, '{template}', copy.mark)"),
        ("jsonb" | "text[]", _) => format!("replace(t.{name}::TEXT, '{template}', copy.mark)::{kind}"),
        ("bytea", "body") => {
            format!("convert_to(replace(convert_from(t.body, 'UTF8'), '{template}', copy.mark), 'UTF8')")
        }
        ("bytea", "body_sha256") => {
            format!(
                "sha256(convert_to(replace(convert_from(t.body, 'UTF8'), '{template}', copy.mark), 'UTF8'))"
            )
        }
        ("bytea", _) => return Err(decode(format!("{}.{name}: bytes of which kind?", table.name))),
        _ => format!("t.{name}"),
    })
}
