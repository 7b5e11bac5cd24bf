//! Why a batch moves money: for the record that each movement keeps (SEMANTICS 14).

pub(super) use crate::notifications::Cause;

use super::Item;
use super::cluster_keys::ClusterOfKey;
use chrono::{DateTime, Utc};
use domain::fact::FactBody;
use domain::ids::ClusterId;
use std::collections::BTreeMap;

/// The causes of what is posted for some clusters.
#[derive(Debug, Default)]
pub(super) struct Causes {
    of_cluster: BTreeMap<ClusterId, (DateTime<Utc>, Cause)>,
    otherwise: Option<&'static str>,
}

impl Causes {
    /// The events of a batch: of several for one cluster the last by its own time.
    pub(super) fn of<'a>(items: impl Iterator<Item = &'a Item>, clusters: &ClusterOfKey) -> Self {
        let mut causes = Self::default();
        for item in items {
            for fact in &item.facts {
                let of_key = |key| clusters.get(&item.realm)?.get(key).copied();
                let Some(cluster) = fact.identities.first().and_then(of_key) else { continue };
                let told = (item.event.occurred_at, cause(&item.event.event_id, &fact.body));
                let standing = causes.of_cluster.entry(cluster).or_insert_with(|| told.clone());
                let age = |(at, cause): &(DateTime<Utc>, Cause)| (*at, cause.event.clone());
                if age(standing) < age(&told) {
                    *standing = told;
                }
            }
        }
        causes
    }

    /// No event: the service resettles.
    pub(super) fn again(why: &'static str) -> Self {
        Self { otherwise: Some(why), ..Self::default() }
    }

    /// Why something moves in a cluster.
    pub(super) fn for_cluster(&self, cluster: ClusterId) -> Cause {
        let none = || Cause { reason: self.otherwise.map(ToOwned::to_owned), ..Cause::default() };
        self.of_cluster.get(&cluster).map_or_else(none, |(_, cause)| cause.clone())
    }
}

fn cause(event: &str, body: &FactBody) -> Cause {
    let audit = body.audit();
    Cause {
        event: Some(event.to_owned()),
        actor: audit.map(|audit| audit.actor.clone()),
        reason: audit.map(|audit| audit.reason.clone()),
    }
}
