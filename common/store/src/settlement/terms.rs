//! What facts are judged by: the programme's rules, the registry as far as it is mentioned, and what was paid out already.
//!
//! ```text
//! what facts mention ─▶ one statement ─▶ what it told, one by one ─▶ rules, directories, who is told of
//! ```
//!
//! A batch of a few events takes as long as its statements come one after the other, so all of this is one.

mod coupons;
mod gathered;
mod statement;
mod told;

pub(super) use statement::Payments;

use super::BatchError;
use crate::PgConnection;
use crate::notifications::Referrer;
use domain::directory::{Directory, Mentions};
use domain::ids::{AffiliateId, ProjectId, Realm};
use domain::rules::RuleVersion;
use gathered::{Gathered, Gathering};
use std::collections::BTreeMap;

/// What facts are judged by.
#[derive(Default)]
pub(super) struct Terms {
    rules: BTreeMap<ProjectId, Vec<RuleVersion>>,
    directories: BTreeMap<Realm, Directory>,
    referrers: BTreeMap<AffiliateId, Referrer>,
    nobody: Directory,
}

impl Terms {
    /// Loads what is mentioned, as far as it exists, and when some payments were paid out.
    pub(super) async fn load(
        connection: &mut PgConnection,
        mentions: &BTreeMap<Realm, Mentions>,
        payments: Payments<'_>,
    ) -> Result<Self, BatchError> {
        if mentions.is_empty() {
            return Ok(Self::default());
        }
        let mut gathering = Gathering::of(mentions.keys().copied());
        for told in statement::read(connection, mentions, payments).await? {
            gathering.add(told);
        }
        let Gathered { rules, directories, referrers } = gathering.finish();
        Ok(Self { rules, directories, referrers, nobody: Directory::default() })
    }

    /// The rules of a project, and its registry.
    pub(super) fn of(&self, realm: Realm) -> (&[RuleVersion], &Directory) {
        let rules = self.rules.get(&realm.project).map_or(&[][..], Vec::as_slice);
        (rules, self.directories.get(&realm).unwrap_or(&self.nobody))
    }

    /// The same with other rules.
    pub(super) fn under(self, rules: BTreeMap<ProjectId, Vec<RuleVersion>>) -> Self {
        Self { rules, ..self }
    }

    /// How notifications tell of the affiliates that are mentioned.
    pub(super) fn into_referrers(self) -> BTreeMap<AffiliateId, Referrer> {
        self.referrers
    }
}
