//! `tributary simulate`

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
    store::{
        PgConnection, overview,
        settlement::{self, Outcome},
    },
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::PathBuf,
};

/// Options of `simulate`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SimulateArgs {
    /// The project
    #[arg(long, value_name = "ID")]
    project: i64,
    /// A JSON file with the rules, as `project show --json` prints them
    #[arg(long, value_name = "FILE")]
    rules: PathBuf,
    /// Whose history
    #[arg(long, value_enum, default_value_t = Mode::Test)]
    mode: Mode,
}

const EXAMPLES: &str = r#"Every payment is judged as if these rules had held from the beginning. Nothing is changed.

Examples of a file:
  {"commission": {"kind": "percent", "basis_points": 2500}, "recurring": {"months": 12}, "hold_days": 30}
  {"commission": {"kind": "flat", "minor": 1500, "currency": "usd"}, "recurring": "first"}"#;

#[derive(Serialize)]
struct Simulated {
    project_id: ProjectId,
    mode: Mode,
    conversions: usize,
    /// Minor units.
    affiliates: Vec<Compared>,
}

#[derive(Serialize)]
struct Compared {
    affiliate: String,
    currency: Currency,
    now: i64,
    then: i64,
    difference: i64,
}

/// Judges history twice, by the rules as they are and by the others, and shows both.
pub(super) async fn run(args: &SimulateArgs, context: &Context) -> anyhow::Result<()> {
    let file = args.rules.display();
    let text = std::fs::read_to_string(&args.rules).with_context(|| format!("cannot read {file}"))?;
    let rules: Rules = serde_json::from_str(&text).with_context(|| format!("{file} holds no rules"))?;

    // Never committed.
    let mut transaction = context.database().await?.begin().await?;
    let project = context::project(&mut transaction, ProjectId(args.project)).await?;
    let realm = Realm { project: project.id, mode: args.mode };
    let now = settlement::simulate(&mut transaction, realm, None).await?;
    let then = settlement::simulate(&mut transaction, realm, Some(&rules)).await?;
    let affiliates = compare(&mut transaction, &now, &then).await?;
    transaction.rollback().await?;
    context.print(&Simulated {
        project_id: project.id,
        mode: args.mode,
        conversions: then.conversions,
        affiliates,
    })
}

async fn compare(
    connection: &mut PgConnection,
    now: &Outcome,
    then: &Outcome,
) -> anyhow::Result<Vec<Compared>> {
    let keys: BTreeSet<(AffiliateId, Currency)> =
        now.earned.keys().chain(then.earned.keys()).copied().collect();
    let ids: Vec<AffiliateId> = keys.iter().map(|(id, _)| *id).collect();
    let names: BTreeMap<AffiliateId, String> = overview::affiliate_codes(connection, &ids).await?;
    let compared = keys.iter().map(|key @ (id, currency)| {
        let sum = |outcome: &Outcome| outcome.earned.get(key).copied().unwrap_or_default();
        Compared {
            affiliate: names.get(id).cloned().unwrap_or_else(|| id.to_string()),
            currency: *currency,
            now: sum(now),
            then: sum(then),
            difference: sum(then) - sum(now),
        }
    });
    Ok(compared.collect())
}

impl fmt::Display for Simulated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = output::table(["affiliate", "now", "then", "difference"]);
        for row in &self.affiliates {
            let money = |minor| {
                let money = Money { minor, currency: row.currency };
                Cell::new(money.to_string()).set_alignment(CellAlignment::Right)
            };
            table.add_row([
                Cell::new(&row.affiliate),
                money(row.now),
                money(row.then),
                money(row.difference),
            ]);
        }
        writeln!(f, "{table}\n")?;
        write!(f, "{} signups and payments judged. Nothing was changed.", self.conversions)
    }
}
