//! The same reference again: the same conversion, or a conflict.

use super::post::Post;
use crate::Error;
use domain::{command::Command, fact::PostedConversion};
use store::conversions::Existing;

/// Fails when what is posted says anything else than what was accepted first, whatever became of that since.
///
/// What the caller left to us (the time, the identities of a referral) may differ.
pub(super) fn compare(post: &Post, conversion: &PostedConversion, existing: &Existing) -> Result<(), Error> {
    let says_the_same = match &existing.command {
        Command::Conversion { conversion: accepted, .. } => {
            let mut again = conversion.clone();
            again.conversion = accepted.conversion;
            again.payment = accepted.payment.clone();
            if post.occurred_at.is_none() {
                again.occurred_at = accepted.occurred_at;
            }
            if post.referral.is_some() {
                again.who = accepted.who.clone();
            }
            again == *accepted && post.url == existing.url
        }
        Command::Referral { .. } | Command::Lock { .. } | Command::Verdict { .. } => false,
    };
    if says_the_same {
        return Ok(());
    }
    let name = match &post.reference {
        Some(reference) => format!("the reference {reference}"),
        None => "this Idempotency-Key".to_owned(),
    };
    Err(Error::Conflict(format!("{name} belongs to conversion {}, which says something else", existing.id)))
}
