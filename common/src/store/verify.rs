//! Whether the ledger is sound: what must always hold, looked at from outside of what makes it hold.

use super::{PgConnection, StoreError};
use crate::domain::ids::{ConversionId, ProjectId};
use crate::queue::Prefix;

/// How many conversions are named at most.
const NAMED: i64 = 20;

/// What was found. All of it is nothing when the ledger is sound and everything is settled.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Findings {
    /// Affiliates and currencies whose postings do not sum to zero.
    pub unbalanced: i64,
    /// Conversions whose columns differ from their ledger, twenty at most.
    pub differing: Vec<ConversionId>,
    /// Conversions from which more was taken back than earned.
    pub overdrawn: i64,
    /// REST conversions that were accepted and are not settled yet.
    pub pending: i64,
    /// Messages that wait in PostgreSQL.
    pub queued: i64,
    /// Dead letters that nobody has decided on.
    pub dead_letters: i64,
}

impl Findings {
    /// Whether the ledger contradicts itself.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.unbalanced == 0 && self.differing.is_empty() && self.overdrawn == 0
    }

    /// Whether something is left over.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.pending == 0 && self.queued == 0 && self.dead_letters == 0
    }
}

/// Looks at one project, or at all.
///
/// # Errors
/// When the database fails.
pub async fn verify(
    connection: &mut PgConnection,
    queue: &Prefix,
    project: Option<ProjectId>,
) -> Result<Findings, StoreError> {
    let project = project.map(|project| project.0);
    let row = sqlx::query!(
        r#"
        SELECT (SELECT count(*) FROM (
                    SELECT 1 FROM ledger_postings WHERE $1::BIGINT IS NULL OR project_id = $1
                    GROUP BY project_id, livemode, affiliate_id, currency HAVING sum(amount_minor) <> 0
                ) AS unbalanced) AS "unbalanced!",
               (SELECT count(*) FROM conversions
                WHERE ($1 IS NULL OR project_id = $1)
                  AND clawed_back_minor + held_minor > greatest(commission_minor, 0)) AS "overdrawn!",
               (SELECT count(*) FROM conversions
                WHERE ($1 IS NULL OR project_id = $1) AND merged_into IS NULL AND request IS NOT NULL
                  AND (status = 'pending' OR published_at IS NULL)) AS "pending!",
               (SELECT count(*) FROM queue_messages
                WHERE queue = $2 AND ($1 IS NULL OR headers -> 'project' = to_jsonb($1))) AS "queued!",
               (SELECT count(*) FROM dead_letters
                WHERE queue = $2 AND ($1 IS NULL OR project_id = $1)
                  AND retried_at IS NULL AND discarded_at IS NULL) AS "dead_letters!"
        "#,
        project,
        queue.as_str(),
    )
    .fetch_one(&mut *connection)
    .await?;
    Ok(Findings {
        unbalanced: row.unbalanced,
        differing: differing(connection, project).await?,
        overdrawn: row.overdrawn,
        pending: row.pending,
        queued: row.queued,
        dead_letters: row.dead_letters,
    })
}

/// The ledger of a conversion must say of its affiliate and currency what its columns say, and
/// nothing of any other.
async fn differing(
    connection: &mut PgConnection,
    project: Option<i64>,
) -> Result<Vec<ConversionId>, StoreError> {
    let ids = sqlx::query_scalar!(
        r#"
        WITH ledger AS (
            SELECT conversion_id, affiliate_id, currency,
                   -sum(amount_minor) FILTER (WHERE account = 'expense') AS earned,
                   sum(amount_minor) FILTER (WHERE account = 'clawback') AS clawed_back,
                   sum(amount_minor) FILTER (WHERE account = 'held') AS held,
                   sum(amount_minor) FILTER (WHERE account = 'paid') AS paid
            FROM ledger_postings WHERE $1::BIGINT IS NULL OR project_id = $1
            GROUP BY conversion_id, affiliate_id, currency
        ), said AS (
            SELECT id AS conversion_id, affiliate_id, currency, commission_minor AS earned,
                   clawed_back_minor AS clawed_back, held_minor AS held,
                   CASE WHEN paid THEN commission_minor - clawed_back_minor - held_minor ELSE 0 END AS paid
            FROM conversions
            WHERE ($1 IS NULL OR project_id = $1) AND affiliate_id IS NOT NULL AND status <> 'pending'
        )
        SELECT DISTINCT conversion_id AS "id!"
        FROM ledger FULL JOIN said USING (conversion_id, affiliate_id, currency)
        WHERE coalesce(ledger.earned, 0) <> coalesce(said.earned, 0)
           OR coalesce(ledger.clawed_back, 0) <> coalesce(said.clawed_back, 0)
           OR coalesce(ledger.held, 0) <> coalesce(said.held, 0)
           OR coalesce(ledger.paid, 0) <> coalesce(said.paid, 0)
        ORDER BY 1
        LIMIT $2
        "#,
        project,
        NAMED,
    )
    .fetch_all(connection)
    .await?;
    Ok(ids.into_iter().map(ConversionId).collect())
}
