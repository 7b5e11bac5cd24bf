//! Questions for a provider: messages that ask for what a payload lacked.

use chrono::Utc;
use queue::envelope::{Envelope, Source};
use store::settlement::Item;
use stripe::missing::Missing;

/// The message that asks for what an item lacked. What was not shown is received when it was named.
pub(crate) fn request(item: &Item, gap: &Missing) -> Envelope {
    let received_at = match gap {
        Missing::Event(_) => item.event.received_at,
        Missing::PromotionCode { .. }
        | Missing::SessionPromotionCode { .. }
        | Missing::InvoiceLines { .. }
        | Missing::InvoiceOfPayment { .. } => Utc::now(),
    };
    Envelope::new(Source::Fetch, item.realm, question(gap).into(), received_at)
        .with_traceparent(item.event.traceparent.as_deref())
}

/// The body of that message.
pub(crate) fn question(gap: &Missing) -> Vec<u8> {
    // A plain structure of texts cannot fail to become JSON.
    serde_json::to_vec(gap).unwrap_or_default()
}
