//! Invoices.

use super::event::{self, add, metadata, with};
use super::{Told, charge, discount};
use crate::oracle::model::{History, Invoice, Line, Of, PaidBy};
use serde_json::{Value, json};
use stripe::sample::Version;

pub(super) fn tell(history: &History, told: &mut Vec<Told>) {
    for (place, invoice) in history.invoices.iter().enumerate() {
        let at = invoice.at + invoice.lag;
        let object = object(history, invoice);
        if invoice.told_twice {
            add(history, told, invoice.version, ("invoice.payment_succeeded", at), object.clone());
        }
        add(history, told, invoice.version, ("invoice.paid", at), object);
        if let Some(money) = charge::of(history, Of::Invoice(place)) {
            money.tell(history, told, invoice.at);
        }
        if out_of_band(invoice) && invoice.version >= Version::Basil {
            let record = json!({
                "id": format!("inpay_{}", invoice.id), "object": "invoice_payment", "amount_paid": invoice.paid,
                "currency": invoice.currency, "invoice": invoice.id, "status": "paid",
                "payment": {"type": "payment_record", "payment_record": format!("pr_{}", invoice.id)},
            });
            add(history, told, invoice.version, ("invoice_payment.paid", invoice.at), record);
        }
    }
}

fn out_of_band(invoice: &Invoice) -> bool {
    invoice.paid > 0 && invoice.paid_by == PaidBy::OutOfBand
}

fn object(history: &History, invoice: &Invoice) -> Value {
    let customer = &history.customers[invoice.customer];
    let subscription = invoice.subscription.map(|place| &history.subscriptions[place]);
    let repeated = subscription
        .map(|subscription| metadata(subscription.code.as_deref(), subscription.forbids_at(invoice.at)));
    let id = subscription.map(|subscription| &subscription.id);
    let lines: Vec<Value> = invoice
        .lines
        .iter()
        .enumerate()
        .map(|(place, line)| line_object(invoice, place, line, id, repeated.as_ref()))
        .collect();
    let net = invoice.total() - invoice.tax;
    let object = json!({
        "id": invoice.id,
        "object": "invoice",
        "status": "paid",
        "customer_email": customer.email_at(invoice.at),
        "currency": invoice.currency,
        "amount_paid": invoice.paid,
        "amount_due": invoice.paid,
        "total": invoice.total(),
        "status_transitions": {"paid_at": invoice.at},
        "shipping_cost": (invoice.shipping != 0).then(|| json!({
            "amount_subtotal": invoice.shipping, "amount_tax": 0, "amount_total": invoice.shipping,
        })),
        "metadata": metadata(invoice.code.as_deref(), invoice.no_commission),
        "discounts": invoice.discounts.iter().map(|taken| discount::object(invoice.version, taken)).collect::<Vec<_>>(),
        "lines": {"object": "list", "data": lines, "has_more": false},
    });
    let object = with(object, event::customer(Some(customer)));
    let object = if invoice.version >= Version::V2022 {
        with(object, json!({"total_excluding_tax": net}))
    } else {
        object
    };
    let taxed = invoice.tax != 0;
    if invoice.version >= Version::Basil {
        let listed: Vec<Value> =
            taxed.then(|| json!({"amount": invoice.tax, "tax_behavior": "exclusive"})).into_iter().collect();
        let parent = id.map(|id| {
            let details = json!({"subscription": id, "metadata": repeated});
            json!({"type": "subscription_details", "subscription_details": details})
        });
        let overpaid = invoice.overpaid;
        return with(object, json!({"parent": parent, "total_taxes": listed, "amount_overpaid": overpaid}));
    }
    let listed: Vec<Value> =
        taxed.then(|| json!({"amount": invoice.tax, "inclusive": false})).into_iter().collect();
    let object = with(
        object,
        json!({
            "subscription": id,
            "payment_intent": invoice.money.as_ref().map(|(intent, _)| intent),
            "charge": invoice.money.as_ref().map(|(_, charge)| charge),
            "paid_out_of_band": out_of_band(invoice),
            "tax": taxed.then_some(invoice.tax),
            "total_tax_amounts": listed,
        }),
    );
    if invoice.version >= Version::V2024 {
        let details = repeated.map(|metadata| json!({"metadata": metadata}));
        return with(object, json!({"subscription_details": details}));
    }
    object
}

fn line_object(
    invoice: &Invoice,
    place: usize,
    line: &Line,
    subscription: Option<&String>,
    repeated: Option<&Value>,
) -> Value {
    let object = json!({
        "id": format!("il_{}_{place}", invoice.id),
        "object": "line_item",
        "amount": line.amount,
        "quantity": line.quantity,
        "metadata": repeated,
    });
    if invoice.version >= Version::Basil {
        let details = json!({"proration": line.amount < 0, "subscription": subscription});
        let details = if subscription.is_some() {
            json!({"subscription_item_details": details, "type": "subscription_item_details"})
        } else {
            json!({"invoice_item_details": details, "type": "invoice_item_details"})
        };
        let pricing =
            json!({"price_details": {"price": line.price, "product": line.product}, "type": "price_details"});
        return with(object, json!({"parent": details, "pricing": pricing}));
    }
    with(
        object,
        json!({
            "subscription": subscription,
            "proration": line.amount < 0,
            "price": {"id": line.price, "object": "price", "product": line.product},
        }),
    )
}
