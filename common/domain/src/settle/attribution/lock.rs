//! A manual lock goes before everything else (SEMANTICS 4 a).

use super::Judgement;
use super::candidate::{Candidate, former_code};
use crate::decision::Lock;
use crate::directory::Directory;
use crate::settle::decisions::Standing;
use crate::settle::outcome::{Bind, CandidateStory, Evidence, Method};

/// A lock, and what it comes to.
#[derive(Clone, Debug)]
pub(super) struct Locked {
    /// The bind it makes; none when it is to nobody.
    pub(super) bind: Option<Bind>,
    /// In words.
    says: String,
    story: CandidateStory,
}

impl Locked {
    pub(super) fn new(lock: Standing<'_, Lock>, directory: &Directory) -> Self {
        let Standing { decision: Lock { customer, to, audit }, event, .. } = lock;
        let evidence = Evidence::new(event, customer.as_str());
        let affiliate = to.affiliate();
        let value = affiliate.map_or_else(|| "nobody".to_owned(), |id| format!("affiliate {id}"));
        // An affiliate that is inactive or closed is a person's decision as well; one that never was
        // cannot earn.
        let known = affiliate.and_then(|id| directory.affiliates.get(&id));
        let bind = known.map(|affiliate| Bind {
            affiliate: affiliate.id,
            referral_code: Some(affiliate.referral_code.clone()),
            coupon_code: None,
            rated_as: former_code(affiliate, audit.decided_at),
            method: Method::Lock,
            evidence: evidence.clone(),
            bound_at: audit.decided_at,
        });
        let unknown = if affiliate.is_some() && bind.is_none() { ", who does not exist" } else { "" };
        Self {
            says: format!("the customer is locked to {value}{unknown} {audit}"),
            story: CandidateStory {
                method: Method::Lock,
                value,
                evidence,
                at: audit.decided_at,
                affiliate: bind.as_ref().map(|bind| bind.affiliate),
                verdict: format!("won: locked {audit}"),
            },
            bind,
        }
    }

    /// What it makes of a payment with these candidates.
    pub(super) fn judge(&self, candidates: &[Candidate<'_>]) -> Judgement {
        let lost = |candidate: &Candidate<'_>| {
            candidate.story(candidate.verdict.is_ok().then(|| "lost: the customer is locked".to_owned()))
        };
        let candidates = [self.story.clone()].into_iter().chain(candidates.iter().map(lost)).collect();
        let (reason, decision) = match &self.bind {
            Some(_) => (None, self.says.clone()),
            None => (Some(self.says.clone()), format!("nobody earns: {}", self.says)),
        };
        Judgement { bind: self.bind.clone(), reason, candidates, decision }
    }
}
