//! What the commands share by which people decide: who, why, and how it reaches the workers.

use super::effect;
use crate::{context::Context, output};
use anyhow::{Context as _, bail, ensure};
use chrono::{DateTime, SubsecRound, Utc};
use clap::{Args, builder::NonEmptyStringValueParser};
use domain::{
    command::Command,
    decision::Word,
    ids::{Mode, ProjectId, Realm},
    key::Key,
};
use queue::{
    Prefix, enqueue,
    envelope::{Envelope, Source},
};
use serde::Serialize;
use std::{fmt, time::Duration};
use store::{PgConnection, PgPool, decisions, decisions::NewDecision, verdicts};
use tokio::time::{Instant, sleep};

/// Between two looks for what a worker has settled.
const POLL: Duration = Duration::from_millis(50);
/// Far longer than a reason need be.
const MAX_REASON: usize = 1_000;

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
pub(super) struct Decided {
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
    pub(super) fn word(&self, now: DateTime<Utc>) -> anyhow::Result<Word> {
        let reason = self.reason.trim();
        ensure!(!reason.is_empty(), "--reason says nothing");
        ensure!(reason.chars().count() <= MAX_REASON, "--reason has more than {MAX_REASON} characters");
        let actor = self.actor.clone().unwrap_or_else(user_name);
        let actor = actor.trim();
        ensure!(!actor.is_empty(), "who decides? --actor NAME");
        // What the database keeps, to the microsecond.
        Ok(Word { actor: actor.to_owned(), reason: reason.to_owned(), decided_at: now.trunc_subsecs(6) })
    }

    /// The realm and the key of a subject that a project knows under one of these names. `None` when
    /// neither mode knows it.
    pub(super) async fn known(
        &self,
        connection: &mut PgConnection,
        keys: &[Key],
    ) -> anyhow::Result<Option<(Realm, Key)>> {
        let mut known = decisions::known(connection, self.project(), keys).await?;
        if let Some(mode) = self.mode {
            known.retain(|(realm, _)| realm.mode == mode);
        }
        ensure!(known.len() < 2, "known in test mode and in live mode: say --mode");
        Ok(known.pop())
    }

    /// Where to wait for a subject that neither mode knows yet.
    pub(super) fn realm_of_the_unknown(&self, subject: &Key) -> anyhow::Result<Realm> {
        let project = self.project();
        let mode = self.mode.with_context(|| {
            format!("nothing is known of {subject} in project {project}: say --mode if it is to wait for it")
        })?;
        Ok(Realm { project, mode })
    }

    /// Keeps a decision and puts its command on the queue, both or neither; then waits, if asked to.
    pub(super) async fn decide(
        &self,
        context: &Context,
        pool: &PgPool,
        realm: Realm,
        new: NewDecision<'_>,
        note: Option<String>,
        command: impl FnOnce(i64, DateTime<Utc>) -> Command,
    ) -> anyhow::Result<()> {
        let mut transaction = pool.begin().await?;
        let id = decisions::add(&mut transaction, realm, new).await?;
        let command = command(id, new.word.decided_at);
        let body = serde_json::to_vec(&command)?;
        let envelope = Envelope::new(Source::Api, realm, body.into(), new.word.decided_at);
        let message = enqueue(&mut transaction, &self.queue_prefix, &envelope).await?;
        transaction.commit().await?;
        let longest = Duration::from_secs(self.wait);
        let settled = !longest.is_zero();
        if settled && !wait(pool, realm, command.event_id(), longest).await? {
            // It was put off, or never taken.
            effect::wait(pool, &self.queue_prefix, &[message], Duration::ZERO)
                .await
                .with_context(|| format!("decision {id} has no effect yet"))?;
            bail!(
                "decision {id} is kept, but no worker has settled it: `tributary dead-letters list` says why"
            );
        }
        context.print(&Decided {
            decision_id: id,
            project_id: realm.project,
            mode: realm.mode,
            subject: new.subject.clone(),
            what: new.decided.to_owned(),
            actor: new.word.actor.clone(),
            reason: new.word.reason.clone(),
            settled,
            note,
        })
    }
}

impl fmt::Display for Decided {
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

/// Whether a command's effects are committed before the time is over.
async fn wait(pool: &PgPool, realm: Realm, event: String, longest: Duration) -> anyhow::Result<bool> {
    let (asked, deadline) = ([(realm, event)], Instant::now() + longest);
    let bar = output::counter(!output::is_terminal());
    bar.set_message("waiting for a worker");
    loop {
        let settled = verdicts::settled(&mut *pool.acquire().await?, &asked).await?;
        if !settled.is_empty() || Instant::now() >= deadline {
            bar.finish_and_clear();
            return Ok(!settled.is_empty());
        }
        sleep(POLL).await;
    }
}

/// The name of the user who runs this, as the system's environment has it.
pub(super) fn user_name() -> String {
    let name = ["USER", "LOGNAME", "USERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    // Where nobody has logged in, as in a container, the user still has a number.
    let number = || format!("user {}", rustix::process::getuid().as_raw());
    name.filter(|name| !name.trim().is_empty()).unwrap_or_else(number)
}
