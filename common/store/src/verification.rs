//! Whether the ledger is what it promises to be (SEMANTICS 11 to 13): sums to zero, agrees with the
//! conversions, never takes back more than was earned; and whether what is kept of it is what it says.

mod payouts;
mod rollups;

use super::{PgConnection, StoreError};
use domain::ids::ProjectId;

/// A rule, and where it is broken.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// What should hold.
    pub rule: &'static str,
    /// How often it does not.
    pub violations: i64,
    /// Some of the places.
    pub examples: Vec<String>,
}

/// Examples of one rule.
const EXAMPLES: i64 = 5;

/// Checks every rule and tells what each found, in a fixed order.
///
/// # Errors
/// When the database fails.
pub async fn verify(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
) -> Result<Vec<Finding>, StoreError> {
    Ok(vec![
        sums_to_zero(connection, project).await?,
        agrees_with_conversions(connection, project).await?,
        takes_back_no_more_than_was_earned(connection, project).await?,
        belongs_to_its_conversion(connection, project).await?,
        merged_conversions_hold_nothing(connection, project).await?,
        only_its_affiliate_earns(connection, project).await?,
        refer_to_what_exists(connection, project).await?,
        payouts::sum_to_their_items(connection, project).await?,
        payouts::are_as_they_were_frozen(connection, project).await?,
        payouts::are_posted_once_paid(connection, project).await?,
        payouts::close_with_their_items(connection, project).await?,
        payouts::pay_no_more_than_was_earned(connection, project).await?,
        payouts::stay_within_their_project(connection, project).await?,
        payouts::are_known_to_conversions(connection, project).await?,
        payouts::are_beside_what_callers_paid(connection, project).await?,
        rollups::are_what_happened(connection, project).await?,
        rollups::are_those_of_their_days(connection, project).await?,
    ])
}

async fn sums_to_zero(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
) -> Result<Finding, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT affiliate_id AS "affiliate_id!", currency AS "currency!", count(*) OVER () AS "violations!"
         FROM ledger_postings WHERE $1::BIGINT IS NULL OR project_id = $1
         GROUP BY affiliate_id, currency HAVING sum(amount_minor) <> 0
         ORDER BY affiliate_id LIMIT $2"#,
        project.map(|project| project.0),
        EXAMPLES,
    )
    .fetch_all(connection)
    .await?;
    Ok(Finding {
        rule: "every affiliate's accounts sum to zero in each currency",
        violations: rows.first().map_or(0, |row| row.violations),
        examples: rows
            .iter()
            .map(|row| format!("affiliate {} in {}", row.affiliate_id, row.currency))
            .collect(),
    })
}

async fn agrees_with_conversions(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
) -> Result<Finding, StoreError> {
    let rows = sqlx::query_as!(
        Wrong,
        r#"SELECT c.id AS "id!", count(*) OVER () AS "violations!"
         FROM conversions c
         LEFT JOIN ledger_balances l
             ON l.conversion_id = c.id AND l.affiliate_id = c.affiliate_id AND l.currency = c.currency
             AND ($1::BIGINT IS NULL OR l.project_id = $1)
         WHERE ($1 IS NULL OR c.project_id = $1) AND c.merged_into IS NULL
           AND (CASE WHEN c.affiliate_id IS NULL THEN 0 ELSE c.commission_minor END,
                CASE WHEN c.affiliate_id IS NULL THEN 0 ELSE c.clawed_back_minor END,
                CASE WHEN c.affiliate_id IS NULL THEN 0 ELSE c.held_minor END)
               IS DISTINCT FROM (coalesce(l.earned, 0), coalesce(l.clawed_back, 0), coalesce(l.held, 0))
         ORDER BY c.id LIMIT $2"#,
        project.map(|project| project.0),
        EXAMPLES,
    )
    .fetch_all(connection)
    .await?;
    Ok(finding("the ledger says of each conversion what its row says", "conversion", &rows))
}

async fn takes_back_no_more_than_was_earned(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
) -> Result<Finding, StoreError> {
    let rows = sqlx::query_as!(
        Wrong,
        r#"SELECT id AS "id!", count(*) OVER () AS "violations!" FROM conversions
         WHERE ($1::BIGINT IS NULL OR project_id = $1)
           AND (clawed_back_minor + held_minor > commission_minor OR clawed_back_minor < 0 OR held_minor < 0
                OR commission_minor < 0)
         ORDER BY id LIMIT $2"#,
        project.map(|project| project.0),
        EXAMPLES,
    )
    .fetch_all(connection)
    .await?;
    Ok(finding("no more is taken back and held than was earned", "conversion", &rows))
}

