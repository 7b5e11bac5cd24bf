//! One transaction for a batch: the inbox, the facts, and what the fold makes of them.
//!
//! The number of statements is fixed, but for five more where keys and facts are many; a few more run when clusters
//! meet or rows are merged, again once for the whole batch. Where the history of its customers is more than fits into
//! memory at once, it is folded in parts (ADR 26).

mod again;
mod barrier;
mod cause;
mod cluster_keys;
mod clusters;
mod conversions;
mod customers;
mod fact_rows;
mod facts;
mod inbox;
mod incoming;
mod ledger;
mod merged;
mod new_rows;
mod occupied;
mod part_number;
mod parts;
mod payment_keys;
mod plans;
mod referrals;
mod replay;
mod said_paid;
mod signups;
mod simulate;
mod story;
mod terms;
mod versions;
mod work;
mod written;

pub(super) use again::post_again;
use cause::Causes;
use clusters::Resolved;
use facts::Kept;
pub use inbox::InboxEvent;
use incoming::Incoming;
pub use occupied::occupied;
use plans::Planned;
pub use replay::{Replayed, StoredEvent, replay};
pub use simulate::{Earned, simulate};
use work::{Folds, Known, Parts};

use super::ledger::{enter, lock};
use super::notifications;
use super::{PgConnection, StoreError};
use domain::fact::Fact;
use domain::ids::{ClusterId, ConversionId, Realm};
use domain::reevaluation::Reevaluation;
use domain::settle::SettleError;
use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

/// A body that was read: what goes into the inbox, and the facts in it.
#[derive(Clone, Debug)]
pub struct Item {
    /// The project and mode.
    pub realm: Realm,
    /// The inbox row.
    pub event: InboxEvent,
    /// What it tells.
    pub facts: Vec<Fact>,
}

/// What a batch did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Which of the items were new, by their place in the batch. The others changed nothing.
    pub new: Vec<usize>,
    /// How many ledger entries were posted.
    pub entries: usize,
    /// The conversions whose state changed.
    pub conversions: Vec<ConversionId>,
}

/// Why a batch was not settled.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// The database failed or refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The facts cannot be folded.
    #[error(transparent)]
    Fold(#[from] SettleError),
    /// What is stored cannot be read.
    #[error("what is stored cannot be read: {0}")]
    Unreadable(String),
    /// An event of the inbox cannot be read any more.
    #[error("{event_id} cannot be read: {reason}")]
    Event {
        /// `evt_…` or the name of a command.
        event_id: String,
        /// What is wrong.
        reason: String,
    },
}

impl From<sqlx::Error> for BatchError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Stores facts, in one cluster for all that concern one another, and locks those.
async fn remember(
    connection: &mut PgConnection,
    facts: &BTreeMap<Realm, Vec<Incoming<'_>>>,
) -> Result<(Resolved, Known), BatchError> {
    let clusters = clusters::resolve(connection, facts).await?;
    let rows = facts::collapse(facts);
    let mut nears = parts::read(connection, &clusters, &rows).await?;
    let kept =
        facts::store(connection, &rows, &clusters, |cluster, fact| nears.get(&cluster)?.part(fact)).await?;
    versions::keep(connection, facts, &clusters.of_key).await?;
    parts::join(connection, &nears).await?;
    let met = signups::Named::of(facts).met(connection).await?;
    if met.is_empty() {
        return Ok((clusters, Known { kept, nears }));
    }
    clusters::join(connection, &met).await?;
    // Some of them are gone: they were merged. What is known of the others is stored.
    let clusters = clusters::resolve(connection, facts).await?;
    nears.retain(|(_, cluster), _| clusters.pasts.contains_key(cluster));
    Ok((clusters, Known { kept: Kept::default(), nears }))
}

/// Settles a batch within the caller's transaction. The effects are there when that commits, all of
/// them or none.
///
/// # Errors
/// When the database fails, or the facts cannot be folded; the transaction must then be rolled
/// back.
pub async fn settle_batch(
    connection: &mut PgConnection,
    items: &[impl Borrow<Item>],
) -> Result<Settled, BatchError> {
    settle(connection, items, Planned::EachTime, None).await
}

/// The same for a worker, in a session of [`sessions_for_settling`](crate::sessions_for_settling); what is notified of it keeps the W3C
/// `traceparent` of who settles.
///
/// # Errors
/// As [`settle_batch`].
pub async fn settle_traced_batch(
    connection: &mut PgConnection,
    items: &[impl Borrow<Item>],
    trace: Option<&str>,
) -> Result<Settled, BatchError> {
    settle(connection, items, Planned::BySession, trace).await
}

