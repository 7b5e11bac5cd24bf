//! Affiliates' links: whose code one names, and where it leads.

use super::{PgConnection, StoreError, decode, realm};
use crate::landing_url::LandingUrl;
use domain::{
    code::FoldedCode,
    ids::{ProjectId, Realm},
};

/// Where a link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The project and mode of the code.
    pub realm: Realm,
    /// The code, as the affiliate writes it.
    pub code: String,
    /// The project's page.
    pub landing_url: LandingUrl,
    /// Whether the code binds customers.
    pub strength: Strength,
}

/// What a link is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strength {
    /// It binds.
    Binding,
    /// Its affiliate is inactive or closed: it leads to the page, and that is all.
    Idle,
}

/// What a code leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// One link.
    One(Link),
    /// Several projects have this code.
    Several,
    /// No project with a landing URL has it.
    None,
}

/// The link of a code, in the project that is named, else in the only one that has the code. A project's
/// live code goes before its code of the same name in test mode.
pub async fn find(
    connection: &mut PgConnection,
    code: &FoldedCode,
    project: Option<ProjectId>,
) -> Result<Found, StoreError> {
    // Two rows of one project at most, so the third shows a second project.
    let rows = sqlx::query!(
        r#"SELECT r.project_id, r.livemode, r.code, p.landing_url AS "landing_url!",
                a.status = 'active' AND a.closed_at IS NULL AS "binds!"
         FROM referral_codes r
         JOIN projects p ON p.id = r.project_id
         JOIN affiliates a ON a.id = r.affiliate_id
         WHERE r.code_folded = $1 AND p.landing_url IS NOT NULL AND ($2::bigint IS NULL OR r.project_id = $2)
         ORDER BY r.project_id, r.livemode DESC
         LIMIT 3"#,
        code.as_str(),
        project.map(|project| project.0),
    )
    .fetch_all(connection)
    .await?;
    let Some(first) = rows.first() else { return Ok(Found::None) };
    if rows.iter().any(|row| row.project_id != first.project_id) {
        return Ok(Found::Several);
    }
    Ok(Found::One(Link {
        realm: realm(first.project_id, first.livemode),
        code: first.code.clone(),
        landing_url: first.landing_url.parse().map_err(decode)?,
        strength: if first.binds { Strength::Binding } else { Strength::Idle },
    }))
}
