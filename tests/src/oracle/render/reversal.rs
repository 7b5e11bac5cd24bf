//! Refunds and disputes.

use super::event::add;
use super::{Told, charge};
use crate::oracle::model::{Dispute, History, Refund, RefundState};
use serde_json::json;

pub(super) fn tell(history: &History, told: &mut Vec<Told>) {
    for refund in &history.refunds {
        tell_refund(history, refund, told);
    }
    for dispute in &history.disputes {
        tell_dispute(history, dispute, told);
    }
}

fn tell_refund(history: &History, refund: &Refund, told: &mut Vec<Told>) {
    let Some(money) = charge::of(history, refund.of) else { return };
    for (place, (at, state)) in refund.states.iter().enumerate().filter(|_| refund.told) {
        let (status, later) = match state {
            RefundState::Pending => ("pending", "refund.updated"),
            RefundState::Succeeded => ("succeeded", "refund.updated"),
            RefundState::Failed => ("failed", "refund.failed"),
            RefundState::Canceled => ("canceled", "refund.updated"),
        };
        let object = json!({
            "id": refund.id, "object": "refund", "amount": refund.amount, "currency": money.currency,
            "charge": money.charge, "payment_intent": money.intent, "status": status, "created": refund.states[0].0,
        });
        let event_type = if place == 0 { "refund.created" } else { later };
        add(history, told, money.version, (event_type, *at), object);
    }
    if let Some(at) = refund.in_all_at {
        money.tell_refunded(history, told, refund.of, at);
    }
}

fn tell_dispute(history: &History, dispute: &Dispute, told: &mut Vec<Told>) {
    let Some(money) = charge::of(history, dispute.of) else { return };
    for (place, (at, status)) in dispute.states.iter().enumerate() {
        let event_type = match *status {
            _ if place == 0 => "charge.dispute.created",
            "won" | "lost" | "warning_closed" | "prevented" => "charge.dispute.closed",
            _ => "charge.dispute.updated",
        };
        let object = json!({
            "id": dispute.id, "object": "dispute", "amount": dispute.amount, "currency": money.currency,
            "charge": money.charge, "payment_intent": money.intent, "status": status, "created": dispute.states[0].0,
        });
        add(history, told, money.version, (event_type, *at), object);
    }
}
