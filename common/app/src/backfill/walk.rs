//! Reading the segments: one reader a list, all of them at one pace.

use super::Failure;
use chrono::{DateTime, SubsecRound, Utc};
use futures::future::try_join_all;
use queue::{
    Prefix, enqueue_all,
    envelope::{Envelope, Source},
};
use std::collections::BTreeMap;
use std::time::Duration;
use store::backfills::{self, Backfill, Read, Segment, SegmentStatus};
use store::{Connection, PgPool};
use stripe::client::{Lists, Span};
use stripe::history::{HistoryEvent, List};
use tokio::time::{Instant, sleep};

/// So many events of one list are on the queue at most when its next page is read, so that what happens today does not wait
/// behind all of the past.
const AHEAD: usize = 500;

/// Looks at the queue and the inbox, the first soon.
const SOON: Duration = Duration::from_millis(20);
const SELDOM: Duration = Duration::from_secs(1);

/// For how long what was listed may stay out of the inbox while nothing of it gets there.
const PATIENCE: Duration = Duration::from_mins(2);

/// How long another reader may hold it before it is taken for alive.
const LET_GO: Duration = Duration::from_secs(5);

/// How many of those are named.
const NAMED: i64 = 10;

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Segments that were done by this step.
    pub segments: u64,
    /// Objects that were listed by it.
    pub objects: u64,
}

/// A run in hand.
pub struct Walk<'a> {
    /// The database.
    pub pool: &'a PgPool,
    /// Whose workers settle what is read.
    pub queue: &'a Prefix,
    /// Stripe.
    pub lists: &'a Lists,
    /// The clock.
    pub now: &'a (dyn Fn() -> DateTime<Utc> + Sync),
    /// Hears of each step.
    pub progress: &'a (dyn Fn(Progress) + Sync),
    /// How long it waits for a worker that does nothing; two minutes when it is none.
    pub patience: Option<Duration>,
}

impl Walk<'_> {
    /// Reads what is not done yet, and sees that all of it is known.
    ///
    /// # Errors
    /// [`Failure`]; what was read stays.
    pub async fn carry_out(&self, backfill: &Backfill) -> Result<(), Failure> {
        // Held as long as it runs; a session that ends lets go of it.
        let mut held = self.pool.acquire().await?.detach();
        let begun = Instant::now();
        while !backfills::lock(&mut held, backfill.id).await? {
            // Of a reader that was killed the database hears a moment later.
            if begun.elapsed() > LET_GO {
                return Err(Failure::Taken);
            }
            sleep(SOON).await;
        }
        let mut of_list: BTreeMap<String, Vec<Segment>> = BTreeMap::new();
        for segment in backfills::segments(&mut held, backfill.id).await? {
            of_list.entry(segment.list.clone()).or_default().push(segment);
        }
        let lists = List::ALL.into_iter().filter_map(|list| Some((list, of_list.remove(list.as_str())?)));
        try_join_all(lists.map(|(list, segments)| self.walk(backfill, list, segments))).await?;
        backfills::finish(&mut held, backfill.id, (self.now)()).await?;
        Ok(())
    }

    /// One list, a segment after the other.
    async fn walk(&self, backfill: &Backfill, list: List, segments: Vec<Segment>) -> Result<(), Failure> {
        for segment in segments {
            if segment.status != SegmentStatus::Read {
                self.read(backfill, list, &segment).await?;
            }
            self.check(backfill, list, &segment).await?;
            (self.progress)(Progress { segments: 1, objects: 0 });
        }
        Ok(())
    }

    /// Reads a segment from its cursor to its end. A page's events are on the queue together with the place of the next page.
    async fn read(&self, backfill: &Backfill, list: List, segment: &Segment) -> Result<(), Failure> {
        let span = Span { since: segment.since, until: segment.until };
        let (mut after, mut ahead) = (segment.cursor.clone(), Vec::new());
        loop {
            let read_at = (self.now)().trunc_subsecs(0);
            let page = self.lists.page(list, span, after.as_deref()).await;
            let page = page.map_err(|source| Failure::Stripe { list, source })?;
            let mut told: Vec<HistoryEvent> = Vec::new();
            for object in &page.objects {
                told.extend(list.tell(object, read_at)?);
            }
            let ids: Vec<String> = told.iter().map(|told| told.id.clone()).collect();
            // Received as if a webhook had told it when it happened (ADR 46).
            let envelopes: Vec<Envelope> = told
                .into_iter()
                .map(|told| Envelope::new(Source::Backfill, backfill.realm, told.body.into(), told.at))
                .collect();
            let mut connection = self.pool.acquire().await?;
            let mut transaction = connection.begin().await?;
            let messages =
                enqueue_all(&mut transaction, self.queue, &envelopes.iter().collect::<Vec<_>>()).await?;
            let read = Read { objects: page.objects.len(), events: &ids, next: page.next.as_deref() };
            backfills::advance(&mut transaction, segment, read).await?;
            transaction.commit().await?;
            drop(connection);
            let objects = u64::try_from(page.objects.len()).unwrap_or(u64::MAX);
            (self.progress)(Progress { segments: 0, objects });
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
            ahead.extend(messages);
            self.make_room(&mut ahead).await?;
        }
    }

    /// Waits until not too many of these messages are on the queue.
    async fn make_room(&self, ahead: &mut Vec<i64>) -> Result<(), Failure> {
        let mut pause = SOON;
        while ahead.len() > AHEAD {
            let mut connection = self.pool.acquire().await?;
            *ahead = queue::waiting(&mut connection, ahead).await?;
            drop(connection);
            if ahead.len() > AHEAD {
                sleep(pause).await;
                pause = (pause * 2).min(SELDOM);
            }
        }
        Ok(())
    }

    /// Waits until the inbox has all that was listed, and names what does not get there.
    async fn check(&self, backfill: &Backfill, list: List, segment: &Segment) -> Result<(), Failure> {
        let (mut pause, mut least, mut since) = (SOON, i64::MAX, Instant::now());
        let patience = self.patience.unwrap_or(PATIENCE);
        loop {
            let mut connection = self.pool.acquire().await?;
            let unknown = backfills::unknown(&mut connection, backfill.realm, segment, NAMED).await?;
            let (count, events) = unknown;
            if count == 0 {
                return Ok(backfills::finish_segment(&mut connection, segment).await?);
            }
            drop(connection);
            if count < least {
                (least, since) = (count, Instant::now());
            } else if since.elapsed() > patience {
                let day = segment.since.date_naive().to_string();
                return Err(Failure::Unknown { list, day, count, events });
            }
            sleep(pause).await;
            pause = (pause * 2).min(SELDOM);
        }
    }
}
