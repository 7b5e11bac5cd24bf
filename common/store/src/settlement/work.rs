//! What a fold needs, loaded for all clusters at once, and what comes out of it.

use super::{BatchError, directory, facts, rules};
use crate::PgConnection;
use domain::directory::{Directory, Mentions};
use domain::ids::{ClusterId, ProjectId, Realm};
use domain::rules::RuleVersion;
use domain::settle::{KnownFact, SettleError, Settlement, settle};
use std::collections::{BTreeMap, BTreeSet};

/// Facts, rules and the registry for some locked clusters.
pub(super) struct Work {
    facts: BTreeMap<(Realm, ClusterId), Vec<KnownFact>>,
    rules: BTreeMap<ProjectId, Vec<RuleVersion>>,
    directories: BTreeMap<Realm, Directory>,
}

/// The state that a cluster's facts imply.
pub(super) struct Folded {
    pub(super) realm: Realm,
    pub(super) cluster: ClusterId,
    pub(super) settlement: Settlement,
}

/// Locked clusters that are folded one part after another, each as large as fits into memory: mostly there is one.
pub(super) struct Parts(Vec<BTreeSet<ClusterId>>);

impl Parts {
    pub(super) fn of(clusters: BTreeSet<ClusterId>) -> Self {
        Self(vec![clusters])
    }

    /// The next part and what its fold needs; nothing when there is no more.
    pub(super) async fn load(
        &mut self,
        conn: &mut PgConnection,
    ) -> Result<Option<(BTreeSet<ClusterId>, Work)>, BatchError> {
        while let Some(mut part) = self.0.pop() {
            if let Some(work) = load(conn, &part).await? {
                return Ok(Some((part, work)));
            }
            if let Some(middle) = part.iter().nth(part.len() / 2).copied() {
                self.0.push(part.split_off(&middle));
            }
            self.0.push(part);
        }
        Ok(None)
    }
}

/// Loads everything, in a fixed number of statements; nothing when it is too much at once.
async fn load(conn: &mut PgConnection, clusters: &BTreeSet<ClusterId>) -> Result<Option<Work>, BatchError> {
    let Some(facts) = facts::load(conn, clusters).await? else { return Ok(None) };
    let mut mentions: BTreeMap<Realm, Mentions> = BTreeMap::new();
    for ((realm, _), facts) in &facts {
        let mentions = mentions.entry(*realm).or_default();
        for known in facts {
            mentions.add(&known.fact);
        }
    }
    let projects = mentions.keys().map(|realm| realm.project).collect();
    let rules = rules::load(conn, &projects).await?;
    let directories = directory::load(conn, &mentions, clusters).await?;
    Ok(Some(Work { facts, rules, directories }))
}

impl Work {
    /// Folds these clusters also when no fact tells of them.
    pub(super) fn include(&mut self, realm: Realm, clusters: &BTreeSet<ClusterId>) {
        for cluster in clusters {
            self.facts.entry((realm, *cluster)).or_default();
        }
    }

    /// The same under other rules.
    pub(super) fn under(self, rules: BTreeMap<ProjectId, Vec<RuleVersion>>) -> Self {
        Self { rules, ..self }
    }

    /// Folds every cluster.
    pub(super) fn fold(&self) -> Result<Vec<Folded>, SettleError> {
        let nothing = Directory::default();
        let fold = |(&(realm, cluster), facts): (&(Realm, ClusterId), &Vec<KnownFact>)| {
            let rules = self.rules.get(&realm.project).map_or(&[][..], Vec::as_slice);
            let directory = self.directories.get(&realm).unwrap_or(&nothing);
            Ok(Folded { realm, cluster, settlement: settle(facts, rules, directory)? })
        };
        self.facts.iter().map(fold).collect()
    }
}
