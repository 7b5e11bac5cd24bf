//! What others are notified of.

use std::fmt;

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $word:literal),+ $(,)?) => {
        /// What happened. Public names, which never change.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Event {
            $($(#[$doc])* $name),+
        }

        impl Event {
            /// All of them, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// Its public name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word),+
                }
            }
        }
    };
}

events! {
    /// A customer is an affiliate's for the first time.
    ReferralSignedUp = "referral_signed_up",
    /// A referral paid for the first time.
    ReferralConverted = "referral_converted",
    /// A referral is no affiliate's any more.
    ReferralCanceled = "referral_canceled",
    /// Something else about a referral changed, such as its affiliate.
    ReferralUpdated = "referral_updated",
    /// A conversion earns an affiliate something for the first time.
    CommissionCreated = "commission_created",
    /// What it earns was computed anew.
    CommissionAmended = "commission_amended",
    /// A part of it is held.
    CommissionHeld = "commission_held",
    /// A part of it is held no more.
    CommissionReleased = "commission_released",
    /// A part of it was paid; or what was paid was netted with another payout.
    CommissionPaid = "commission_paid",
    /// A part of it was taken back; or less is taken back than before.
    CommissionReversed = "commission_reversed",
    /// An affiliate was entered, or opened again.
    AffiliateCreated = "affiliate_created",
    /// Something about an affiliate changed.
    AffiliateUpdated = "affiliate_updated",
    /// An affiliate was closed.
    AffiliateClosed = "affiliate_closed",
    /// A payout was made of what is due.
    PayoutCreated = "payout_created",
    /// The money of a payout left.
    PayoutPaid = "payout_paid",
    /// A payout was given up before its money left.
    PayoutCanceled = "payout_canceled",
    /// No worker could settle a message; a person decides.
    EventDeadLettered = "event_dead_lettered",
    /// Nothing is sent to an endpoint any more.
    EndpointDisabled = "endpoint_disabled",
}

impl Event {
    /// Reads one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|event| event.as_str() == text)
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_read_as_it_is_written() {
        for event in Event::ALL {
            assert_eq!(Event::parse(event.as_str()), Some(*event));
        }
        assert_eq!(Event::parse("commission_stolen"), None);
    }
}
