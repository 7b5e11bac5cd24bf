//! The facts of one event while they are gathered.

use super::bounded::bounded;
use super::discount::Discounts;
use super::json::{BadField, Identified, Ref};
use super::metadata::{Metadata, MetadataKeys};
use super::missing::Missing;
use chrono::{DateTime, Utc};
use domain::fact::{
    AddressSeen, CommissionFlag, Fact, FactBody, Keep, PaymentAlias, PaymentApart, Touch, TouchMethod,
    TouchedObject,
};
use domain::key::{Key, KeyKind};
use domain::provider_code::ProviderCode;
use std::collections::BTreeSet;

/// The facts of one event, and what is common to all of it.
#[derive(Debug)]
pub(super) struct FactCollector<'a> {
    /// The event's id.
    pub(super) event: &'a str,
    /// Its type.
    pub(super) event_type: &'a str,
    /// Its own time.
    pub(super) at: DateTime<Utc>,
    /// The connected account it comes from.
    pub(super) account: Option<&'a str>,
    /// Where referral codes stand.
    pub(super) keys: &'a MetadataKeys,
    /// Whether the object's metadata said `commission: false` before this event changed it.
    pub(super) forbade_commission: bool,
    /// What was read so far.
    pub(super) facts: Vec<Fact>,
    /// Their natural keys: an event has each fact once.
    pub(super) collected: BTreeSet<String>,
    /// What the event does not say.
    pub(super) missing: Vec<Missing>,
    /// What it tells of a code at Stripe; no fact beside it.
    pub(super) code: Option<ProviderCode>,
}

/// The object that a touch was met on.
#[derive(Debug)]
pub(super) struct Touched<'a> {
    pub(super) on: TouchedObject,
    pub(super) object: &'a Key,
    /// Whom the touch concerns beside the object itself.
    pub(super) customer: Option<&'a Key>,
    pub(super) at: DateTime<Utc>,
}

