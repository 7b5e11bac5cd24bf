//! Review of a commission, beside its amount: as the rules say, held, rejected or released.

use super::Terms;
use crate::decision::{Ruling, Verdict};
use crate::rules::SelfReferral;
use crate::settle::payments::Payment;

/// What review makes of a commission, disputes and refunds aside (SEMANTICS 14, 16). Each with its reason.
pub(super) enum Review {
    /// As the rules say.
    ByTheRules,
    /// All that is left is held.
    Held(String),
    /// Nothing is owed.
    Rejected(String),
    /// A person lifted what had been held or rejected.
    Released(String),
}

impl Review {
    /// A person's verdict goes before what the rules make of a purchase of the affiliate's own and of
    /// an early fraud warning. Where nobody earns there is nothing to decide.
    pub(super) fn of(
        payment: &Payment<'_>,
        terms: &Terms<'_>,
        self_referral: SelfReferral,
        attributed: bool,
    ) -> Self {
        if !attributed {
            return Self::ByTheRules;
        }
        let warning = payment
            .warning
            .map(|seen| format!("for an early fraud warning of the card's issuer, {}", seen.warning));
        let own =
            terms.own.as_ref().map(|evidence| format!("as a purchase of the affiliate's own: {evidence}"));
        let verdict = terms.verdict.map(|Verdict { ruling, audit, .. }| (ruling, audit.to_string()));
        match (verdict, own) {
            (Some((Ruling::Hold, audit)), _) => Self::Held(audit),
            (Some((Ruling::Reject, audit)), _) => Self::Rejected(format!("rejected {audit}")),
            (Some((Ruling::Release, audit)), own) => Self::Released(match grounds(warning, own) {
                Some(grounds) => format!("{audit}; it had been held {grounds}"),
                None => audit,
            }),
            (None, Some(own)) if self_referral == SelfReferral::Reject => {
                Self::Rejected(format!("rejected {own}"))
            }
            (None, own) => grounds(warning, own).map_or(Self::ByTheRules, Self::Held),
        }
    }
}

/// All that a commission is held for, in one phrase.
fn grounds(warning: Option<String>, own: Option<String>) -> Option<String> {
    let grounds: Vec<String> = warning.into_iter().chain(own).collect();
    (!grounds.is_empty()).then(|| grounds.join(", and "))
}
