//! Affiliates, in short.

use super::Referrer;
use crate::{PgConnection, StoreError};
use domain::ids::AffiliateId;
use std::collections::{BTreeMap, BTreeSet};

/// Affiliates of whom notifications tell, closed ones as well.
#[derive(Debug, Default)]
pub(crate) struct Referrers(BTreeMap<AffiliateId, Referrer>);

impl Referrers {
    /// Adds those that were read with something else.
    pub(crate) fn extend(&mut self, known: impl IntoIterator<Item = (AffiliateId, Referrer)>) {
        self.0.extend(known);
    }

    /// Looks up those that are not known yet. Where all are, there is no statement.
    pub(crate) async fn look_up(
        &mut self,
        connection: &mut PgConnection,
        wanted: impl Iterator<Item = AffiliateId>,
    ) -> Result<(), StoreError> {
        let unknown: BTreeSet<AffiliateId> = wanted.filter(|id| !self.0.contains_key(id)).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let rows = sqlx::query!(
            "SELECT a.id, a.user_email, a.payout_preferences FROM UNNEST($1::BIGINT[]) AS wanted (id)
             CROSS JOIN LATERAL (SELECT * FROM affiliates WHERE id = wanted.id OFFSET 0) a",
            &unknown.into_iter().map(|id| id.0).collect::<Vec<_>>(),
        )
        .fetch_all(connection)
        .await?;
        self.extend(rows.into_iter().map(|row| {
            let referrer = Referrer {
                id: row.id.to_string(),
                email: row.user_email,
                payout_preferences: row.payout_preferences,
            };
            (AffiliateId(row.id), referrer)
        }));
        Ok(())
    }

    /// One that was looked up, if there is such an affiliate.
    pub(crate) fn get(&self, id: AffiliateId) -> Option<&Referrer> {
        self.0.get(&id)
    }
}