impl FactCollector<'_> {
    /// The key of an object of this event's account, of the kind that its field says.
    pub(super) fn key(&self, kind: KeyKind, id: &str) -> Key {
        Key::object(kind, self.account, id)
    }

    /// The key of an object that may be there.
    pub(super) fn key_of<T: Identified>(&self, kind: KeyKind, reference: &Ref<T>) -> Option<Key> {
        reference.id().map(|id| self.key(kind, id))
    }

    /// The key of a customer, or of the account that stands for one since 2025: `customer` is then null
    /// and `customer_account` names it. Where an object names both, they are one customer's.
    pub(super) fn customer_of(&self, customer: &Ref, account: &Ref) -> Option<Key> {
        let key = |reference| self.key_of(KeyKind::StripeCustomer, reference);
        key(customer).or_else(|| key(account))
    }

    /// The name of an object that is no key of a customer or a payment: a refund, a dispute.
    pub(super) fn name(&self, id: &str) -> String {
        match self.account {
            Some(account) => format!("{account}/{id}"),
            None => id.to_owned(),
        }
    }

    /// Adds a fact of which the latest version holds, and of several of one second that of the highest rank.
    pub(super) fn add_latest(
        &mut self,
        natural_key: String,
        rank: i64,
        identities: Vec<Key>,
        body: FactBody,
    ) {
        self.add(natural_key, Keep::Latest, rank, self.at, identities, body);
    }

    /// Adds that objects belong to one payment, if there are two or more. The invoice comes first in
    /// the key, then payment intent, charge and session, whatever the order in which they were named.
    pub(super) fn add_alias(
        &mut self,
        objects: impl IntoIterator<Item = Option<Key>>,
        customer: Option<Key>,
        no_commission: bool,
    ) {
        let mut objects = identities(objects);
        objects.sort_by_key(|key| (key.kind(), key.clone()));
        if objects.len() < 2 {
            return;
        }
        let names: Vec<&str> = objects.iter().map(Key::as_str).collect();
        let natural_key = format!("alias:{}", names.join(":"));
        let identities = identities(objects.iter().cloned().map(Some).chain([customer]));
        let body = FactBody::Alias(PaymentAlias { objects, no_commission });
        let rank = if no_commission { -1 } else { 0 };
        self.add(natural_key, Keep::First, rank, self.at, identities, body);
    }

    /// Adds that an invoice was not paid by Stripe's money, or that money settled no invoice.
    pub(super) fn add_apart(&mut self, object: Key) {
        let (natural_key, identities) = (format!("apart:{object}"), vec![object.clone()]);
        let body = FactBody::Apart(PaymentApart { object });
        self.add(natural_key, Keep::First, 0, self.at, identities, body);
    }

    /// Adds the referral code in an object's metadata, if there is one.
    pub(super) fn touch_metadata(&mut self, touched: &Touched<'_>, metadata: &Metadata) {
        if let Some(code) = metadata.referral(self.keys) {
            self.touch(touched, TouchMethod::Metadata, code.to_owned());
        }
    }

    /// Adds the codes and coupons of an object's discounts.
    pub(super) fn touch_discounts(&mut self, touched: &Touched<'_>, discounts: &Discounts) {
        for found in discounts.found() {
            self.touch_at(touched, found.method, found.value.clone(), found.place);
        }
    }

    /// Adds one code.
    pub(super) fn touch(&mut self, touched: &Touched<'_>, method: TouchMethod, value: String) {
        self.touch_at(touched, method, value, 0);
    }

    /// Adds what an object's metadata says of commission from a time on, if it forbids it or did.
    pub(super) fn add_commission_flag(&mut self, object: &Key, forbids: bool, at: DateTime<Utc>) {
        if forbids || self.forbade_commission {
            let natural_key = format!("commission:{object}:{}", self.event);
            let body = FactBody::CommissionFlag(CommissionFlag { object: object.clone(), forbids });
            self.add(natural_key, Keep::First, 0, at, vec![object.clone()], body);
        }
    }

    /// Adds an address of a customer, known from a time on.
    pub(super) fn add_address(&mut self, customer: &Key, email: Option<&str>, at: DateTime<Utc>) {
        if let Some((written, email)) = email.and_then(|written| Some((written, Key::email(written)?))) {
            let natural_key = format!("address:{customer}:{}", email.id());
            let body = AddressSeen { customer: customer.clone(), email: written.to_owned() };
            self.add(natural_key, Keep::First, 0, at, vec![customer.clone(), email], FactBody::Address(body));
        }
    }

    fn touch_at(&mut self, touched: &Touched<'_>, method: TouchMethod, value: String, place: u32) {
        let natural_key = format!("touch:{}:{}:{value}", touched.object, method_name(method));
        let identities = identities([Some(touched.object.clone()), touched.customer.cloned()]);
        let body = Touch { on: touched.on, object: touched.object.clone(), method, value, place };
        self.add(natural_key, Keep::First, 0, touched.at, identities, FactBody::Touch(body));
    }

    /// Notes that the invoice behind a payment intent is not known.
    pub(super) fn miss_invoice_of(&mut self, payment_intent: Option<&Key>) {
        if let Some(payment_intent) = payment_intent {
            self.missing.push(Missing::InvoiceOfPayment {
                payment_intent: payment_intent.clone(),
                account: self.account.map(str::to_owned),
            });
        }
    }

    /// Refuses amounts that no payment has: the event alone waits, with its reason, and not what else its
    /// customer paid.
    pub(super) fn ensure_payable(&self) -> Result<(), BadField> {
        match self.facts.iter().find_map(|fact| fact.body.too_large().map(|_| fact)) {
            None => Ok(()),
            Some(fact) => Err(BadField {
                path: None,
                reason: format!("an amount of {} is larger than any payment", fact.natural_key),
            }),
        }
    }

    fn add(
        &mut self,
        natural_key: String,
        keep: Keep,
        rank: i64,
        at: DateTime<Utc>,
        identities: Vec<Key>,
        body: FactBody,
    ) {
        let natural_key = bounded(natural_key);
        // What names nobody and nothing can never be found again.
        if !identities.is_empty() && self.collected.insert(natural_key.clone()) {
            self.facts.push(Fact {
                natural_key,
                keep,
                rank,
                at,
                event: self.event.to_owned(),
                identities,
                body,
            });
        }
    }
}

/// The keys that are there, each once.
pub(super) fn identities(keys: impl IntoIterator<Item = Option<Key>>) -> Vec<Key> {
    let mut identities = Vec::new();
    for key in keys.into_iter().flatten() {
        if !identities.contains(&key) {
            identities.push(key);
        }
    }
    identities
}

fn method_name(method: TouchMethod) -> &'static str {
    match method {
        TouchMethod::Metadata => "metadata",
        TouchMethod::ClientReferenceId => "client_reference_id",
        TouchMethod::PromotionCode => "promotion_code",
        TouchMethod::PromotionCodeText => "promotion_code_text",
        TouchMethod::Coupon => "coupon",
    }
}
