//! What was earned by week in the last year, and who brought it.
//!
//! It is summed from every conversion of the year. Where that takes its time it is kept: whoever looks sees what was there a moment ago,
//! while one task reads it anew.

use crate::failure::Failure;
use chrono::{DateTime, Utc};
use domain::ids::{AffiliateId, Realm};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use store::{
    PgPool,
    page::Page,
    statistics::{self, Activity, Interval, Series, Span},
};

/// Weeks of the charts.
pub(crate) const WEEKS: u32 = 52;
/// Affiliates of the ranking.
const FEW: i64 = 10;

/// What is read sooner than this is read each time.
const QUICK: Duration = Duration::from_millis(20);
/// What took longer is read anew after so long a time, when somebody looks.
const FRESH: Duration = Duration::from_mins(1);
/// After so long a time nobody is shown it: they wait.
const STALE: Duration = Duration::from_hours(1);

/// A year, as it was read.
#[derive(Debug)]
pub(crate) struct Year {
    /// When.
    pub(crate) read_at: DateTime<Utc>,
    pub(crate) span: Span,
    pub(crate) series: Series,
    /// Those who brought the most.
    pub(crate) busiest: Vec<Busy>,
}

/// An affiliate and what it brought in all.
#[derive(Debug)]
pub(crate) struct Busy {
    pub(crate) affiliate: AffiliateId,
    pub(crate) email: String,
    pub(crate) brought: Activity,
}

/// The years that are kept, by project and mode. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Years(Arc<Mutex<HashMap<Realm, Kept>>>);

#[derive(Clone)]
struct Kept {
    year: Arc<Year>,
    since: Instant,
    /// Somebody reads it anew.
    renewing: bool,
}

impl Years {
    /// The year of a project and mode.
    pub(crate) async fn of(
        &self,
        reads: &PgPool,
        now: DateTime<Utc>,
        realm: Realm,
    ) -> Result<Arc<Year>, Failure> {
        if let Some((year, renew)) = self.kept(realm) {
            if renew {
                let (years, reads) = (self.clone(), reads.clone());
                tokio::spawn(async move {
                    if let Err(error) = years.renew(&reads, now, realm).await {
                        tracing::warn!(%error, "the figures of the overview could not be read anew");
                        years.forget(realm);
                    }
                });
            }
            return Ok(year);
        }
        self.renew(reads, now, realm).await
    }

    /// What is kept and not too old, and whether the caller is the one to read it anew.
    fn kept(&self, realm: Realm) -> Option<(Arc<Year>, bool)> {
        let mut years = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = years.get_mut(&realm).filter(|kept| kept.since.elapsed() < STALE)?;
        let renew = kept.since.elapsed() >= FRESH && !kept.renewing;
        kept.renewing |= renew;
        Some((Arc::clone(&kept.year), renew))
    }

    async fn renew(&self, reads: &PgPool, now: DateTime<Utc>, realm: Realm) -> Result<Arc<Year>, Failure> {
        let began = Instant::now();
        let year = Arc::new(read(reads, now, realm).await?);
        let is_quick = began.elapsed() < QUICK;
        let mut years = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if is_quick {
            years.remove(&realm);
        } else {
            years.insert(realm, Kept { year: Arc::clone(&year), since: Instant::now(), renewing: false });
        }
        Ok(year)
    }

    fn forget(&self, realm: Realm) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&realm);
    }
}

async fn read(reads: &PgPool, now: DateTime<Utc>, realm: Realm) -> Result<Year, Failure> {
    let week = Interval::Week.start(now).unwrap_or(now);
    let from = Interval::Week.before(week, WEEKS).unwrap_or(week);
    let span = Span { from, before: now, interval: Interval::Week };
    let mut connection = reads.acquire().await?;
    let series = statistics::of_all(&mut connection, realm, span).await?;
    let first = Page { limit: FEW, offset: 0, after: None };
    let (ranked, _) = statistics::ranking(&mut connection, realm, span, None, &first).await?;
    let ids: Vec<_> = ranked.rows.iter().map(|row| row.id).collect();
    let each = statistics::of_each(&mut connection, realm, span, &ids).await?;
    let busiest = ranked.rows.into_iter().map(|row| {
        let mut brought = Activity::default();
        each.get(&row.id).into_iter().flat_map(Series::values).for_each(|activity| brought.add(activity));
        Busy { affiliate: row.id, email: row.user_email, brought }
    });
    Ok(Year { read_at: now, span, series, busiest: busiest.collect() })
}
