//! Codes and coupons, and what carried them.

use super::kind::{Holds, Kind};
use crate::key::Key;
use crate::origin::Origin;
use crate::provider::Provider;
use serde::{Deserialize, Serialize};

/// A code or coupon met on an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touch {
    /// What kind of object carried it.
    pub on: TouchedObject,
    /// The object.
    pub object: Key,
    /// How it was carried.
    pub method: TouchMethod,
    /// The code or the Stripe id, as it was written.
    pub value: String,
    /// The place of its discount among those of the object, as Stripe lists them; 0 where it is no
    /// discount's.
    #[serde(default)]
    pub place: u32,
}

/// What carried a touch, in the order in which metadata is looked for (SEMANTICS 4 c).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TouchedObject {
    /// `cs_…`
    Session,
    /// `pi_…`
    PaymentIntent,
    /// `ch_…`; its metadata is the payment intent's.
    Charge,
    /// `in_…`
    Invoice,
    /// `sub_…`
    Subscription,
    /// `cus_…`
    Customer,
}

/// How a touch was carried, in order of precedence (SEMANTICS 4 c–e).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TouchMethod {
    /// A code in metadata.
    Metadata,
    /// `client_reference_id`.
    ClientReferenceId,
    /// A promotion code: `promo_…`.
    PromotionCode,
    /// A promotion code, by the text the customer typed.
    PromotionCodeText,
    /// A coupon, by its Stripe id.
    Coupon,
}

impl Kind for Touch {
    fn name(&self) -> &'static str {
        "touch"
    }

    fn origin(&self) -> Origin {
        Origin::Provider(Provider::Stripe)
    }

    fn holds(&self) -> Holds {
        Holds::After
    }

    fn in_words(&self) -> String {
        format!("{} names the code {:?}", self.object, self.value)
    }

    fn codes(&self) -> [Option<&str>; 2] {
        [Some(&self.value), None]
    }
}
