//! `tributary simulate`

use crate::{
    context::{self, Context},
    output, rules_file,
};
use anyhow::Context as _;
use clap::Args;
use comfy_table::{Cell, CellAlignment};
use domain::{
    ids::{AffiliateId, Mode, ProjectId, Realm},
    money::{Currency, Money},
    rules::Rules,
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::PathBuf,
};
use store::{PgConnection, overview, settlement};

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
struct Simulated {
    project_id: ProjectId,
    affiliates: Vec<Line>,
    totals: Vec<Total>,
}

/// Sums of one mode and currency, in minor units.
#[derive(Debug, PartialEq, Serialize)]
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
    let mut affiliates = Vec::new();
    for mode in modes {
        let realm = Realm { project, mode };
        affiliates.extend(lines(&mut connection, realm, &rules, context.options.json).await?);
    }
    let totals = totals(&affiliates)?;
    context.print(&Simulated { project_id: project, affiliates, totals })
}

fn totals(lines: &[Line]) -> anyhow::Result<Vec<Total>> {
    let mut sums: BTreeMap<(Mode, Currency), (i64, i64)> = BTreeMap::new();
    for line in lines {
        let (earned, then) = sums.entry((line.mode, line.currency)).or_default();
        *earned = earned.checked_add(line.earned).context("the sums are too large")?;
        *then = then.checked_add(line.would_have_earned).context("the sums are too large")?;
    }
    let total = |((mode, currency), (earned, would_have_earned)): ((Mode, Currency), (i64, i64))| Total {
        mode,
        currency,
        earned,
        would_have_earned,
        difference: would_have_earned.saturating_sub(earned),
    };
    Ok(sums.into_iter().map(total).collect())
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

impl fmt::Display for Simulated {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn totals_keep_modes_and_currencies_apart() {
        let line = |mode, currency: &str, earned, would_have_earned| Line {
            mode,
            affiliate_id: AffiliateId(1),
            affiliate: String::new(),
            currency: Currency::parse(currency).unwrap(),
            earned,
            would_have_earned,
            difference: would_have_earned - earned,
        };
        let lines = [
            line(Mode::Live, "usd", 1_000, 1_500),
            line(Mode::Live, "usd", 200, 0),
            line(Mode::Live, "eur", 70, 80),
            line(Mode::Test, "usd", 5, 5),
        ];
        let totals = totals(&lines).unwrap();
        let sums = totals.iter().map(|sum| (sum.mode, sum.currency.to_string(), sum.earned, sum.difference));
        let expected = [
            (Mode::Test, "usd".to_owned(), 5, 0),
            (Mode::Live, "eur".to_owned(), 70, 10),
            (Mode::Live, "usd".to_owned(), 1_200, 300),
        ];
        assert_eq!(sums.collect::<Vec<_>>(), expected);
    }
}
