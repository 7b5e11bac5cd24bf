//! Distinct types for distinct numbers, so that an affiliate's id is never passed for a customer's.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

macro_rules! id {
    ($(#[$doc:meta] $name:ident),+ $(,)?) => {$(
        #[$doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

id! {
    /// A project: one programme of one SaaS company.
    ProjectId,
    /// Someone who refers customers and earns commission.
    AffiliateId,
    /// A referred or direct customer; the REST API calls them referrals.
    CustomerId,
    /// A signup or a payment.
    ConversionId,
    /// A coupon that belongs to an affiliate.
    CouponId,
    /// One payment to one affiliate in one currency.
    PayoutId,
    /// The payouts that were made together.
    BatchId,
    /// One version of a programme's rules.
    RuleId,
    /// Where notifications are sent to.
    EndpointId,
    /// A notification on its way to an endpoint.
    DeliveryId,
    /// A person who works in the console.
    UserId,
    /// A set of identities that may concern one another: the unit that is locked and folded.
    ClusterId,
}

/// Live or test mode. The two never mix (SEMANTICS 17).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Stripe's sandbox: nothing of it is money.
    Test,
    /// Real money.
    Live,
}

impl Mode {
    /// From Stripe's `livemode` flag.
    #[must_use]
    pub fn from_livemode(livemode: bool) -> Self {
        if livemode { Self::Live } else { Self::Test }
    }

    /// Stripe's `livemode` flag.
    #[must_use]
    pub fn is_live(self) -> bool {
        self == Self::Live
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Test => "test",
            Self::Live => "live",
        })
    }
}

/// A text that is neither `test` nor `live`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is neither \"test\" nor \"live\"")]
pub struct UnknownMode;

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        match text {
            "test" => Ok(Self::Test),
            "live" => Ok(Self::Live),
            _ => Err(UnknownMode),
        }
    }
}

/// A project in one mode: the scope of every key and of every API key (SEMANTICS, **P**).
///
/// A connected Stripe account is the third part of the scope; it is carried by the keys themselves
/// ([`Key::object`](super::key::Key::object)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Realm {
    /// The project.
    pub project: ProjectId,
    /// Live or test.
    pub mode: Mode,
}
