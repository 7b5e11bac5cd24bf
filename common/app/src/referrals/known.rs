//! What is known of a referral already, settled or not, and whether a caller tells anything new.

use super::new::NewReferral;
use crate::Error;
use domain::ids::AffiliateId;
use domain::key::Key;
use domain::settle::CustomerStatus;
use std::collections::BTreeSet;
use store::affiliates::AffiliateStatus;
use store::customers::Customer;
use store::registrations::{NamedAffiliate, Registration};

/// What is known.
pub(super) struct Known {
    /// The customer that this is, if a worker has settled any fact of it.
    pub(super) customer: Option<Customer>,
    /// Customers by the keys that were new, with this one among them.
    by_key: Vec<(Key, Customer)>,
    /// What was said of this one before, in order.
    said: Vec<Registration>,
}

impl Known {
    /// Of all that the keys and the address lead to, what may be this one: an address may have
    /// several users, but a user has one id of a kind.
    pub(super) fn new(new: &NewReferral, by_key: Vec<(Key, Customer)>, said: Vec<Registration>) -> Self {
        let customer = new.keys().iter().find_map(|key| {
            let (_, customer) = by_key.iter().find(|(known, _)| known == key)?;
            let fits = key.as_str() != email_key(new)
                || new.fits(customer.stripe_customer_id.as_deref(), customer.external_id.as_deref());
            fits.then(|| customer.clone())
        });
        let others: BTreeSet<i64> = said
            .iter()
            .filter(|said| !new.fits(said.stripe_customer_id.as_deref(), said.external_id.as_deref()))
            .map(|said| said.first_id)
            .collect();
        let said = said.into_iter().filter(|said| !others.contains(&said.first_id));
        Self { customer, said: said.collect(), by_key }
    }

    /// The first registration of this referral, if there is one.
    pub(super) fn first(&self) -> Option<i64> {
        self.said.first().map(|said| said.first_id)
    }

    /// The latest of what was said that no worker has settled yet.
    pub(super) fn unsettled(&self) -> Option<&Registration> {
        self.said.iter().rev().find(|said| !said.settled)
    }

    /// Refuses an affiliate when another one has the referral.
    pub(super) fn must_not_be_anothers(
        &self,
        new: &NewReferral,
        affiliate: &NamedAffiliate,
    ) -> Result<(), Error> {
        let bound =
            self.by_key.iter().find_map(|(_, customer)| customer.affiliate.filter(|id| *id != affiliate.id));
        let waiting = self.said.iter().filter(|said| !said.settled).find_map(|said| said.affiliate);
        match bound.or(waiting.filter(|id| *id != affiliate.id)) {
            None => Ok(()),
            Some(other) => Err(Error::Conflict(format!(
                "{} is bound to affiliate {other}: the first bind wins",
                new.email
            ))),
        }
    }

    /// Whether everything that was new is known.
    pub(super) fn covers(&self, new: &NewReferral, affiliate: Option<&NamedAffiliate>) -> bool {
        let exists = self.customer.is_some() || self.unsettled().is_some();
        exists
            && self.knows_id(
                new.stripe_customer_id.as_deref().map(Key::written_customer),
                |said| &said.stripe_customer_id,
                new.stripe_customer_id.as_deref(),
            )
            && self.knows_id(
                new.external_id.as_deref().map(Key::user),
                |said| &said.external_id,
                new.external_id.as_deref(),
            )
            && affiliate.is_none_or(|affiliate| self.knows_affiliate(affiliate))
            && (!new.converted || self.knows_of_payment())
    }

    /// The ids that the referral is known by and that were not new.
    pub(super) fn complete(&self, new: NewReferral) -> NewReferral {
        let of_customer =
            |id: fn(&Customer) -> &Option<String>| self.customer.as_ref().and_then(|c| id(c).clone());
        let of_said =
            |id: fn(&Registration) -> &Option<String>| self.said.iter().find_map(|said| id(said).clone());
        NewReferral {
            stripe_customer_id: new
                .stripe_customer_id
                .or_else(|| of_customer(|customer| &customer.stripe_customer_id))
                .or_else(|| of_said(|said| &said.stripe_customer_id)),
            external_id: new
                .external_id
                .or_else(|| of_customer(|customer| &customer.external_id))
                .or_else(|| of_said(|said| &said.external_id)),
            ..new
        }
    }

    fn knows_id(&self, key: Option<Key>, of: fn(&Registration) -> &Option<String>, id: Option<&str>) -> bool {
        let Some(key) = key else { return true };
        let is_customers = self.customer.as_ref().is_some_and(|customer| {
            self.by_key.iter().any(|(known, named)| *known == key && named.id == customer.id)
        });
        is_customers || self.said.iter().any(|said| of(said).as_deref() == id)
    }

    fn knows_affiliate(&self, affiliate: &NamedAffiliate) -> bool {
        let is = |id: Option<AffiliateId>| id == Some(affiliate.id);
        let bound = self.customer.as_ref().is_some_and(|customer| is(customer.affiliate));
        // Said again of one whose codes do not bind, it is nothing new.
        let binds_now = affiliate.status == AffiliateStatus::Active;
        bound || self.said.iter().any(|said| is(said.affiliate) && (!said.settled || !binds_now))
    }

    fn knows_of_payment(&self) -> bool {
        let status = self.customer.as_ref().map(|customer| customer.status);
        matches!(status, Some(CustomerStatus::Converted | CustomerStatus::Direct))
            || self.said.iter().any(|said| said.converted)
    }
}

impl NewReferral {
    /// Whether somebody with these ids may be the one who was new.
    fn fits(&self, stripe_customer_id: Option<&str>, external_id: Option<&str>) -> bool {
        let agree = |one: Option<&str>, other: Option<&str>| one.is_none() || other.is_none() || one == other;
        agree(self.stripe_customer_id.as_deref(), stripe_customer_id)
            && agree(self.external_id.as_deref(), external_id)
    }
}

fn email_key(new: &NewReferral) -> String {
    Key::email(&new.email).map(|key| key.as_str().to_owned()).unwrap_or_default()
}