async fn settle(
    connection: &mut PgConnection,
    items: &[impl Borrow<Item>],
    planned: Planned,
    trace: Option<&str>,
) -> Result<Settled, BatchError> {
    let items: Vec<&Item> = items.iter().map(Borrow::borrow).collect();
    plans::pin(connection, planned, trace).await?;
    let new = inbox::insert(connection, &items).await?;
    let mut facts: BTreeMap<Realm, Vec<Incoming<'_>>> = BTreeMap::new();
    for item in new.iter().filter_map(|place| items.get(*place)).copied() {
        let incoming = facts.entry(item.realm).or_default();
        incoming.extend(item.facts.iter().map(|fact| Incoming::new(fact, item.event.received_at)));
    }
    facts.retain(|_, facts| !facts.is_empty());
    if facts.is_empty() {
        return Ok(Settled { new, ..Settled::default() });
    }
    barrier::enter(connection, facts.keys().copied(), signups::Named::of(&facts).meetings()).await?;
    let (clusters, known) = remember(connection, &facts).await?;
    let touched: BTreeSet<ClusterId> = clusters.of_key.values().flat_map(BTreeMap::values).copied().collect();
    let causes = Causes::of(new.iter().filter_map(|place| items.get(*place)).copied(), &clusters.of_key);
    let mut settled = fold(connection, touched, known, &causes, Depth::Changes).await?;
    settled.new = new;
    Ok(settled)
}

/// Locks some clusters and folds them again: rules, codes or coupons changed.
///
/// # Errors
/// As [`settle_batch`].
pub async fn settle_clusters(
    connection: &mut PgConnection,
    clusters: &BTreeSet<ClusterId>,
) -> Result<Settled, BatchError> {
    plans::pin(connection, Planned::EachTime, None).await?;
    let locked = clusters::lock(connection, clusters).await?.into_keys().collect();
    let causes = Causes::again("judged again: codes, coupons, terms or rules changed");
    fold(connection, locked, Known::default(), &causes, Depth::Everything).await
}

/// Waits until every batch has ended that began before a mapping changed; it may have read what was.
/// In a transaction of its own, before [`clusters_concerned`].
///
/// # Errors
/// When the database fails.
pub async fn wait_for_batches(connection: &mut PgConnection, realm: Realm) -> Result<(), StoreError> {
    barrier::wait(connection, realm).await
}

/// The clusters that are judged otherwise, now that these mappings have changed.
///
/// # Errors
/// When the database fails.
pub async fn clusters_concerned(
    connection: &mut PgConnection,
    realm: Realm,
    reevaluation: &Reevaluation,
) -> Result<BTreeSet<ClusterId>, StoreError> {
    clusters::concerned(connection, realm, reevaluation).await
}

/// Whether anything has been settled in a project and mode.
///
/// # Errors
/// When the database fails.
pub async fn has_history(connection: &mut PgConnection, realm: Realm) -> Result<bool, StoreError> {
    clusters::any(connection, realm).await
}

/// Every cluster of a project and mode, in order.
///
/// # Errors
/// When the database fails.
pub async fn clusters_of(
    connection: &mut PgConnection,
    realm: Realm,
) -> Result<BTreeSet<ClusterId>, StoreError> {
    clusters::of_realm(connection, realm).await
}

/// Of which conversions the ledger is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Depth {
    /// Those whose row changes. The others were posted when they did, and whoever posts besides posts again
    /// ([`post_again`]).
    Changes,
    /// All that were folded.
    Everything,
}

/// Folds locked clusters, long ones from what is kept of their past where that is sure to be enough, and writes the
/// difference to what stands.
async fn fold(
    connection: &mut PgConnection,
    mut clusters: BTreeSet<ClusterId>,
    known: Known,
    causes: &Causes,
    depth: Depth,
) -> Result<Settled, BatchError> {
    let mut folds = work::fold_nears(connection, known.nears).await?;
    for near in &folds.clusters {
        clusters.remove(&near.cluster);
    }
    let (mut parts, mut settled) = (Parts::of(&clusters, known.kept), Settled::default());
    loop {
        let part = parts.load(connection).await?;
        if part.is_none() && folds.clusters.is_empty() {
            return Ok(settled);
        }
        if let Some((_, work)) = part {
            work.fold_into(&mut folds)?;
        }
        let Settled { entries, conversions, .. } =
            write(connection, std::mem::take(&mut folds), causes, depth).await?;
        settled.entries += entries;
        settled.conversions.extend(conversions);
    }
}

/// Writes the difference between what was folded and what stands, and then what is told of it.
async fn write(
    connection: &mut PgConnection,
    folds: Folds,
    causes: &Causes,
    depth: Depth,
) -> Result<Settled, BatchError> {
    let Folds { clusters, mut referrers } = folds;
    lock::share(connection, &clusters.iter().map(|folded| folded.realm).collect()).await?;
    let (customers, changes) = customers::write(connection, &clusters, causes).await?;
    let mut conversions = conversions::write(connection, &clusters, &customers, causes).await?;
    payment_keys::point(connection, &conversions).await?;
    said_paid::write(connection, &conversions).await?;
    if depth == Depth::Changes {
        // What callers say of a payment is beside its row.
        conversions.retain(|row| row.changed || row.is_posted);
    }
    let entries = ledger::missing(connection, &conversions).await?;
    let affiliates = changes.iter().filter_map(referrals::Change::affiliate);
    referrers.look_up(connection, affiliates.chain(entries.iter().map(|entry| entry.affiliate))).await?;
    let posted = enter(connection, &entries, &mut referrers).await?;
    let mut news = referrals::news(&changes, &referrers)?;
    news.extend(posted);
    notifications::write(connection, &news).await?;
    work::keep(connection, &clusters).await?;
    let written = conversions.into_iter().filter(|row| row.changed).map(|row| row.id).collect();
    Ok(Settled { new: Vec::new(), entries: entries.len(), conversions: written })
}
