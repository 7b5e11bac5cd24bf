//! What the commands share by which people decide: who, why, and how it reaches the workers.

use super::effect;
use crate::{context::Context, output};
use anyhow::{Context as _, bail};
use app::{
    Outbox,
    completion::{self, Completion},
    decisions::{self, Decided},
};
use chrono::{DateTime, Utc};
use clap::{Args, builder::NonEmptyStringValueParser};
use domain::{
    decision::Audit,
    ids::{Mode, ProjectId, Realm},
    key::Key,
};
use queue::Prefix;
use serde::Serialize;
use std::{fmt, time::Duration};
use store::{PgConnection, PgPool};

/// Who decides and why, and whether to wait for it.
#[derive(Args)]
pub(super) struct DecisionArgs {
    /// The project
    #[arg(long, value_name = "ID")]
    pub(super) project: i64,
    /// The mode, where both know the customer or the payment, or neither does
    #[arg(long, value_parser = crate::mode::parser())]
    pub(super) mode: Option<Mode>,
    /// Why, for whoever asks later
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    reason: String,
    /// Who decides [default: the name of the user who runs this]
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    actor: Option<String>,
    /// Wait until a worker has settled it, at most so many seconds; 0 does not wait
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_value = "10", default_missing_value = "30")]
    wait: u64,
    /// The deployment, when several share a database
    #[arg(long, env = "QUEUE_PREFIX", value_name = "NAME", default_value_t)]
    queue_prefix: Prefix,
}

/// What was decided.
#[derive(Serialize)]
struct Answer {
    decision_id: i64,
    project_id: ProjectId,
    mode: Mode,
    subject: Key,
    #[serde(rename = "decided")]
    what: String,
    actor: String,
    reason: String,
    /// Whether its effects are there already.
    settled: bool,
    /// What the person should know before anything comes of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

impl DecisionArgs {
    pub(super) fn project(&self) -> ProjectId {
        ProjectId(self.project)
    }

    /// Who, when and why.
    pub(super) fn audit(&self, now: DateTime<Utc>) -> anyhow::Result<Audit> {
        let actor = self.actor.clone().unwrap_or_else(user_name);
        Ok(decisions::audit(&actor, &self.reason, now)?)
    }

    /// The workers who are told.
    pub(super) fn outbox(&self, now: DateTime<Utc>) -> Outbox<'_> {
        Outbox { queue: &self.queue_prefix, now }
    }

    /// The realm and the key of a subject that a project knows under one of these names. `None` when
    /// neither mode knows it.
    pub(super) async fn known(
        &self,
        connection: &mut PgConnection,
        keys: &[Key],
    ) -> anyhow::Result<Option<(Realm, Key)>> {
        Ok(decisions::find(connection, self.project(), self.mode, keys).await?)
    }

    /// Where to wait for a subject that neither mode knows yet.
    pub(super) fn realm_of_the_unknown(&self, subject: &Key) -> anyhow::Result<Realm> {
        let project = self.project();
        let mode = self.mode.with_context(|| {
            format!("nothing is known of {subject} in project {project}: say --mode if it is to wait for it")
        })?;
        Ok(Realm { project, mode })
    }

    /// Waits for the decision that was committed, unless told not to, and shows it.
    pub(super) async fn show(
        &self,
        context: &Context,
        pool: &PgPool,
        decided: Decided,
        note: Option<String>,
    ) -> anyhow::Result<()> {
        let Decided { id, realm, subject, what, audit, event, message } = decided;
        let settled = self.wait > 0;
        if settled {
            let bar = output::counter(!output::is_terminal());
            bar.set_message("waiting for a worker");
            let longest = Duration::from_secs(self.wait);
            let completion = completion::wait(pool, realm, event, longest).await;
            bar.finish_and_clear();
            if completion == Completion::Pending {
                // It was put off, or never taken.
                effect::taken(pool, &self.queue_prefix, &[message], longest)
                    .await
                    .with_context(|| format!("decision {id} has no effect yet"))?;
                bail!(
                    "decision {id} is kept, but no worker has settled it: `tributary dead-letters list` says why"
                );
            }
        }
        context.print(&Answer {
            decision_id: id,
            project_id: realm.project,
            mode: realm.mode,
            subject,
            what,
            actor: audit.actor,
            reason: audit.reason,
            settled,
            note,
        })
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { decision_id, subject, what, actor, reason, settled, .. } = self;
        writeln!(f, "{subject}: {what}, by {actor}, because {reason:?}.")?;
        let becomes =
            if *settled { "has taken effect" } else { "takes effect as soon as a worker settles it" };
        write!(f, "Decision {decision_id} is kept and {becomes}.")?;
        match &self.note {
            Some(note) => write!(f, "\n{note}"),
            None => Ok(()),
        }
    }
}

/// The name of the user who runs this, as the system's environment has it.
pub(super) fn user_name() -> String {
    let name = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    // Where nobody has logged in, as in a container, the user still has a number.
    let number = || format!("user {}", rustix::process::getuid().as_raw());
    name.filter(|name| !name.trim().is_empty()).unwrap_or_else(number)
}
