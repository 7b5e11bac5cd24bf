//! A referral as a caller registers it.

use domain::{fact::CustomerIds, key::Key};
use store::registrations::AffiliateName;

/// What a caller says of a referral.
#[derive(Clone, Debug)]
pub struct NewReferral {
    /// Its address, as it was written.
    pub email: String,
    /// The affiliate, and the field of REST that named it.
    pub affiliate: Option<(&'static str, AffiliateName)>,
    /// The code as it was written.
    pub referral_code: Option<String>,
    /// Stripe's id.
    pub stripe_customer_id: Option<String>,
    /// The company's own id.
    pub external_id: Option<String>,
    /// It is said to have paid.
    pub converted: bool,
}

impl NewReferral {
    /// The identities as the fold knows them.
    #[must_use]
    pub fn who(&self) -> CustomerIds {
        CustomerIds {
            email: Some(self.email.clone()),
            stripe_customer: self.stripe_customer_id.as_deref().map(Key::written_customer),
            external_id: self.external_id.clone(),
        }
    }

    /// The keys by which the referral may be known, the strongest first.
    pub(super) fn keys(&self) -> Vec<Key> {
        let stripe = self.stripe_customer_id.as_deref().map(Key::written_customer);
        let user = self.external_id.as_deref().map(Key::user);
        stripe.into_iter().chain(user).chain(Key::email(&self.email)).collect()
    }
}
