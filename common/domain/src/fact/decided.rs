//! What people decide, as facts.

use super::kind::{Holds, Kind};
use crate::decision::{Audit, Lock, LockedTo, Ruling, Verdict};
use crate::ids::AffiliateId;
use crate::origin::Origin;

impl Kind for Lock {
    fn name(&self) -> &'static str {
        "lock"
    }

    fn origin(&self) -> Origin {
        Origin::Api
    }

    fn holds(&self) -> Holds {
        Holds::After
    }

    fn in_words(&self) -> String {
        let Self { customer, to, audit } = self;
        match to {
            LockedTo::Affiliate(id) => format!("{customer} is locked to affiliate {id} {audit}"),
            LockedTo::Nobody => format!("{customer} is locked to nobody {audit}"),
            LockedTo::Released => format!("{customer} was unlocked {audit}"),
        }
    }

    fn has_versions(&self) -> bool {
        true
    }

    fn affiliate(&self) -> Option<AffiliateId> {
        self.to.affiliate()
    }

    fn audit(&self) -> Option<&Audit> {
        Some(&self.audit)
    }
}

impl Kind for Verdict {
    fn name(&self) -> &'static str {
        "verdict"
    }

    fn origin(&self) -> Origin {
        Origin::Api
    }

    fn holds(&self) -> Holds {
        Holds::After
    }

    fn in_words(&self) -> String {
        let ruling = match self.ruling {
            Ruling::Hold => "held",
            Ruling::Release => "released",
            Ruling::Reject => "rejected",
        };
        format!("{} is {ruling} {}, as soon as it is a payment", self.payment, self.audit)
    }

    fn has_versions(&self) -> bool {
        true
    }

    fn audit(&self) -> Option<&Audit> {
        Some(&self.audit)
    }
}
