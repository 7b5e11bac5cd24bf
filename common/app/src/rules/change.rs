//! Changing the rules.

use crate::{Error, Outbox};
use chrono::{DateTime, Utc};
use domain::{
    ids::{Mode, ProjectId, Realm},
    mappings::Mappings,
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
    /// The messages by which workers judge again what had happened, for [`queue::waiting`].
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

/// Writes the next version of a project's rules, which holds for payments from a time on, now when none is said; what
/// happened since then is judged again, in both modes. `None` when the rules are those of the latest version already and
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
    let latest = latest(connection, project).await?;
    if *rules == latest.version.rules {
        return match from {
            None => Ok(None),
            Some(_) => Err(Error::invalid("from", "from is for new rules: say what changes")),
        };
    }
    let from = from.unwrap_or(outbox.now);
    if latest.version.valid_from.is_some_and(|latest| from <= latest) {
        let message = format!("new rules hold from a later time on than version {}", latest.number);
        return Err(Error::invalid("from", message));
    }
    let version =
        program_rules::add(connection, project, rules, Some(from)).await.map_err(|error| match error {
            StoreError::Constraint { constraint, .. } if constraint == "program_rules_version_key" => {
                Error::Busy("Somebody else is changing the rules: look at theirs, then try again")
            }
            error => error.into(),
        })?;
    // Payments that the new version covers may be there already.
    let mappings = Mappings { rules_since: Some(from), ..Mappings::default() };
    let mut messages = Vec::new();
    for mode in [Mode::Test, Mode::Live] {
        let realm = Realm { project, mode };
        let concerned = settlement::has_history(connection, realm).await?;
        let message = outbox.resettle(connection, realm, &mappings).await?;
        // Where nothing has happened yet, nobody need wait for it.
        messages.extend(message.filter(|_| concerned));
    }
    Ok(Some(Changed { version, messages }))
}
