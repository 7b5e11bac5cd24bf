//! The same reference again: the same conversion, or a conflict.

use super::request::Posted;
use crate::error::ApiError;
use domain::command::Command;
use domain::fact::PostedConversion;
use store::conversions::Existing;

/// Fails when what is posted says anything else than what was accepted first, whatever became of that since.
///
/// What the caller left to us (the time, the identities of a referral) may differ.
pub(super) fn compare(
    posted: &Posted,
    conversion: &PostedConversion,
    existing: &Existing,
) -> Result<(), ApiError> {
    let Command::Conversion { conversion: accepted, .. } = &existing.command else {
        return Err(ApiError::internal("a conversion whose command is another's"));
    };
    let mut again = conversion.clone();
    again.conversion = accepted.conversion;
    again.payment = accepted.payment.clone();
    if posted.occurred_at.is_none() {
        again.occurred_at = accepted.occurred_at;
    }
    if posted.referral.is_some() {
        again.who = accepted.who.clone();
    }
    if again == *accepted && posted.url == existing.url {
        return Ok(());
    }
    let name = match &posted.reference {
        Some(reference) => format!("the reference {reference}"),
        None => "this Idempotency-Key".to_owned(),
    };
    Err(ApiError::Conflict(format!(
        "{name} belongs to conversion {}, which says something else",
        existing.id
    )))
}
