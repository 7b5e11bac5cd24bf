//! `tributary payout export`

use crate::realm_args::RealmArgs;
use crate::{context::Context, output};
use anyhow::Context as _;
use app::payouts::{self, Export, Format, LeftOut, Row};
use clap::{
    Args,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use domain::{ids::BatchId, money::Currency};
use serde::Serialize;
use std::{fmt, fs::File, io::Write, path::PathBuf};

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
    #[arg(long, value_parser = format())]
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

fn format() -> impl TypedValueParser<Value = Format> {
    let words = Format::ALL.map(|format| {
        PossibleValue::new(format.as_str()).help(match format {
            Format::Paypal => "PayPal's Payouts Web: one currency in a file",
            Format::Wise => "Wise's batch payments by e-mail",
            Format::Csv => "A spreadsheet, with a header",
        })
    });
    PossibleValuesParser::new(words).try_map(|word| Format::parse(&word).ok_or("no such format"))
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

/// Writes them.
pub(super) async fn run(args: &ExportArgs, context: &Context) -> anyhow::Result<()> {
    let mut connection = context.database().await?.acquire().await?;
    let realm = args.realm.realm(&mut connection).await?;
    let export = Export {
        batch: args.batch.map(BatchId),
        currency: args.currency,
        format: args.format,
        as_frozen: args.as_frozen,
    };
    let payouts::Exported { text, rows, left_out } = payouts::export(&mut connection, realm, export).await?;
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
                output::remark(&format!("left out: {}", LeftOut::in_words(&exported.left_out)))?;
            }
            output::line(&text)
        }
    }
}

impl fmt::Display for Exported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.as_deref().unwrap_or("-".as_ref()).display();
        match self.payouts.len() {
            1 => write!(f, "1 payout in {file}"),
            n => write!(f, "{n} payouts in {file}"),
        }?;
        if self.left_out.is_empty() {
            Ok(())
        } else {
            write!(f, "\nLeft out: {}", LeftOut::in_words(&self.left_out))
        }
    }
}