async fn belongs_to_its_conversion(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
) -> Result<Finding, StoreError> {
    let rows = sqlx::query_as!(
        Wrong,
        r#"SELECT l.conversion_id AS "id!", count(*) OVER () AS "violations!"
         FROM ledger_entries l JOIN conversions c ON c.id = l.conversion_id
         WHERE ($1::BIGINT IS NULL OR l.project_id = $1)
           AND (c.project_id <> l.project_id OR c.livemode <> l.livemode)
         ORDER BY l.id LIMIT $2"#,
        project.map(|project| project.0),
        EXAMPLES,
    )
    .fetch_all(connection)
    .await?;
    Ok(finding("every entry belongs to its conversion's project and mode", "conversion", &rows))
}

/// What left to whom it belonged before stays where it is, as a debt.
async fn only_its_affiliate_earns(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
) -> Result<Finding, StoreError> {
    let rows = sqlx::query_as!(
        Wrong,
        r#"SELECT c.id AS "id!", count(*) OVER () AS "violations!"
         FROM ledger_balances l
         JOIN conversions c ON c.id = l.conversion_id
         WHERE ($1::BIGINT IS NULL OR l.project_id = $1) AND (l.earned, l.clawed_back, l.held) <> (0, 0, 0)
           AND (c.affiliate_id, c.currency) IS DISTINCT FROM (l.affiliate_id, l.currency)
         ORDER BY c.id LIMIT $2"#,
        project.map(|project| project.0),
        EXAMPLES,
    )
    .fetch_all(connection)
    .await?;
    Ok(finding("nobody earns from a conversion but its affiliate, in its currency", "conversion", &rows))
}

/// What the database does not check row by row (ADR 34).
async fn refer_to_what_exists(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
) -> Result<Finding, StoreError> {
    let rows = sqlx::query_as!(
        Wrong,
        r#"SELECT c.id AS "id!", count(*) OVER () AS "violations!"
         FROM conversions c
         LEFT JOIN projects p ON p.id = c.project_id
         LEFT JOIN program_rules r ON r.id = c.rule_id
         LEFT JOIN customers u ON u.id = c.customer_id
         LEFT JOIN affiliates a ON a.id = c.affiliate_id
         WHERE ($1::BIGINT IS NULL OR c.project_id = $1)
           AND (p.id IS NULL
             OR (c.affiliate_id IS NOT NULL
                 AND (a.project_id, a.livemode) IS DISTINCT FROM (c.project_id, c.livemode))
             OR (c.rule_id IS NOT NULL AND r.project_id IS DISTINCT FROM c.project_id)
             OR (c.customer_id IS NOT NULL
                 AND (u.project_id, u.livemode) IS DISTINCT FROM (c.project_id, c.livemode)))
         ORDER BY c.id LIMIT $2"#,
        project.map(|project| project.0),
        EXAMPLES,
    )
    .fetch_all(connection)
    .await?;
    Ok(finding("every conversion's rules, customer and affiliate are its project's", "conversion", &rows))
}

async fn merged_conversions_hold_nothing(
    connection: &mut PgConnection,
    project: Option<ProjectId>,
) -> Result<Finding, StoreError> {
    let rows = sqlx::query_as!(
        Wrong,
        r#"SELECT c.id AS "id!", count(*) OVER () AS "violations!"
         FROM conversions c
         JOIN ledger_postings p ON p.conversion_id = c.id
         WHERE c.merged_into IS NOT NULL AND p.payout_id IS NULL AND ($1::BIGINT IS NULL OR c.project_id = $1)
         GROUP BY c.id, p.account, p.affiliate_id, p.currency
         HAVING sum(p.amount_minor) <> 0
         ORDER BY c.id LIMIT $2"#,
        project.map(|project| project.0),
        EXAMPLES,
    )
    .fetch_all(connection)
    .await?;
    Ok(finding(
        "a conversion that was merged into another holds nothing but what payouts paid",
        "conversion",
        &rows,
    ))
}

/// A thing that breaks a rule.
struct Wrong {
    id: i64,
    /// How many there are in all.
    violations: i64,
}

/// A finding about things of one kind.
fn finding(rule: &'static str, kind: &str, wrong: &[Wrong]) -> Finding {
    Finding {
        rule,
        violations: wrong.first().map_or(0, |one| one.violations),
        examples: wrong.iter().map(|one| format!("{kind} {}", one.id)).collect(),
    }
}
