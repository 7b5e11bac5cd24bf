//! Refunds and disputes.

use super::event::add;
use super::event::with;
use super::{Told, charge};
use crate::oracle::model::{CreditNote, Dispute, History, Refund, RefundState, Stated, Warning};
use serde_json::{Value, json};
use stripe::sample::Version;

pub(super) fn tell(history: &History, told: &mut Vec<Told>) {
    for refund in &history.refunds {
        tell_refund(history, refund, told);
    }
    for dispute in &history.disputes {
        tell_dispute(history, dispute, told);
    }
    for note in &history.credit_notes {
        tell_credit_note(history, note, told);
    }
    for warning in &history.warnings {
        tell_warning(history, warning, told);
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
        let (currency, charge) = match dispute.stated {
            Stated::AsPaid => (money.currency, json!(money.charge)),
            Stated::Abroad { currency, all: None } => (currency, json!(money.charge)),
            Stated::Abroad { currency, all: Some(all) } => {
                let balance = json!({"id": "txn_1", "amount": all, "currency": currency});
                (currency, json!({"id": money.charge, "object": "charge", "balance_transaction": balance}))
            }
        };
        let object = json!({
            "id": dispute.id, "object": "dispute", "amount": dispute.amount, "currency": currency,
            "charge": charge, "payment_intent": money.intent, "status": status, "created": dispute.states[0].0,
        });
        add(history, told, money.version, (event_type, *at), object);
    }
}

fn tell_credit_note(history: &History, note: &CreditNote, told: &mut Vec<Told>) {
    let invoice = &history.invoices[note.invoice];
    let refund = note.refund.map(|place| &history.refunds[place]);
    let object = |status: &str| {
        let note = json!({
            "id": note.id, "object": "credit_note", "invoice": invoice.id, "currency": invoice.currency,
            "amount": note.amount, "type": "post_payment", "status": status, "created": note.at,
        });
        if invoice.version >= Version::Basil {
            let refunds: Vec<Value> = refund
                .map(|refund| json!({"refund": refund.id, "amount_refunded": refund.amount}))
                .into_iter()
                .collect();
            return with(note, json!({"refunds": refunds}));
        }
        with(note, json!({"refund": refund.map(|refund| &refund.id)}))
    };
    add(history, told, invoice.version, ("credit_note.created", note.at), object("issued"));
    if let Some(voided) = note.voided {
        add(history, told, invoice.version, ("credit_note.voided", voided), object("void"));
    }
}

fn tell_warning(history: &History, warning: &Warning, told: &mut Vec<Told>) {
    let Some(money) = charge::of(history, warning.of) else { return };
    let object = |actionable: bool| {
        json!({
            "id": warning.id, "object": "radar.early_fraud_warning", "actionable": actionable,
            "charge": money.charge, "payment_intent": money.intent, "created": warning.at,
            "fraud_type": "made_with_stolen_card",
        })
    };
    add(history, told, money.version, ("radar.early_fraud_warning.created", warning.at), object(true));
    if let Some(over) = warning.over {
        add(history, told, money.version, ("radar.early_fraud_warning.updated", over), object(false));
    }
}
