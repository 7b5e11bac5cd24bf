//! An affiliate's account in words.

use domain::money::Money;
use store::statements::Line;

/// What a line of a statement is about: the ledger's cause, by whom and why.
#[must_use]
pub fn in_words(line: &Line) -> String {
    if let Some(payout) = line.payout {
        let reference = line.reason.as_deref().map(|reason| format!(", {reason}")).unwrap_or_default();
        return format!("payout {payout}{reference}");
    }
    let what = movement(line);
    match (&line.actor, &line.reason) {
        (Some(actor), Some(reason)) => format!("{what}, by {actor}: {reason}"),
        (None, _) | (_, None) => what,
    }
}

fn movement(line: &Line) -> String {
    let what = match line.cause.as_str() {
        "earned" => "commission",
        "amended" => "commission amended",
        "clawed_back" => "taken back",
        "clawback_amended" => "no longer taken back",
        "held" => return format!("held: {}", line.held),
        "released" => {
            let minor = line.held.minor.saturating_neg();
            return format!("no longer held: {}", Money { minor, ..line.held });
        }
        "paid" => "paid, as reported over the API",
        "payment_amended" => "payment reported over the API amended",
        other => other,
    };
    what.to_owned()
}
