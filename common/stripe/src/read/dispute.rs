//! Disputes.

use super::balance::{self, BalanceTransaction, Moved};
use super::currency::currency;
use crate::collector::{FactCollector, identities};
use crate::json::{BadField, Identified, Items, Ref, Text, UnixTime, filled, parse, required};
use domain::fact::{DisputeSeen, DisputeStatus, FactBody};
use domain::key::KeyKind;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// A dispute.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Dispute {
    id: Option<Text>,
    amount: Option<i64>,
    currency: Option<Text>,
    charge: Ref<DisputedCharge>,
    balance_transactions: Items<Ref<BalanceTransaction>>,
    payment_intent: Ref,
    status: Option<Text>,
    created: Option<UnixTime>,
    evidence: Option<Evidence>,
}

/// The charge, where it was expanded.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct DisputedCharge {
    id: Option<Text>,
    balance_transaction: Ref<BalanceTransaction>,
}

impl Identified for DisputedCharge {
    fn id(&self) -> Option<&str> {
        filled(self.id.as_ref())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Evidence {
    /// Since 2026-10-28: what was handed in after the dispute was lost.
    appeal: Option<IgnoredAny>,
}

/// How much later within one second the second round is than the first.
const APPEAL_RANK: i64 = 10;

/// Reads a dispute. Its amount may differ from the charge's.
pub(super) fn read(json: &[u8], collector: &mut FactCollector<'_>) -> Result<(), BadField> {
    let dispute: Dispute = parse(json)?;
    let name = collector.name(required(filled(dispute.id.as_ref()), "id")?);
    let (status, rank) = dispute.status()?;
    let body = DisputeSeen {
        dispute: name.clone(),
        charge: collector.key_of(KeyKind::Charge, &dispute.charge),
        payment_intent: collector.key_of(KeyKind::PaymentIntent, &dispute.payment_intent),
        amount: required(dispute.amount, "amount")?,
        currency: currency(dispute.currency.as_ref())?,
        status,
        created: dispute.created.map_or(collector.at, |UnixTime(created)| created),
    };
    let of =
        Moved { object: &name, charge: body.charge.as_ref(), payment_intent: body.payment_intent.as_ref() };
    balance::add_withdrawn(&of, &dispute.balance_transactions.data, collector);
    if let (Some(charge), Some(expanded)) = (&body.charge, dispute.charge.object()) {
        let of = Moved { object: charge.as_str(), ..of };
        balance::add_brought(&of, &expanded.balance_transaction, collector);
    }
    collector.miss_invoice_of(body.payment_intent.as_ref());
    let identities = identities([body.payment_intent.clone(), body.charge.clone()]);
    collector.add_latest(format!("dispute:{name}"), rank, identities, FactBody::Dispute(body));
    Ok(())
}

impl Dispute {
    /// The status, and its rank among those of one second. A lost dispute stays lost while an appeal runs.
    fn status(&self) -> Result<(DisputeStatus, i64), BadField> {
        let status = match required(filled(self.status.as_ref()), "status")? {
            "warning_needs_response" | "warning_under_review" => DisputeStatus::Warning,
            "needs_response" | "under_review" => DisputeStatus::Open,
            // `charge_refunded` is the old name for a dispute that a refund ended.
            "won" | "warning_closed" | "prevented" | "charge_refunded" => DisputeStatus::Released,
            "lost" | "appeal_needs_response" | "appeal_under_review" => DisputeStatus::Lost,
            _ => return Err(BadField::new("status", "it is no status of a dispute that this version knows")),
        };
        let appealed = self.evidence.as_ref().is_some_and(|evidence| evidence.appeal.is_some());
        let decided_again = appealed && matches!(self.status.as_deref(), Some("won" | "lost"));
        Ok((status, if decided_again { status.rank() + APPEAL_RANK } else { status.rank() }))
    }
}
