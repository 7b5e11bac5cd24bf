//! What history would come to: read, settled in a transaction, and rolled back.

use super::BackfillArgs;
use crate::output;
use app::{
    Outbox,
    backfill::{self, Asked},
};
use chrono::{DateTime, SubsecRound, Utc};
use common::intake;
use domain::{
    ids::{AffiliateId, Mode, ProjectId},
    money::{Currency, Money},
};
use queue::envelope::Source;
use serde::Serialize;
use std::{collections::BTreeMap, fmt};
use store::{
    PgPool, overview,
    settlement::{InboxEvent, Item, settle_batch},
    stripe_codes::{self, CodeTold},
};
use stripe::{
    client::{Lists, Span},
    history::{HistoryEvent, List},
};

/// Events of one round.
const CHUNK: usize = 500;

#[derive(Serialize)]
pub(super) struct Estimate {
    project_id: ProjectId,
    mode: Mode,
    dry_run: bool,
    objects: usize,
    new_events: usize,
    affiliates: Vec<Gain>,
}

#[derive(Serialize)]
struct Gain {
    affiliate: String,
    currency: Currency,
    /// Minor units, net of what was taken back.
    before: i64,
    after: i64,
}

/// Tells it.
pub(super) async fn run(
    pool: &PgPool,
    args: &BackfillArgs,
    asked: &Asked,
    created: Option<DateTime<Utc>>,
    lists: &Lists,
    quiet: bool,
) -> anyhow::Result<Estimate> {
    // All of it before the transaction, which nobody should have to wait for longer than it takes.
    let (objects, items, codes) = read(args, asked, created, lists, quiet).await?;
    let mut transaction = pool.begin().await?;
    let names = overview::affiliates(&mut transaction, asked.realm).await?;
    let before = overview::earned(&mut transaction, asked.realm).await?;
    let outbox = Outbox { queue: &args.queue_prefix, now: Utc::now() };
    backfill::settings(&mut transaction, outbox, asked).await?;
    stripe_codes::learn(&mut transaction, &codes).await?;
    let mut new_events = 0;
    for chunk in items.chunks(CHUNK) {
        new_events += settle_batch(&mut transaction, chunk).await?.new.len();
    }
    let after = overview::earned(&mut transaction, asked.realm).await?;
    transaction.rollback().await?;
    Ok(Estimate {
        project_id: asked.realm.project,
        mode: asked.realm.mode,
        dry_run: true,
        objects,
        new_events,
        affiliates: gains(&names, &before, &after),
    })
}

async fn read(
    args: &BackfillArgs,
    asked: &Asked,
    created: Option<DateTime<Utc>>,
    lists: &Lists,
    quiet: bool,
) -> anyhow::Result<(usize, Vec<Item>, Vec<CodeTold>)> {
    let now = Utc::now();
    let (since, until) = backfill::span(asked, created, now)?;
    let span = Span { since, until };
    let bar = output::counter(quiet);
    let (mut objects, mut items, mut codes) = (0, Vec::new(), Vec::new());
    for list in List::ALL {
        bar.set_message(list.as_str());
        let mut after: Option<String> = None;
        loop {
            let page = lists.page(list, span, after.as_deref()).await?;
            objects += page.objects.len();
            for object in &page.objects {
                for told in list.tell(object, now.trunc_subsecs(0))? {
                    let (item, code) = item(args, asked, told)?;
                    items.push(item);
                    codes.extend(code);
                }
            }
            bar.set_position(u64::try_from(objects).unwrap_or(u64::MAX));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    bar.finish_and_clear();
    Ok((objects, items, codes))
}

/// As a worker reads it.
fn item(args: &BackfillArgs, asked: &Asked, told: HistoryEvent) -> anyhow::Result<(Item, Option<CodeTold>)> {
    let keys = args.stripe.keys();
    let read = intake::read(Source::Backfill, &told.body, asked.realm, told.at, &keys)?;
    let (realm, at) = (asked.realm, read.occurred_at);
    let code = read.code.map(|code| CodeTold { realm, code, at, made_for: None });
    let event = InboxEvent {
        account: read.account,
        event_id: read.event_id,
        source: Source::Backfill.as_str(),
        event_type: read.event_type,
        api_version: read.api_version,
        occurred_at: read.occurred_at,
        received_at: told.at,
        ignored: read.ignored,
        traceparent: None,
        body: told.body.into(),
    };
    Ok((Item { realm: asked.realm, event, facts: read.facts }, code))
}

fn gains(
    names: &BTreeMap<AffiliateId, String>,
    before: &BTreeMap<(AffiliateId, Currency), i64>,
    after: &BTreeMap<(AffiliateId, Currency), i64>,
) -> Vec<Gain> {
    let all: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let gain = |of: &(AffiliateId, Currency)| Gain {
        affiliate: names.get(&of.0).cloned().unwrap_or_else(|| of.0.to_string()),
        currency: of.1,
        before: before.get(of).copied().unwrap_or_default(),
        after: after.get(of).copied().unwrap_or_default(),
    };
    all.into_iter().map(gain).collect()
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { project_id, mode, objects, new_events, .. } = self;
        writeln!(
            f,
            "{objects} objects of project {project_id} in {mode} mode; {new_events} events would be new."
        )?;
        let mut table = output::table(["Affiliate", "Earned by now", "With history"]);
        for Gain { affiliate, currency, before, after } in &self.affiliates {
            let money = |minor| Money { minor, currency: *currency }.to_string();
            table.add_row([affiliate.clone(), money(*before), money(*after)]);
        }
        writeln!(f, "{table}")?;
        write!(f, "Nothing was changed.")
    }
}
