//! What a charge or a dispute moved in the account's balance.

use super::kind::{Holds, Kind};
use crate::key::Key;
use crate::money::Money;
use crate::origin::Origin;
use crate::provider::Provider;
use serde::{Deserialize, Serialize};

/// The balance transactions of one object: the object in the account's own currency. A dispute may be
/// stated in it, and is no number of its payment's currency then (SEMANTICS 12).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BalanceMoved {
    /// What moved it: `ch_…`, `py_…`, `dp_…` or `du_…`, with the connected account where there is one.
    pub object: String,
    /// The charge: `ch_…` or `py_…`
    pub charge: Option<Key>,
    /// `pi_…`
    pub payment_intent: Option<Key>,
    /// What the charge brought, or what the dispute took, before fees. Never negative.
    pub money: Money,
    /// The same before Stripe converted it, by the exchange rate of its balance transaction: minor units
    /// of the currency that it was converted from. `None` where nothing was converted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub converted_from: Option<i64>,
}

impl Kind for BalanceMoved {
    fn name(&self) -> &'static str {
        "balance"
    }

    fn origin(&self) -> Origin {
        Origin::Provider(Provider::Stripe)
    }

    fn holds(&self) -> Holds {
        Holds::Always
    }

    fn in_words(&self) -> String {
        format!("{} is {} in the account's balance", self.object, self.money)
    }

    fn amounts(&self) -> Vec<i64> {
        vec![self.money.minor]
    }
}
