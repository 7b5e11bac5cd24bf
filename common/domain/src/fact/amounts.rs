//! The amounts of facts.

use super::FactBody;

/// The largest amount of a provider's fact that is taken, ten times what people may write: sums of hundreds of them fit
/// 64 bits, and a number that no float can hold is still exact.
const MOST: i64 = 10_000_000_000_000_000;

impl FactBody {
    /// An amount that is too large to be settled, if it tells one: sums of others with it would leave 64
    /// bits, and take what else their customer paid with them.
    #[must_use]
    pub fn too_large(&self) -> Option<i64> {
        let beyond = |minor: &i64| minor.unsigned_abs() > MOST.unsigned_abs();
        self.amounts().into_iter().find(beyond)
    }

    /// Minor units, and units sold.
    fn amounts(&self) -> Vec<i64> {
        let of_lines = |lines: &[super::InvoiceLine]| -> Vec<i64> {
            lines.iter().flat_map(|line| [line.amount, line.quantity]).collect()
        };
        match self {
            Self::Session(told) => vec![told.amount_total, told.amount_tax, told.amount_shipping],
            Self::Invoice(told) => {
                let own = [
                    told.amount_paid,
                    told.amount_overpaid,
                    told.total,
                    told.total_excluding_tax,
                    told.shipping,
                ];
                own.into_iter().chain(of_lines(&told.lines)).collect()
            }
            Self::InvoiceLines(told) => of_lines(&told.lines),
            Self::Intent(told) => [told.amount_received].into_iter().chain(told.uncaptured).collect(),
            Self::Charge(told) => [told.amount_captured].into_iter().chain(told.uncaptured).collect(),
            Self::Refund(told) => vec![told.amount],
            Self::ChargeRefunded(told) => [told.amount_refunded]
                .into_iter()
                .chain(told.amount_captured)
                .chain(told.uncaptured)
                .collect(),
            Self::Balance(told) => vec![told.money.minor],
            Self::Dispute(told) => vec![told.amount],
            Self::CreditNote(told) => {
                let refunds = told.refunds.iter().filter_map(|refund| refund.amount);
                refunds.chain([told.post_payment]).collect()
            }
            Self::Posted(told) => told.amounts().collect(),
            Self::Customer(_)
            | Self::Subscription(_)
            | Self::Alias(_)
            | Self::Apart(_)
            | Self::Touch(_)
            | Self::Address(_)
            | Self::CommissionFlag(_)
            | Self::FraudWarning(_)
            | Self::Referral(_)
            | Self::Lock(_)
            | Self::Verdict(_) => Vec::new(),
        }
    }
}
