//! Whether collected money settles an invoice, as a payment intent or a charge tells it.

use crate::collector::FactCollector;
use crate::json::{Ref, Text, filled};
use domain::fact::Invoiced;
use domain::key::KeyKind;
use serde::{Deserialize, Deserializer};

/// Since 2025-11: what the payment is for. Stripe writes the invoice's id into the order's reference, which is the
/// merchant's own text where no invoice is paid.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PaymentDetails {
    order_reference: Option<Text>,
}

/// The invoice that an object names, or what else it lets on.
///
/// `invoice` is none when the version does not say, and [`Ref::None`] when it says that there is none.
pub(super) fn invoiced(
    invoice: Option<&Ref>,
    details: Option<&PaymentDetails>,
    description: Option<&Text>,
    collector: &FactCollector<'_>,
) -> Invoiced {
    let reference = details.and_then(|details| filled(details.order_reference.as_ref()));
    let named = invoice.and_then(Ref::id).or(reference.filter(|reference| is_an_invoices_id(reference)));
    match (named, invoice) {
        (Some(id), _) => Invoiced::By { invoice: collector.key(KeyKind::Invoice, id) },
        (None, Some(_)) => Invoiced::Never,
        (None, None) if filled(description).is_some_and(is_of_an_invoice) => Invoiced::Hinted,
        (None, None) => Invoiced::Unsaid,
    }
}

/// Reads a field that may be null, and so tells null from absent.
pub(super) fn even_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Ref>, D::Error> {
    Ref::deserialize(deserializer).map(Some)
}

/// Stripe's own words on the payments of subscriptions and of invoices.
fn is_of_an_invoice(description: &str) -> bool {
    let description = description.trim();
    ["Subscription creation", "Subscription update"].contains(&description)
        || description.starts_with("Payment for Invoice")
}

/// Whether a text is an id as Stripe makes them for invoices. An order may be called `in_store-77`.
fn is_an_invoices_id(reference: &str) -> bool {
    let made = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    reference.strip_prefix("in_").is_some_and(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_orders_own_name_is_no_invoice() {
        assert!(is_an_invoices_id("in_1u0cH1XLG51XN6m8B1OEKslS"));
        for order in ["in_store-77", "in_house_7", "in_", "in_ 7", "order-77", "IN_7", "inv_7"] {
            assert!(!is_an_invoices_id(order), "{order}");
        }
    }
}
