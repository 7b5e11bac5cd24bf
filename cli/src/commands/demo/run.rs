//! What the demo does while everything runs.

use crate::demo::{
    history, post,
    programme::{self, Entered},
    receiver::{Inbox, Notified, Receiver},
    report::Report,
};
use anyhow::{bail, ensure};
use app::endpoints::{self, Draft, Outgoing};
use common::config::NotifyArgs;
use domain::ids::Realm;
use indicatif::{ProgressBar, ProgressStyle};
use queue::dead_letters::{self, Filter};
use std::time::Duration;
use store::{PgPool, digest, notifications, overview};
use tokio::time::{Instant, sleep};

/// Far more than it takes.
const SETTLE: Duration = Duration::from_mins(1);
/// Between two looks at the inbox.
const LOOK: Duration = Duration::from_millis(25);

/// A demo that came to its end.
pub(super) struct Done {
    /// The project and its key.
    pub(super) entered: Entered,
    /// What was earned.
    pub(super) report: Report,
    /// Who was told of it.
    pub(super) notified: Notified,
}

/// Enters the programme, posts the history, waits until all of it is settled and reports.
pub(super) async fn run(
    url: &str,
    database_url: &str,
    notify: &NotifyArgs,
    quiet: bool,
) -> anyhow::Result<Done> {
    let pool = store::pool(database_url, "tributary demo", 2)?;
    let mut transaction = pool.begin().await?;
    let entered = programme::enter(&mut transaction).await?;
    transaction.commit().await?;
    let realm = entered.realm;
    let inbox = inbox(&pool, realm, notify).await?;

    let events = history::events();
    let deliveries = history::deliveries(&events);
    let progress = bar(deliveries.len() + events.len(), quiet);
    progress.set_message("posting signed webhooks");
    post::post(&format!("{url}{}", entered.webhook_path), &deliveries, &progress).await?;
    progress.set_message("settling");
    wait(&pool, realm, events.len(), deliveries.len(), &progress).await?;
    progress.set_message("notifying");
    let notified = notified(&pool, realm, &inbox).await?;
    progress.finish_and_clear();

    let mut connection = pool.acquire().await?;
    let digest = digest::of(&mut connection, Some(realm.project)).await?;
    let report = Report::read(&mut connection, realm, events.len(), deliveries.len(), digest).await?;
    Ok(Done { entered, report, notified })
}

/// Somebody who is notified of everything.
async fn inbox(pool: &PgPool, realm: Realm, notify: &NotifyArgs) -> anyhow::Result<Inbox> {
    let receiver = Receiver::bind().await?;
    let draft = Draft {
        url: receiver.url(),
        description: Some("the demo's own".to_owned()),
        events: vec!["*".to_owned()],
        ordered: false,
        timeout_seconds: None,
        secret: None,
    };
    let outgoing = Outgoing::new(notify.policy(), notify.sealer()?)?;
    let (_, secret) = endpoints::create(pool, &outgoing, realm, &draft).await?;
    Ok(receiver.start(secret))
}

/// Waits until everything that happened has a number and has arrived.
async fn notified(pool: &PgPool, realm: Realm, inbox: &Inbox) -> anyhow::Result<Notified> {
    let deadline = Instant::now() + SETTLE;
    while notifications::fresh(&mut *pool.acquire().await?, realm).await? > 0 {
        ensure!(Instant::now() < deadline, "no worker numbers the notifications");
        sleep(LOOK).await;
    }
    let last = notifications::last_sequence(&mut *pool.acquire().await?, realm).await?;
    inbox.all(last).await
}

/// Waits until every event has taken effect.
async fn wait(
    pool: &PgPool,
    realm: Realm,
    events: usize,
    posted: usize,
    progress: &ProgressBar,
) -> anyhow::Result<()> {
    let deadline = Instant::now() + SETTLE;
    loop {
        let mut connection = pool.acquire().await?;
        let settled = overview::settled_events(&mut connection, realm).await?;
        let settled = usize::try_from(settled).unwrap_or_default();
        progress.set_position(u64::try_from(posted + settled).unwrap_or_default());
        if settled >= events {
            return Ok(());
        }
        if Instant::now() > deadline {
            let filter = Filter { project: Some(realm.project), ..Filter::default() };
            let dead = dead_letters::list(&mut connection, &queue::Prefix::default(), &filter, 1).await?;
            let reason = dead.first().map_or("no worker settles them", |letter| &letter.reason);
            bail!("{settled} of {events} events were settled in time: {reason}");
        }
        drop(connection);
        sleep(LOOK).await;
    }
}

/// A bar on standard error; hidden when nobody looks, or when a program reads the answer.
fn bar(length: usize, quiet: bool) -> ProgressBar {
    if quiet {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(u64::try_from(length).unwrap_or_default());
    if let Ok(style) = ProgressStyle::with_template("{bar:40.cyan/dim} {msg} {elapsed}") {
        bar.set_style(style.progress_chars("━━─"));
    }
    bar
}
