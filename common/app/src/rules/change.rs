//! Changing the rules.

use crate::{Error, Outbox};
use chrono::{DateTime, Utc};
use domain::{
    ids::{Mode, ProjectId, Realm},
    reevaluation::Reevaluation,
    rules::Rules,
};
use store::{
    PgConnection, StoreError,
    program_rules::{self, Numbered},
    settlement,
};

/// A new version of the rules.
#[derive(Clone, Debug)]
pub struct Changed {
    /// The version.
    pub version: Numbered,
    /// The messages by which workers resettle what had happened, for [`queue::waiting`].
    pub messages: Vec<i64>,
}

/// The latest version of a project's rules.
///
/// # Errors
/// [`Error::NotFound`] when the project has none.
pub async fn latest(connection: &mut PgConnection, project: ProjectId) -> Result<Numbered, Error> {
    let versions = program_rules::list(connection, project).await?;
    versions.into_iter().last().ok_or_else(|| Error::NotFound(format!("project {project} has no rules")))
}

/// The version that holds for what happens at a time: of those that begin by then, the latest.
#[must_use]
pub fn in_force(versions: &[Numbered], at: DateTime<Utc>) -> Option<&Numbered> {
    versions.iter().rev().find(|numbered| numbered.version.valid_from.is_none_or(|from| from <= at))
}

/// Writes the next version of a project's rules, which holds for payments from a time on, now when none is said; what
/// happened since then is resettled, in both modes; the first version holds from the beginning. `None` when the rules are
/// those of the latest version already and
/// no time was said.
///
/// # Errors
/// [`Error::Invalid`] when the time is not later than that of the latest version, or nothing changes from then on;
/// [`Error::Busy`] when somebody else changes the rules at this moment.
pub async fn change(
    connection: &mut PgConnection,
    outbox: Outbox<'_>,
    project: ProjectId,
    rules: &Rules,
    from: Option<DateTime<Utc>>,
) -> Result<Option<Changed>, Error> {
    let from = match program_rules::list(connection, project).await?.last() {
        Some(latest) if *rules == latest.version.rules => {
            return match from {
                None => Ok(None),
                Some(_) => Err(Error::invalid("from", "from is for new rules: say what changes")),
            };
        }
        Some(latest) => Some(after(latest, from.unwrap_or(outbox.now))?),
        // The first ones hold from the beginning.
        None => from,
    };
    let version =
        program_rules::add(connection, project, rules, from).await.map_err(|error| match error {
            StoreError::Constraint { constraint, .. } if constraint == "program_rules_version_key" => {
                Error::Busy("Somebody else is changing the rules: look at theirs, then try again")
            }
            error => error.into(),
        })?;
    // Payments that the new version covers may be there already.
    let since = from.unwrap_or(DateTime::UNIX_EPOCH);
    let reevaluation = Reevaluation { rules_since: Some(since), ..Reevaluation::default() };
    let mut messages = Vec::new();
    for mode in [Mode::Test, Mode::Live] {
        let realm = Realm { project, mode };
        let concerned = settlement::has_history(connection, realm).await?;
        let message = outbox.resettle(connection, realm, &reevaluation).await?;
        // Where nothing has happened yet, nobody need wait for it.
        messages.extend(message.filter(|_| concerned));
    }
    Ok(Some(Changed { version, messages }))
}

fn after(latest: &Numbered, from: DateTime<Utc>) -> Result<DateTime<Utc>, Error> {
    if latest.version.valid_from.is_none_or(|latest| latest < from) {
        return Ok(from);
    }
    let message = format!("new rules hold from a later time on than version {}", latest.number);
    Err(Error::invalid("from", message))
}
