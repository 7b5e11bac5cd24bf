//! Open payouts as a file that `PayPal`, Wise or a spreadsheet takes.

mod format;
mod recipient;

pub use format::{Format, Row};

use crate::Error;
use domain::{
    ids::{BatchId, PayoutId, Realm},
    money::Currency,
};
use recipient::recipient;
use serde::Serialize;
use store::{
    PgConnection,
    payouts::{self, Filter, Payout},
};

/// Far more than a provider takes in one file.
const MOST: i64 = 100_000;

/// Which payouts go into the file, and whom it is for.
#[derive(Clone, Copy, Debug)]
pub struct Export {
    /// Those that were made together; all that are open when none is said.
    pub batch: Option<BatchId>,
    /// Those in one currency.
    pub currency: Option<Currency>,
    /// Whom the file is for.
    pub format: Format,
    /// Also with what was taken back or held since they were frozen.
    pub as_frozen: bool,
}

/// The file and what is in it.
#[derive(Debug)]
pub struct Exported {
    /// The file's text.
    pub text: String,
    /// The payouts in it.
    pub rows: Vec<Row>,
    /// Those frozen with a fraction that the provider does not take.
    pub left_out: Vec<LeftOut>,
}

/// A payout that is not in the file.
#[derive(Debug, Serialize)]
pub struct LeftOut {
    /// The payout.
    pub payout_id: PayoutId,
    /// With its currency.
    pub amount: String,
}

/// Writes the file. Nothing is changed.
///
/// # Errors
/// [`Error::Conflict`] when nothing is there to export, something moved since it was frozen, an affiliate has no address, or it is
/// more, or in more currencies, than the provider takes.
pub async fn export(connection: &mut PgConnection, realm: Realm, export: Export) -> Result<Exported, Error> {
    let Export { batch, currency, format, as_frozen } = export;
    let filter = Filter { status: Some("open".to_owned()), batch, currency, ..Filter::default() };
    let mut payouts = payouts::list(connection, realm, &filter, MOST).await?;
    payouts.reverse();
    if payouts.is_empty() {
        let named = export.named(realm);
        return Err(Error::Conflict(format!("nothing to export: no payout {named} is open")));
    }
    if !as_frozen {
        ensure_nothing_moved(&payouts)?;
    }
    let (payable, left_out): (Vec<_>, Vec<_>) =
        payouts.iter().partition(|payout| format.amount(payout.amount).is_some());
    let left_out: Vec<LeftOut> = left_out.into_iter().map(LeftOut::from).collect();
    let rows: Vec<Row> = payable.into_iter().filter_map(|payout| row(payout, format)).collect();
    if rows.is_empty() {
        return Err(Error::Conflict(format!("nothing to export: {}", LeftOut::in_words(&left_out))));
    }
    let text = format.write(&rows)?;
    Ok(Exported { text, rows, left_out })
}

impl Export {
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

impl From<&Payout> for LeftOut {
    fn from(payout: &Payout) -> Self {
        Self { payout_id: payout.id, amount: payout.amount.to_string() }
    }
}

impl LeftOut {
    /// Which they are, and what can be done.
    #[must_use]
    pub fn in_words(left_out: &[Self]) -> String {
        let each: Vec<String> =
            left_out.iter().map(|one| format!("payout {} of {}", one.payout_id, one.amount)).collect();
        format!(
            "{}: banks take no fraction in this currency; cancel it and create it again, which pays whole units and \
             carries the rest over",
            each.join(", ")
        )
    }
}

/// The money has not left yet: what a refund or a dispute took meanwhile need not be sent at all.
fn ensure_nothing_moved(payouts: &[Payout]) -> Result<(), Error> {
    let moved: Vec<String> = payouts
        .iter()
        .filter(|payout| payout.moved_since.minor != 0)
        .map(|payout| format!("{} of payout {}", payout.moved_since, payout.id))
        .collect();
    if moved.is_empty() {
        return Ok(());
    }
    Err(Error::Conflict(format!(
        "{} was taken back or held since it was frozen: cancel and create again, or export as frozen and let the next \
         payout net it",
        moved.join(", ")
    )))
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
