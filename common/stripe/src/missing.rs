//! What a payload lacked, and one call to Stripe could bring.

use super::thin_event::ThinEvent;
use chrono::{DateTime, Utc};
use domain::key::Key;
use serde::{Deserialize, Serialize};

/// A gap in a payload. The facts that were read are right without it; with it there may be more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "missing", rename_all = "snake_case")]
pub enum Missing {
    /// An invoice has discounts of which the payload names neither coupon nor code, or a promotion
    /// code without its text.
    PromotionCode {
        /// `in_…`
        invoice: Key,
        /// The connected account, when it is not the project's own.
        account: Option<String>,
        /// The event that named the invoice.
        event: String,
        /// That event's time, at which the codes were met.
        at: DateTime<Utc>,
    },
    /// The same of a session.
    SessionPromotionCode {
        /// `cs_…`
        session: Key,
        /// The connected account, when it is not the project's own.
        account: Option<String>,
        /// The event that named the session.
        event: String,
        /// That event's time, at which the codes were met.
        at: DateTime<Utc>,
    },
    /// An invoice has more lines than its event carried.
    InvoiceLines {
        /// `in_…`
        invoice: Key,
        /// The connected account, when it is not the project's own.
        account: Option<String>,
        /// When the invoice was paid.
        at: DateTime<Utc>,
    },
    /// A refund, a refunded charge or a dispute, since 2025-03-31 without its invoice. There may be
    /// none: a payment of its own has no invoice.
    InvoiceOfPayment {
        /// `pi_…`
        payment_intent: Key,
        /// The connected account, when it is not the project's own.
        account: Option<String>,
    },
    /// All of an event: it was thin, and names what happened to which object without showing it.
    Event(ThinEvent),
}

impl Missing {
    /// The inbox id of the answer: two gaps with one id need one call. It is also the event that the
    /// fetched facts name as theirs.
    ///
    /// Codes are fetched for each event, since a touch has its event's time, and which of two events
    /// comes first must not matter. An invoice's payments and lines are the same whoever asks.
    #[must_use]
    pub fn fetch_id(&self) -> String {
        match self {
            Self::PromotionCode { invoice, event, .. } => format!("fetch:codes:{invoice}:{event}"),
            Self::SessionPromotionCode { session, event, .. } => format!("fetch:codes:{session}:{event}"),
            Self::InvoiceLines { invoice, .. } => format!("fetch:lines:{invoice}"),
            Self::InvoiceOfPayment { payment_intent, .. } => format!("fetch:invoice:{payment_intent}"),
            Self::Event(thin) => thin.fetch_id(),
        }
    }

    /// Every inbox id under which the answer may be: that of the call, and of a thin event its twin's, which a webhook may have
    /// brought.
    #[must_use]
    pub fn answers(&self) -> Vec<String> {
        let twin = match self {
            Self::Event(thin) => thin.snapshot.clone(),
            Self::PromotionCode { .. }
            | Self::SessionPromotionCode { .. }
            | Self::InvoiceLines { .. }
            | Self::InvoiceOfPayment { .. } => None,
        };
        [self.fetch_id()].into_iter().chain(twin).collect()
    }

    /// The connected account to ask for.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        match self {
            Self::PromotionCode { account, .. }
            | Self::SessionPromotionCode { account, .. }
            | Self::InvoiceLines { account, .. }
            | Self::InvoiceOfPayment { account, .. } => account.as_deref(),
            Self::Event(thin) => thin.account.as_deref(),
        }
    }
}
