//! How long the console's pages and the lists of REST take, on whatever a project has.
//!
//! Nobody lists the pages: the console is walked by its links and its filters, and the lists are those of the API's document, so that
//! a new page, list or filter is measured as soon as it is there.

mod html;
mod lists;
mod measured;
mod walk;

pub(crate) use measured::Pages;

use super::{
    client::Client,
    processes::{Process, Stores},
    visitor::Visitor,
};
use anyhow::{Context as _, ensure};
use app::keys;
use clap::Args;
use domain::ids::{Mode, ProjectId, Realm};
use indicatif::ProgressBar;
use store::{
    PgPool,
    api_keys::{ErrorForm, KeyRole},
    keys::NewKey,
    projects,
};

/// What is measured, and how often.
#[derive(Args, Debug)]
pub(crate) struct Wanted {
    /// The project [default: the one that was made last]
    #[arg(long, value_name = "ID")]
    project: Option<i64>,
    /// The mode
    #[arg(long, value_parser = crate::mode::parser(), default_value_t = Mode::Test)]
    mode: Mode,
    /// Requests for each page, after the first one
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    requests: u32,
    /// Whose dead letters and messages are looked at
    #[arg(long, env = "QUEUE_PREFIX", value_name = "NAME", default_value = "tributary")]
    queue_prefix: String,
    /// Only paths that contain this, e.g. /payouts or /api/
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Milliseconds that 95 of 100 answers may take at most
    #[arg(long, value_name = "MS", default_value_t = 50)]
    most: u32,
}

impl Wanted {
    async fn realm(&self, pool: &PgPool) -> anyhow::Result<Realm> {
        let mut known = projects::list(&mut *pool.acquire().await?).await?;
        known.retain(|project| self.project.is_none_or(|wanted| project.id == ProjectId(wanted)));
        let latest = known.iter().map(|project| project.id).max();
        let project = latest.context("there is no such project")?;
        Ok(Realm { project, mode: self.mode })
    }

    /// Whether a path was asked for.
    fn wants(&self, path: &str) -> bool {
        self.only.as_deref().is_none_or(|only| path.contains(only))
    }
}

/// Walks over all of it with an API of its own, as somebody who is entered for it and disabled again.
pub(crate) async fn measure(
    pool: &PgPool,
    database_url: &str,
    wanted: &Wanted,
    progress: &ProgressBar,
) -> anyhow::Result<Pages> {
    let realm = wanted.realm(pool).await?;
    let logs = std::env::temp_dir().join(format!("tributary-bench-pages-{}", std::process::id()));
    std::fs::create_dir_all(&logs)?;
    let stores = Stores {
        database_url: database_url.to_owned(),
        amqp_url: None,
        queue_prefix: wanted.queue_prefix.clone(),
    };
    let visitor = Visitor::enter(pool).await?;
    let new = NewKey { name: "tributary bench", role: KeyRole::Full, errors: ErrorForm::Object };
    let (key, secret) = keys::create(&mut *pool.acquire().await?, realm, new).await?;
    let (api, address) = Process::api(&stores, &logs).await?;
    let walked = async {
        let mut pages = Pages::new(realm, wanted.most, &mut *pool.acquire().await?).await?;
        let mut client = Client::connect(address).await?;
        measured::bare(&mut client, &mut pages, wanted.requests).await?;
        walk::console(&mut client, visitor.cookie(), realm, wanted, &mut pages, progress).await?;
        lists::rest(&mut client, secret.expose(), wanted, &mut pages, progress).await?;
        ensure!(!pages.is_empty(), "no path contains {:?}", wanted.only.as_deref().unwrap_or_default());
        anyhow::Ok(pages)
    };
    let walked = walked.await;
    api.stop().await?;
    visitor.leave(pool).await?;
    keys::revoke(&mut *pool.acquire().await?, realm.project, key.id).await?;
    std::fs::remove_dir_all(&logs)?;
    walked
}
