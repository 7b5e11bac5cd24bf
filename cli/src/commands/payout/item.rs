//! A payout as the commands show it.

use crate::output;
use comfy_table::{Cell, CellAlignment, Table};
use domain::{
    ids::{AffiliateId, BatchId, Mode, PayoutId, ProjectId},
    money::{Currency, Money},
};
use serde::Serialize;
use store::payouts::{Payout, State};

/// A payout. Sums are minor units.
#[derive(Serialize)]
pub(super) struct PayoutItem {
    pub(super) payout_id: PayoutId,
    pub(super) batch_id: BatchId,
    pub(super) project_id: ProjectId,
    pub(super) mode: Mode,
    pub(super) affiliate_id: AffiliateId,
    pub(super) affiliate: String,
    pub(super) currency: Currency,
    pub(super) amount: i64,
    pub(super) conversions: i64,
    /// Taken back or held since it was frozen; the next payout nets it.
    pub(super) moved_since: i64,
    pub(super) status: &'static str,
    pub(super) created_at: String,
    pub(super) paid_at: Option<String>,
    pub(super) reference: Option<String>,
    pub(super) canceled_at: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) closed_by: Option<String>,
}

impl From<Payout> for PayoutItem {
    fn from(payout: Payout) -> Self {
        let status = payout.state.as_str();
        let (mut paid_at, mut reference, mut canceled_at, mut reason, mut closed_by) = Default::default();
        match payout.state {
            State::Open => {}
            State::Paid { at, reference: named, by } => {
                (paid_at, reference, closed_by) = (Some(output::time(at)), Some(named), Some(by));
            }
            State::Canceled { at, by, reason: why } => {
                (canceled_at, reason, closed_by) = (Some(output::time(at)), Some(why), Some(by));
            }
        }
        Self {
            payout_id: payout.id,
            batch_id: payout.batch,
            project_id: payout.realm.project,
            mode: payout.realm.mode,
            affiliate_id: payout.affiliate,
            affiliate: payout.email,
            currency: payout.amount.currency,
            amount: payout.amount.minor,
            conversions: payout.items,
            moved_since: payout.moved_since.minor,
            status,
            created_at: output::time(payout.created_at),
            paid_at,
            reference,
            canceled_at,
            reason,
            closed_by,
        }
    }
}

impl PayoutItem {
    pub(super) fn money(&self, minor: i64) -> Money {
        Money { minor, currency: self.currency }
    }

    /// Where it stands, in words.
    pub(super) fn standing(&self) -> String {
        let moved = match self.moved_since {
            0 => String::new(),
            minor => format!(", {} taken back or held since", self.money(minor)),
        };
        match (&self.paid_at, &self.reference, &self.reason) {
            (Some(at), Some(reference), _) => {
                format!("paid {}, {reference}", at.get(..10).unwrap_or(at))
            }
            (_, _, Some(reason)) => format!("canceled: {reason}"),
            _ => format!("{}{moved}", self.status),
        }
    }
}

/// A right-aligned amount.
pub(super) fn amount(money: Money) -> Cell {
    Cell::new(money).set_alignment(CellAlignment::Right)
}

/// Payouts as a table.
pub(super) fn table(payouts: &[PayoutItem]) -> Table {
    let mut table = output::table(["payout", "batch", "affiliate", "amount", "conversions", "status"]);
    for payout in payouts {
        table.add_row([
            Cell::new(payout.payout_id),
            Cell::new(payout.batch_id),
            Cell::new(&payout.affiliate),
            amount(payout.money(payout.amount)),
            Cell::new(payout.conversions).set_alignment(CellAlignment::Right),
            Cell::new(payout.standing()),
        ]);
    }
    table
}
