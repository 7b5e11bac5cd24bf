//! The transaction.

use super::{Beside, Failure, Settling};
use crate::keychain::Keychain;
use crate::place::Kind;
use crate::question::request;
use crate::recovery::recovery_for;
use crate::telemetry::{self, count};
use crate::waiting;
use chrono::Utc;
use domain::code::FoldedCode;
use domain::ids::Realm;
use domain::reevaluation::Reevaluation;
use queue::{
    enqueue_all,
    envelope::{Envelope, Source},
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use store::settlement::{BatchError, Item, Settled, occupied, settle_traced_batch};
use store::stripe_codes::{self, CodeTold};
use store::thin_events::{self, WaitingEvent};
use store::{Connection, PgConnection, SqlxError, StoreError, lock_timeout, within};
use stripe::missing::Missing;
use tokio::time::{Instant, timeout};

/// How long a transaction may take in all. Five hundred messages take a fraction of a second; what takes longer than
/// this is tried in halves, so that nobody who waits for one of its locks waits longer.
const TRANSACTION: Duration = Duration::from_secs(8);

/// How long a part waits for a lock that waited in vain before: somebody does not let go.
const HURRIED: Duration = Duration::from_millis(400);

/// How long it may take to find out who is held up.
const LOOK: Duration = Duration::from_secs(2);

impl Settling {
    /// Settles some items in one transaction.
    pub(super) async fn commit(
        &self,
        items: &[&Item],
        beside: &[Beside<'_>],
        hurried: bool,
        trace: Option<&str>,
    ) -> Result<(), Failure> {
        let started = Instant::now();
        let settled = match self.transact(items, beside, hurried, trace).await {
            Ok(settled) => settled,
            Err(error) => {
                let place = match &error {
                    BatchError::Store(error) => Kind::of(error),
                    BatchError::Fold(_) | BatchError::Unreadable(_) | BatchError::Event { .. } => Kind::Away,
                };
                let (recovery, reason) = (recovery_for(&error), common::causes(&error));
                return Err(Failure { recovery, place, reason }.count());
            }
        };
        metrics::histogram!(telemetry::BATCH_SECONDS).record(started.elapsed());
        metrics::counter!(telemetry::SETTLED).increment(count(settled.new.len()));
        let duplicates = items.len().saturating_sub(settled.new.len());
        metrics::counter!(telemetry::DUPLICATES).increment(count(duplicates));
        metrics::counter!(telemetry::ENTRIES).increment(count(settled.entries));
        tracing::debug!(
            events = items.len(),
            new = settled.new.len(),
            entries = settled.entries,
            conversions = settled.conversions.len(),
            "settled"
        );
        Ok(())
    }

    /// In a session that is used again only if it is known to be well.
    async fn transact(
        &self,
        items: &[&Item],
        beside: &[Beside<'_>],
        hurried: bool,
        trace: Option<&str>,
    ) -> Result<Settled, BatchError> {
        let mut session = self.sessions.open().await?;
        match timeout(TRANSACTION, self.transact_in(&mut session, items, beside, hurried, trace)).await {
            Ok(Ok(settled)) => {
                session.done();
                Ok(settled)
            }
            Ok(Err(error)) => {
                if !matches!(error, BatchError::Store(StoreError::Unavailable(_) | StoreError::Refused(_))) {
                    session.failed().await;
                }
                Err(error)
            }
            Err(_elapsed) => Err(BatchError::from(StoreError::Slow(SqlxError::PoolTimedOut))),
        }
    }

    async fn transact_in(
        &self,
        connection: &mut PgConnection,
        items: &[&Item],
        beside: &[Beside<'_>],
        hurried: bool,
        trace: Option<&str>,
    ) -> Result<Settled, BatchError> {
        let mut transaction = connection.begin().await?;
        if hurried {
            lock_timeout(&mut transaction, HURRIED).await?;
        }
        let settled = settle_traced_batch(&mut transaction, items, trace).await?;
        // With the commit: an event is settled only together with the questions for what it lacked.
        let mut requests = self.requests(items, beside, &settled);
        // And with what those are to be judged again for whom a code has become known.
        requests.extend(learn(&mut transaction, items, beside, &settled).await?);
        enqueue_all(&mut transaction, &self.queue, &requests.iter().collect::<Vec<_>>()).await?;
        thin_events::park(&mut transaction, &self.parked(items, beside, &settled)).await?;
        transaction.commit().await?;
        Ok(settled)
    }

    /// Which of them somebody else holds up.
    pub(super) async fn occupied(&self, items: &[&Item]) -> Result<BTreeSet<usize>, StoreError> {
        let mut session = self.sessions.open().await?;
        let looked = within(LOOK, async {
            // Never committed: what it locked is free again at its end.
            let mut transaction = session.begin().await?;
            occupied(&mut transaction, items).await
        });
        let places = looked.await?;
        session.failed().await;
        Ok(places)
    }

    /// What is asked for, since the payloads of new events lacked it.
    fn requests(&self, items: &[&Item], beside: &[Beside<'_>], settled: &Settled) -> Vec<Envelope> {
        requests(&self.keychain, items, beside, settled)
    }

    /// The thin events that cannot be asked for.
    fn parked(&self, items: &[&Item], beside: &[Beside<'_>], settled: &Settled) -> Vec<WaitingEvent> {
        let mut parked = Vec::new();
        for place in &settled.new {
            let (Some(item), Some(told)) = (items.get(*place), beside.get(*place)) else { continue };
            for gap in told.missing.iter().filter(|_| !self.keychain.covers(item.realm)) {
                if let Missing::Event(thin) = gap {
                    let (realm, at) = (item.realm, item.event.received_at);
                    parked.push(waiting::event(realm, thin, waiting::no_key(realm), at, at));
                }
            }
        }
        parked
    }
}

/// Keeps what new events told of codes at Stripe; the messages that have those judged again who used one that was not known.
async fn learn(
    connection: &mut PgConnection,
    items: &[&Item],
    beside: &[Beside<'_>],
    settled: &Settled,
) -> Result<Vec<Envelope>, StoreError> {
    let told = settled.new.iter().filter_map(|place| {
        let (item, code) = (items.get(*place)?, beside.get(*place)?.code?);
        let (realm, at) = (item.realm, item.event.occurred_at);
        Some(CodeTold { realm, code: code.clone(), at, made_for: None })
    });
    let new = stripe_codes::learn(connection, &told.collect::<Vec<_>>()).await?;
    let mut codes: BTreeMap<Realm, Vec<FoldedCode>> = BTreeMap::new();
    for (realm, code) in new {
        codes.entry(realm).or_default().push(code);
    }
    let judge_again = |(realm, codes): (Realm, Vec<FoldedCode>)| {
        let reevaluation = Reevaluation { codes, ..Reevaluation::default() };
        // A plain structure of texts cannot fail to become JSON.
        let body = serde_json::to_vec(&reevaluation).unwrap_or_default();
        Envelope::new(Source::Resettle, realm, body.into(), Utc::now())
    };
    Ok(codes.into_iter().map(judge_again).collect())
}

/// One message for each gap that can be filled.
fn requests(keychain: &Keychain, items: &[&Item], beside: &[Beside<'_>], settled: &Settled) -> Vec<Envelope> {
    let mut wanted: BTreeMap<(Realm, String), Envelope> = BTreeMap::new();
    for place in &settled.new {
        let (Some(item), Some(told)) = (items.get(*place), beside.get(*place)) else { continue };
        for gap in told.missing.iter().filter(|_| keychain.covers(item.realm)) {
            wanted.entry((item.realm, gap.fetch_id())).or_insert_with(|| request(item, gap));
        }
    }
    wanted.into_values().collect()
}
