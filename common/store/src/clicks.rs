//! Clicks on affiliates' links.

use super::{PgConnection, StoreError};
use chrono::{DateTime, Utc};
use domain::code::FoldedCode;
use domain::ids::{AffiliateId, Realm};
use uuid::Uuid;

/// A click to be recorded.
#[derive(Clone, Copy, Debug)]
pub struct NewClick<'a> {
    /// The code in the link.
    pub code: &'a FoldedCode,
    /// The caller's own id of it; one is made when there is none.
    pub click_id: Option<&'a str>,
    /// The page that was visited.
    pub url: Option<&'a str>,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
}

/// A recorded click.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Click {
    /// Names it to Stripe; lower case, as codes are compared.
    pub click_id: String,
    /// Whose link it was.
    pub affiliate: AffiliateId,
    /// The code, as the affiliate writes it.
    pub code: String,
    /// The page that was visited.
    pub url: Option<String>,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
}

/// What became of a click.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// It is recorded now.
    New(Click),
    /// It was recorded before.
    Known(Click),
    /// Nobody has this code.
    UnknownCode,
}

/// Records a click once per id.
pub async fn record(
    connection: &mut PgConnection,
    realm: Realm,
    new: &NewClick<'_>,
) -> Result<Recorded, StoreError> {
    #[expect(clippy::disallowed_methods, reason = "a click has an id that nobody made before")]
    let made = || format!("clk_{}", Uuid::now_v7().simple());
    let click_id = new.click_id.map_or_else(made, |id| id.trim().to_lowercase());
    let inserted = sqlx::query!(
        "INSERT INTO clicks (project_id, livemode, affiliate_id, click_id, code, url, occurred_at)
         SELECT $1, $2, a.id, $4, r.code, $5, $6
         FROM referral_codes r JOIN affiliates a ON a.id = r.affiliate_id
         WHERE r.project_id = $1 AND r.livemode = $2 AND r.code_folded = $3 AND a.closed_at IS NULL
         ON CONFLICT ON CONSTRAINT clicks_click_key DO NOTHING
         RETURNING affiliate_id, code, url, occurred_at",
        realm.project.0,
        realm.mode.is_live(),
        new.code.as_str(),
        click_id,
        new.url,
        new.occurred_at,
    )
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(row) = inserted {
        let affiliate = AffiliateId(row.affiliate_id);
        let (code, url, occurred_at) = (row.code, row.url, row.occurred_at);
        return Ok(Recorded::New(Click { click_id, affiliate, code, url, occurred_at }));
    }
    let known = sqlx::query!(
        "SELECT affiliate_id, code, url, occurred_at FROM clicks
         WHERE project_id = $1 AND livemode = $2 AND click_id = $3",
        realm.project.0,
        realm.mode.is_live(),
        click_id,
    )
    .fetch_optional(connection)
    .await?;
    Ok(known.map_or(Recorded::UnknownCode, |row| {
        let affiliate = AffiliateId(row.affiliate_id);
        let (code, url, occurred_at) = (row.code, row.url, row.occurred_at);
        Recorded::Known(Click { click_id, affiliate, code, url, occurred_at })
    }))
}
