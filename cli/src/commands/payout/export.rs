//! `tributary payout export`

mod format;
mod recipient;

use super::RealmArgs;
use crate::{context::Context, output};
use anyhow::{Context as _, ensure};
use clap::Args;
use domain::{
    ids::{BatchId, PayoutId, Realm},
    money::Currency,
};
use format::{Format, Row};
use recipient::recipient;
use serde::Serialize;
use std::{fmt, fs::File, io::Write, path::PathBuf};
use store::payouts::{self, Filter, Payout};

/// Far more than a provider takes in one file.
const MOST: i64 = 100_000;

/// Options of `payout export`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    realm: RealmArgs,
    /// Only those that were made together [default: all that are open]
    #[arg(long, value_name = "ID")]
    batch: Option<i64>,
    /// Only those in this currency; PayPal takes one in a file
    #[arg(long, value_name = "CODE", value_parser = Currency::stored)]
    currency: Option<Currency>,
    /// Whom the file is for
    #[arg(long, value_enum)]
    format: Format,
    /// Write to this file, which must not exist yet; - is standard output [default: -]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Export as frozen, also what was taken back or held since
    #[arg(long)]
    as_frozen: bool,
}

/// In place of a file.
const STANDARD_OUTPUT: &str = "-";

impl ExportArgs {
    /// Which payouts were asked for.
    fn named(&self, realm: Realm) -> String {
        let of = |what, id: Option<String>| id.map(|id| format!("{what} {id}"));
        let currency = self.currency.map(|currency| currency.as_str().to_uppercase());
        let parts = [
            of("of batch", self.batch.map(|batch| batch.to_string())),
            of("in", currency),
            of("of project", Some(format!("{} in {} mode", realm.project, realm.mode))),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

const EXAMPLES: &str = "\
Recipients are the addresses in the affiliates' payout_preferences: {\"paypal_email\": …}, {\"wise_email\": …, \"name\": …}
or {\"email\": …}; without any, the affiliates' own. PayPal's columns are those of Payouts Web; Wise's those of its
\"send by email\" template.

Examples:
  tributary payout export --project 1 --mode live --batch 3 --format paypal --currency usd --out june-usd.csv
  tributary payout export --project 1 --mode live --batch 3 --format csv > june.csv";

#[derive(Serialize)]
struct Exported {
    format: Format,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<PathBuf>,
    payouts: Vec<Row>,
    /// Frozen with a fraction that the provider does not take.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_out: Vec<LeftOut>,
}

/// A payout that is not in the file.
#[derive(Serialize)]
struct LeftOut {
    payout_id: PayoutId,
    /// With its currency.
    amount: String,
}

/// Writes them.
pub(super) async fn run(args: &ExportArgs, context: &Context) -> anyhow::Result<()> {
    let mut connection = context.database().await?.acquire().await?;
    let realm = args.realm.realm(&mut connection).await?;
    let filter = Filter {
        status: Some("open".to_owned()),
        batch: args.batch.map(BatchId),
        currency: args.currency,
        ..Filter::default()
    };
    let mut payouts = payouts::list(&mut connection, realm, &filter, MOST).await?;
    payouts.reverse();
    ensure!(!payouts.is_empty(), "nothing to export: no payout {} is open", args.named(realm));
    if !args.as_frozen {
        ensure_nothing_moved(&payouts)?;
    }
    let (payable, left_out): (Vec<_>, Vec<_>) =
        payouts.iter().partition(|payout| args.format.amount(payout.amount).is_some());
    let left_out: Vec<LeftOut> = left_out.into_iter().map(LeftOut::from).collect();
    let rows: Vec<Row> = payable.into_iter().filter_map(|payout| row(payout, args.format)).collect();
    ensure!(!rows.is_empty(), "nothing to export: {}", in_words(&left_out));
    let text = args.format.write(&rows)?;
    let file = args.out.clone().filter(|path| path.as_os_str() != STANDARD_OUTPUT);
    let exported = Exported { format: args.format, file, payouts: rows, left_out };
    match &exported.file {
        Some(path) => {
            let name = || format!("cannot write {}", path.display());
            File::create_new(path).and_then(|mut file| file.write_all(text.as_bytes())).with_context(name)?;
            context.print(&exported)
        }
        None if context.options.json => context.print(&exported),
        None => {
            if !exported.left_out.is_empty() {
                output::remark(&format!("left out: {}", in_words(&exported.left_out)))?;
            }
            output::line(&text)
        }
    }
}

impl From<&Payout> for LeftOut {
    fn from(payout: &Payout) -> Self {
        Self { payout_id: payout.id, amount: payout.amount.to_string() }
    }
}

fn in_words(left_out: &[LeftOut]) -> String {
    let each: Vec<String> =
        left_out.iter().map(|one| format!("payout {} of {}", one.payout_id, one.amount)).collect();
    format!(
        "{}: banks take no fraction in this currency; cancel it and create it again, which pays whole units and \
         carries the rest over",
        each.join(", ")
    )
}

/// The money has not left yet: what a refund or a dispute took meanwhile need not be sent at all.
fn ensure_nothing_moved(payouts: &[Payout]) -> anyhow::Result<()> {
    let moved: Vec<String> = payouts
        .iter()
        .filter(|payout| payout.moved_since.minor != 0)
        .map(|payout| format!("{} of payout {}", payout.moved_since, payout.id))
        .collect();
    ensure!(
        moved.is_empty(),
        "{} was taken back or held since it was frozen: cancel and create again, or export --as-frozen and let the next payout net it",
        moved.join(", ")
    );
    Ok(())
}

/// `None` when the provider does not take its amount.
fn row(payout: &Payout, format: Format) -> Option<Row> {
    let recipient = recipient(payout.preferences.as_ref(), &payout.email, format);
    Some(Row {
        payout_id: payout.id,
        affiliate_id: payout.affiliate,
        name: recipient.name,
        email: recipient.email,
        amount: format.amount(payout.amount)?,
        currency: payout.amount.currency,
        reference: format!("tributary-{}", payout.id),
        conversions: payout.items,
    })
}

impl fmt::Display for Exported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.as_deref().unwrap_or("-".as_ref()).display();
        match self.payouts.len() {
            1 => write!(f, "1 payout in {file}"),
            n => write!(f, "{n} payouts in {file}"),
        }?;
        if self.left_out.is_empty() { Ok(()) } else { write!(f, "\nLeft out: {}", in_words(&self.left_out)) }
    }
}
