//! What is read, and as of when it is judged.

use crate::{Error, Outbox};
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use domain::ids::{Mode, Realm};
use domain::reevaluation::Reevaluation;
use store::PgConnection;
use store::backfills::{self, Backfill};
use store::projects::{self, HistoryTerms};
use stripe::history::List;

/// Stripe's public beginning.
const BEGINNING: i64 = 1_293_840_000;

/// By which rules history is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RulesAsOf {
    /// Each payment by those that were in force at its own time.
    Event,
    /// Each by those that are in force now.
    Now,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// Whose history.
    pub realm: Realm,
    /// The first instant; that of an unfinished run, or the account's, when none is said.
    pub since: Option<DateTime<Utc>>,
    /// The first instant after it; that of an unfinished run, or now, when none is said.
    pub until: Option<DateTime<Utc>>,
    /// By which rules it is judged.
    pub rules_as_of: RulesAsOf,
    /// Before which nothing of the project is payable.
    pub payable_from: DateTime<Utc>,
}

/// A run that may begin, or go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The run.
    pub backfill: Backfill,
    /// Whether it had begun before.
    pub resumed: bool,
}

/// Takes up the run that is not finished, or begins one. `account_created` is when the account was made.
///
/// # Errors
/// [`Error::Invalid`] for a span that is none, [`Error::Conflict`] when an unfinished run has another one.
pub async fn begin(
    connection: &mut PgConnection,
    outbox: Outbox<'_>,
    asked: &Asked,
    account_created: Option<DateTime<Utc>>,
) -> Result<Begun, Error> {
    settings(connection, outbox, asked).await?;
    if let Some(backfill) = backfills::open(connection, asked.realm).await? {
        let Backfill { since, until, .. } = backfill;
        let same = asked.since.is_none_or(|at| at == since) && asked.until.is_none_or(|at| at == until);
        if !same {
            return Err(Error::Conflict(format!(
                "a reading from {} to {} is not finished: run it to its end first, without --from and --to",
                since.date_naive(),
                until.date_naive()
            )));
        }
        return Ok(Begun { backfill, resumed: true });
    }
    let span = span(asked, account_created, outbox.now)?;
    let segments: Vec<_> = List::ALL
        .into_iter()
        .flat_map(|list| days(span).map(move |(since, until)| (list.as_str(), since, until)))
        .collect();
    let backfill = backfills::start(connection, asked.realm, span, &segments, outbox.now).await?;
    Ok(Begun { backfill, resumed: false })
}

/// Sets as of when the project's history is judged; what has happened already is resettled when that changes.
///
/// # Errors
/// [`Error`]
pub async fn settings(connection: &mut PgConnection, outbox: Outbox<'_>, asked: &Asked) -> Result<(), Error> {
    let rules_as_of = match asked.rules_as_of {
        RulesAsOf::Event => None,
        RulesAsOf::Now => Some(outbox.now),
    };
    let terms = HistoryTerms { payable_from: Some(asked.payable_from), rules_as_of };
    if projects::set_history_terms(connection, asked.realm.project, terms).await? {
        let reevaluation =
            Reevaluation { rules_since: Some(DateTime::UNIX_EPOCH), ..Reevaluation::default() };
        for mode in [Mode::Test, Mode::Live] {
            outbox.resettle(connection, Realm { mode, ..asked.realm }, &reevaluation).await?;
        }
    }
    Ok(())
}

/// What is read: what is asked for, as far as it is past.
///
/// # Errors
/// [`Error::Invalid`]
pub fn span(
    asked: &Asked,
    account_created: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(DateTime<Utc>, DateTime<Utc>), Error> {
    let beginning = account_created.or_else(|| DateTime::from_timestamp(BEGINNING, 0)).unwrap_or_default();
    let since = asked.since.unwrap_or(beginning);
    let until = asked.until.unwrap_or(now).min(now);
    if since >= until {
        return Err(Error::invalid("from", "from is a day before to, and no day to come"));
    }
    Ok((since, until))
}

/// The days of a span, the first and the last as far as they belong to it.
fn days(
    (since, until): (DateTime<Utc>, DateTime<Utc>),
) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> {
    let mut from = since;
    std::iter::from_fn(move || {
        if from >= until {
            return None;
        }
        let midnight = from.duration_trunc(TimeDelta::days(1)).unwrap_or(from);
        let next = (midnight + TimeDelta::days(1)).min(until);
        Some((std::mem::replace(&mut from, next), next))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::ProjectId;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn days_are_whole_but_for_the_ends_and_leave_no_gap() {
        let (since, until) = (at("2026-01-30T06:00:00Z"), at("2026-02-02T12:00:00Z"));
        let days: Vec<_> = days((since, until)).collect();
        assert_eq!(days.len(), 4);
        assert_eq!((days[0].0, days[3].1), (since, until));
        assert!(days.windows(2).all(|pair| pair[0].1 == pair[1].0));
        assert_eq!(days[1], (at("2026-01-31T00:00:00Z"), at("2026-02-01T00:00:00Z")));
    }

    #[test]
    fn nothing_is_read_of_days_to_come() {
        let now = at("2026-02-02T12:00:00Z");
        let asked = |since, until| Asked {
            realm: Realm { project: ProjectId(1), mode: Mode::Test },
            since: Some(at(since)),
            until: Some(at(until)),
            rules_as_of: RulesAsOf::Event,
            payable_from: now,
        };
        let found = span(&asked("2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"), None, now).unwrap();
        assert_eq!(found.1, now);
        assert!(span(&asked("2026-02-03T00:00:00Z", "2026-03-01T00:00:00Z"), None, now).is_err());
    }
}
