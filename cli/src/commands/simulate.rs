//! `tributary simulate`

use crate::{
    context::{self, Context},
    output, rules_file,
};
use app::rules::{self, Simulated, Sum};
use clap::Args;
use comfy_table::{Cell, CellAlignment};
use domain::{
    ids::{AffiliateId, Mode, ProjectId, Realm},
    money::{Currency, Money},
    rules::Rules,
};
use serde::Serialize;
use std::{fmt, path::PathBuf};
use store::PgConnection;

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
    #[arg(long, value_name = "test|live", value_parser = crate::mode::parser())]
    mode: Option<Mode>,
}

const EXAMPLES: &str = "\
Example:
  tributary simulate --project 1 --rules proposed.toml

A rules file says what a version of the rules says, at the least:

  commission = \"20%\"        # or \"15.00usd\"
  recurring = \"12-months\"   # all, first, N-months or N-payments

docs/RULES.md tells the rest; `project show --json` prints the rules that hold in the same form. The same file goes to
`project update --rules` when its figures please. Nothing is written.";

#[derive(Serialize)]
struct Answer {
    project_id: ProjectId,
    affiliates: Vec<Line>,
    totals: Vec<Total>,
}

/// Sums of one mode and currency, in minor units.
#[derive(Serialize)]
struct Total {
    mode: Mode,
    currency: Currency,
    earned: i64,
    would_have_earned: i64,
    difference: i64,
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
    // Both columns are of one moment, whatever is settled meanwhile.
    let mut connection = store::snapshot(&pool).await?;
    let project = context::project(&mut connection, ProjectId(args.project)).await?.id;
    let modes = args.mode.map_or_else(|| vec![Mode::Live, Mode::Test], |mode| vec![mode]);
    let mut simulated = Simulated::default();
    for mode in modes {
        let realm = Realm { project, mode };
        simulated.affiliates.extend(sums(&mut connection, realm, &rules, context.options.json).await?);
    }
    let totals = simulated.totals()?.into_iter().map(|total| Total {
        mode: total.mode,
        currency: total.currency,
        earned: total.earned,
        would_have_earned: total.would_have_earned,
        difference: total.difference(),
    });
    let totals = totals.collect();
    let affiliates = simulated.affiliates.into_iter().map(Line::from).collect();
    context.print(&Answer { project_id: project, affiliates, totals })
}

async fn sums(
    connection: &mut PgConnection,
    realm: Realm,
    rules: &Rules,
    quiet: bool,
) -> anyhow::Result<Vec<Sum>> {
    let progress = output::counter(quiet);
    progress.set_message(format!("{} mode", realm.mode));
    let simulated = rules::simulate(connection, realm, rules, |done, all| {
        progress.set_length(u64::try_from(all).unwrap_or(u64::MAX));
        progress.set_position(u64::try_from(done).unwrap_or(u64::MAX));
    })
    .await?;
    progress.finish_and_clear();
    Ok(simulated.affiliates)
}

impl From<Sum> for Line {
    fn from(sum: Sum) -> Self {
        Self {
            mode: sum.mode,
            affiliate_id: sum.affiliate,
            difference: sum.difference(),
            affiliate: sum.email,
            currency: sum.currency,
            earned: sum.earned,
            would_have_earned: sum.would_have_earned,
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.affiliates.is_empty() {
            return write!(f, "Nobody has earned, or would have.");
        }
        let mut table = output::table(["mode", "affiliate", "earned", "would have earned", "difference"]);
        let money = |minor, currency| {
            Cell::new(Money { minor, currency }.to_string()).set_alignment(CellAlignment::Right)
        };
        for line in &self.affiliates {
            table.add_row([
                Cell::new(line.mode.to_string()),
                Cell::new(&line.affiliate),
                money(line.earned, line.currency),
                money(line.would_have_earned, line.currency),
                money(line.difference, line.currency),
            ]);
        }
        for total in &self.totals {
            table.add_row([
                Cell::new(total.mode.to_string()),
                Cell::new("in all"),
                money(total.earned, total.currency),
                money(total.would_have_earned, total.currency),
                money(total.difference, total.currency),
            ]);
        }
        write!(f, "{table}")
    }
}
