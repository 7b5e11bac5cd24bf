//! Checkout sessions.

use super::event::{self, add, metadata, with};
use super::{Told, charge, discount};
use crate::oracle::model::{Checkout, CheckoutMode, History, Of, Settled};
use serde_json::{Value, json};
use stripe::sample::Version;

pub(super) fn tell(history: &History, told: &mut Vec<Told>) {
    for (place, checkout) in history.checkouts.iter().enumerate() {
        let status = match checkout.settled {
            Settled::Paid => "paid",
            Settled::Later(_) => "unpaid",
            Settled::Free => "no_payment_required",
        };
        let completed = ("checkout.session.completed", checkout.at);
        add(history, told, checkout.version, completed, object(history, checkout, status));
        let mut paid_at = (checkout.settled == Settled::Paid).then_some(checkout.at);
        if let Settled::Later(Some(then)) = checkout.settled {
            let succeeded = ("checkout.session.async_payment_succeeded", then);
            add(history, told, checkout.version, succeeded, object(history, checkout, "paid"));
            paid_at = Some(then);
        }
        if let (Some(at), Some(money)) = (paid_at, charge::of(history, Of::Checkout(place))) {
            money.tell(history, told, at);
        }
    }
}

fn object(history: &History, checkout: &Checkout, status: &str) -> Value {
    let (mode, subscription, invoice) = match checkout.mode {
        CheckoutMode::Payment => ("payment", None, None),
        CheckoutMode::Setup => ("setup", None, None),
        CheckoutMode::Subscription { subscription, invoice } => (
            "subscription",
            Some(&history.subscriptions[subscription].id),
            Some(&history.invoices[invoice].id),
        ),
    };
    let sum = |amount: i64| (mode != "setup").then_some(amount);
    let session = json!({
        "id": checkout.id,
        "object": "checkout.session",
        "mode": mode,
        "status": "complete",
        "payment_status": status,
        "customer_details": {"email": checkout.email},
        "client_reference_id": checkout.reference,
        "payment_intent": checkout.money.as_ref().map(|(intent, _)| intent),
        "subscription": subscription,
        "invoice": invoice,
        "currency": checkout.currency,
        "amount_total": sum(checkout.total),
        "shipping_cost": (checkout.shipping != 0).then(|| json!({
            "amount_subtotal": checkout.shipping, "amount_tax": 0, "amount_total": checkout.shipping,
        })),
        "metadata": metadata(checkout.code.as_deref(), checkout.no_commission),
    });
    let session = with(session, event::customer(checkout.customer.map(|place| &history.customers[place])));
    let totals =
        json!({"amount_discount": 0, "amount_tax": checkout.tax, "amount_shipping": checkout.shipping});
    if checkout.version >= Version::Basil {
        let discounts: Vec<Value> = checkout
            .discounts
            .iter()
            .map(|taken| {
                json!({"coupon": taken.coupon, "promotion_code": discount::promotion(checkout.version, taken)})
            })
            .collect();
        with(session, json!({"discounts": discounts, "total_details": totals}))
    } else {
        let taken: Vec<Value> = checkout
            .discounts
            .iter()
            .map(|taken| json!({"amount": 1, "discount": discount::object(checkout.version, taken)}))
            .collect();
        let totals = with(totals, json!({"breakdown": {"discounts": taken, "taxes": []}}));
        with(session, json!({"total_details": totals}))
    }
}
