//! `tributary statement`

use crate::realm_args::RealmArgs;
use crate::{context::Context, output};
use anyhow::ensure;
use app::statements::{csv, in_words};
use chrono::{DateTime, Utc};
use clap::Args;
use comfy_table::{Cell, CellAlignment};
use domain::{
    day::Day,
    ids::{AffiliateId, ConversionId, Mode, PayoutId, ProjectId},
    money::{Currency, Money},
};
use serde::Serialize;
use std::fmt;
use store::statements::{self, Line, Period, Statement};

/// Options of `statement`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StatementArgs {
    #[command(flatten)]
    realm: RealmArgs,
    /// The affiliate, by number or address
    #[arg(long, value_name = "ID|EMAIL")]
    affiliate: String,
    /// From the beginning of this day, UTC [default: the first entry]
    #[arg(long, value_name = "DATE")]
    from: Option<Day>,
    /// To the end of this day, UTC [default: now]
    #[arg(long, value_name = "DATE")]
    to: Option<Day>,
    /// One currency only
    #[arg(long, value_name = "CODE", value_parser = Currency::stored)]
    currency: Option<Currency>,
    /// Answers as CSV, for a spreadsheet
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

const EXAMPLES: &str = "\
Dates are those of posting: a period that is over stays as it is, and what is learned of it later is in the period in
which it was learned. The balance is all that is owed; what of it is held is told at the end.

Examples:
  tributary statement --project 1 --affiliate anna@example.org --from 2026-06-01 --to 2026-06-30
  tributary statement --project 1 --affiliate 7 --currency usd --csv > anna.csv";

/// Sums are minor units.
#[derive(Serialize)]
struct StatementItem {
    project_id: ProjectId,
    mode: Mode,
    affiliate_id: AffiliateId,
    affiliate: String,
    from: Option<String>,
    /// The first moment after the period.
    before: Option<String>,
    currencies: Vec<OfCurrency>,
}

#[derive(Serialize)]
struct OfCurrency {
    currency: Currency,
    opening: i64,
    entries: Vec<Entry>,
    closing: i64,
    closing_held: i64,
}

#[derive(Serialize)]
struct Entry {
    posted_at: String,
    cause: String,
    what: String,
    conversion_id: Option<ConversionId>,
    payment: Option<String>,
    payout_id: Option<PayoutId>,
    amount: i64,
    held: i64,
    balance: i64,
    event: Option<String>,
    actor: Option<String>,
    reason: Option<String>,
}

/// Tells it.
pub(super) async fn run(args: &StatementArgs, context: &Context) -> anyhow::Result<()> {
    ensure!(args.from.zip(args.to).is_none_or(|(from, to)| from <= to), "--from lies after --to");
    let mut connection = store::snapshot(&context.database().await?).await?;
    let realm = args.realm.realm(&mut connection).await?;
    let (affiliate_id, affiliate) = app::payouts::affiliate(&mut connection, realm, &args.affiliate).await?;
    let period = Period { from: args.from.map(Day::start), before: args.to.map(Day::end) };
    let statements = statements::of(&mut connection, affiliate_id, args.currency, period).await?;
    if args.csv {
        return output::line(&csv(&statements, period));
    }
    let time = |at: Option<DateTime<Utc>>| at.map(output::time);
    let told = StatementItem {
        project_id: realm.project,
        mode: realm.mode,
        affiliate_id,
        affiliate,
        from: time(period.from),
        before: time(period.before),
        currencies: statements.into_iter().map(OfCurrency::from).collect(),
    };
    context.print(&told)
}

impl From<Statement> for OfCurrency {
    fn from(statement: Statement) -> Self {
        Self {
            currency: statement.currency,
            opening: statement.opening.minor,
            entries: statement.lines.into_iter().map(Entry::from).collect(),
            closing: statement.closing.minor,
            closing_held: statement.closing_held.minor,
        }
    }
}

impl From<Line> for Entry {
    fn from(line: Line) -> Self {
        let what = in_words(&line);
        let (conversion_id, payment) = line.conversion.unzip();
        Self {
            posted_at: output::time(line.posted_at),
            cause: line.cause,
            what,
            conversion_id,
            payment,
            payout_id: line.payout,
            amount: line.amount.minor,
            held: line.held.minor,
            balance: line.balance.minor,
            event: line.event,
            actor: line.actor,
            reason: line.reason,
        }
    }
}

impl fmt::Display for StatementItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { affiliate, project_id, mode, .. } = self;
        writeln!(f, "Statement of {affiliate}, project {project_id} in {mode} mode")?;
        if self.currencies.is_empty() {
            return write!(f, "\nNothing was ever earned.");
        }
        for of in &self.currencies {
            let money = |minor| Money { minor, currency: of.currency };
            let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
            let mut table = output::table(["date", "what", "for", "amount", "balance"]);
            table.add_row([
                Cell::new(""),
                Cell::new("opening balance"),
                Cell::new(""),
                Cell::new(""),
                right(money(of.opening).to_string()),
            ]);
            for entry in &of.entries {
                table.add_row([
                    Cell::new(entry.posted_at.get(..10).unwrap_or_default()),
                    Cell::new(&entry.what),
                    Cell::new(entry.payment.as_deref().unwrap_or_default()),
                    right(if entry.amount == 0 { String::new() } else { money(entry.amount).to_decimal() }),
                    right(money(entry.balance).to_decimal()),
                ]);
            }
            let held = match of.closing_held {
                0 => String::new(),
                minor => format!("of which {} is held", money(minor)),
            };
            table.add_row([
                Cell::new(""),
                Cell::new("closing balance"),
                Cell::new(held),
                Cell::new(""),
                right(money(of.closing).to_string()),
            ]);
            writeln!(f, "\n{table}")?;
        }
        Ok(())
    }
}
