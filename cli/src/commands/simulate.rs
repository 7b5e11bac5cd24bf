//! `tributary simulate`

mod rules_file;

use crate::{
    context::{self, Context},
    output,
};
use anyhow::Context as _;
use clap::Args;
use comfy_table::{Cell, CellAlignment};
use common::{
    domain::{
        ids::{AffiliateId, Mode, ProjectId, Realm},
        money::{Currency, Money},
        rules::Rules,
    },
    store::{PgConnection, overview, settlement},
};
use serde::Serialize;
use std::{collections::BTreeSet, fmt, path::PathBuf};

/// Options of `simulate`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SimulateArgs {
    /// The project
    #[arg(long, value_name = "ID")]
    project: i64,
    /// The proposed rules, as JSON or TOML
    #[arg(long, value_name = "FILE")]
    rules: PathBuf,
    /// The history of one mode only
    #[arg(long, value_name = "test|live", value_parser = parse_mode)]
    mode: Option<Mode>,
}

const EXAMPLES: &str = "\
A rules file says what `project create` is told by options:

  commission = \"20%\"        # or \"15.00usd\"
  recurring = \"12-months\"   # all, first, N-months or N-payments
  hold_days = 30
  window_days = 60
  back_bind_days = 30
  coupon_first = false

Nothing is written.";

#[derive(Serialize)]
struct Simulated {
    project_id: ProjectId,
    affiliates: Vec<Line>,
}

/// Sums are minor units.
#[derive(Serialize)]
struct Line {
    mode: Mode,
    affiliate_id: AffiliateId,
    affiliate: String,
    currency: Currency,
    earned: i64,
    would_have_earned: i64,
    difference: i64,
}

/// Runs it.
pub(super) async fn run(args: &SimulateArgs, context: &Context) -> anyhow::Result<()> {
    let rules = rules_file::read(&args.rules)?;
    let pool = context.database().await?;
    let mut connection = pool.acquire().await?;
    let project = context::project(&mut connection, ProjectId(args.project)).await?.id;
    let modes = args.mode.map_or_else(|| vec![Mode::Live, Mode::Test], |mode| vec![mode]);
    let mut affiliates = Vec::new();
    for mode in modes {
        let realm = Realm { project, mode };
        affiliates.extend(lines(&mut connection, realm, &rules, context.options.json).await?);
    }
    context.print(&Simulated { project_id: project, affiliates })
}

async fn lines(
    connection: &mut PgConnection,
    realm: Realm,
    rules: &Rules,
    quiet: bool,
) -> anyhow::Result<Vec<Line>> {
    let progress = output::counter(quiet);
    progress.set_message(format!("{} mode", realm.mode));
    let then = settlement::simulate(connection, realm, rules, |done, all| {
        progress.set_length(u64::try_from(all).unwrap_or(u64::MAX));
        progress.set_position(u64::try_from(done).unwrap_or(u64::MAX));
    })
    .await
    .context("the history cannot be folded with these rules")?;
    progress.finish_and_clear();
    let now = overview::earned(connection, realm).await?;
    let names = overview::affiliates(connection, realm).await?;
    let rows: BTreeSet<(AffiliateId, Currency)> = now.keys().chain(then.keys()).copied().collect();
    let lines = rows.into_iter().map(|row| {
        let earned = now.get(&row).copied().unwrap_or_default();
        let would_have_earned = then.get(&row).copied().unwrap_or_default();
        Line {
            mode: realm.mode,
            affiliate_id: row.0,
            affiliate: names.get(&row.0).cloned().unwrap_or_default(),
            currency: row.1,
            earned,
            would_have_earned,
            difference: would_have_earned.saturating_sub(earned),
        }
    });
    Ok(lines.collect())
}

fn parse_mode(text: &str) -> Result<Mode, String> {
    [Mode::Test, Mode::Live]
        .into_iter()
        .find(|mode| mode.to_string() == text)
        .ok_or_else(|| "a mode is test or live".to_owned())
}

impl fmt::Display for Simulated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.affiliates.is_empty() {
            return write!(f, "Nobody has earned, or would have.");
        }
        let mut table = output::table(["mode", "affiliate", "earned", "would have earned", "difference"]);
        for line in &self.affiliates {
            let money = |minor| {
                let text = Money { minor, currency: line.currency }.to_decimal();
                let text = format!("{text} {}", line.currency.as_str().to_uppercase());
                Cell::new(text).set_alignment(CellAlignment::Right)
            };
            table.add_row([
                Cell::new(line.mode.to_string()),
                Cell::new(&line.affiliate),
                money(line.earned),
                money(line.would_have_earned),
                money(line.difference),
            ]);
        }
        write!(f, "{table}")
    }
}
