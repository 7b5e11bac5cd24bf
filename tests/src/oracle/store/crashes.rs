//! Servers that die in the middle of a transaction.
//!
//! A trigger on every table of the ledger counts the writing statements in a sequence, which no rollback
//! takes back, and ends its own server process at those that were chosen.

use anyhow::Result;
use store::PgPool;

/// The crashes of one database.
#[derive(Clone, Debug)]
pub struct Crashes {
    pool: PgPool,
}

impl Crashes {
    /// Prepares a database; nothing dies yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn prepare(pool: &PgPool) -> Result<Self> {
        sqlx::raw_sql(
            "CREATE SCHEMA crashes;
             CREATE SEQUENCE crashes.statements;
             CREATE TABLE crashes.plan (at_statement BIGINT, one_in BIGINT);
             INSERT INTO crashes.plan VALUES (NULL, NULL);
             CREATE FUNCTION crashes.maybe() RETURNS trigger LANGUAGE plpgsql AS $$
             DECLARE
                 n BIGINT := nextval('crashes.statements');
             BEGIN
                 -- The multiplier only scatters the victims, the same ones every time.
                 IF EXISTS (SELECT FROM crashes.plan
                            WHERE n = at_statement OR (n * 2654435761 / 65536) % one_in = 0) THEN
                     PERFORM pg_terminate_backend(pg_backend_pid());
                 END IF;
                 RETURN NULL;
             END $$;
             DO $$
             DECLARE
                 name REGCLASS;
             BEGIN
                 FOR name IN SELECT oid FROM pg_class
                             WHERE relnamespace = 'public'::REGNAMESPACE AND relkind = 'r'
                               AND relname NOT LIKE '\\_sqlx%' AND relname NOT LIKE 'queue%' LOOP
                     EXECUTE format('CREATE TRIGGER crash BEFORE INSERT OR UPDATE OR DELETE ON %s
                                     FOR EACH STATEMENT EXECUTE FUNCTION crashes.maybe()', name);
                 END LOOP;
             END $$;",
        )
        .execute(pool)
        .await?;
        Ok(Self { pool: pool.clone() })
    }

    /// From now on one statement in so many dies; `None` is peace.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn one_in(&self, statements: Option<i64>) -> Result<()> {
        let plan = "UPDATE crashes.plan SET at_statement = NULL, one_in = $1";
        sqlx::query(plan).bind(statements).execute(&self.pool).await?;
        Ok(())
    }

    /// The n-th statement from now dies.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn at(&self, n: i64) -> Result<()> {
        let plan = "UPDATE crashes.plan SET one_in = NULL, at_statement = nextval('crashes.statements') + $1";
        sqlx::query(plan).bind(n).execute(&self.pool).await?;
        Ok(())
    }
}
