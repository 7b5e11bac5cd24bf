//! Decisions as clients see them.

use crate::answer::timestamp;
use crate::openapi::values::DecisionKindWord;
use serde::Serialize;
use store::decisions::Recorded;
use utoipa::ToSchema;

/// What somebody decided of a payment's commission or of a customer.
#[derive(Serialize, ToSchema)]
pub(crate) struct Decision {
    id: i64,
    /// `verdict` (held, released or rejected) or `lock` (of a customer, to an affiliate or to none).
    #[schema(value_type = DecisionKindWord)]
    kind: String,
    /// The key of the payment or of the customer.
    #[schema(example = "in_1NqX3F2eZvKYlo2C")]
    subject: String,
    /// In a word or two.
    #[schema(example = "hold")]
    decided: String,
    /// Who: a key's name, or a person's.
    actor: String,
    /// Why, in their words.
    reason: String,
    #[schema(format = DateTime)]
    created_at: String,
}

impl Decision {
    pub(super) const COLUMNS: &'static [&'static str] =
        &["id", "kind", "subject", "decided", "actor", "reason", "created_at"];
}

impl From<Recorded> for Decision {
    fn from(decided: Recorded) -> Self {
        Self {
            id: decided.id,
            kind: decided.kind,
            subject: decided.subject,
            decided: decided.decided,
            actor: decided.actor,
            reason: decided.reason,
            created_at: timestamp(decided.decided_at),
        }
    }
}
