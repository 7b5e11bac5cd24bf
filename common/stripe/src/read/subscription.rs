//! Subscriptions: a link between customer and invoices, and a code. Their money comes by invoice.

use crate::collector::{FactCollector, Touched, identities};
use crate::json::{BadField, Ref, Text, UnixTime, filled, parse, required};
use crate::metadata::Metadata;
use domain::fact::{FactBody, SubscriptionSeen, TouchedObject};
use domain::key::KeyKind;
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Subscription {
    id: Option<Text>,
    customer: Ref,
    customer_account: Ref,
    status: Option<Text>,
    created: Option<UnixTime>,
    canceled_at: Option<UnixTime>,
    ended_at: Option<UnixTime>,
    metadata: Metadata,
}

/// Reads a subscription as it stands.
pub(super) fn read(json: &[u8], collector: &mut FactCollector<'_>) -> Result<(), BadField> {
    let subscription: Subscription = parse(json)?;
    let key = collector.key(KeyKind::Subscription, required(filled(subscription.id.as_ref()), "id")?);
    let deleted = collector.event_type == "customer.subscription.deleted";
    let canceled_at = subscription.canceled_at.or(subscription.ended_at).map(|UnixTime(at)| at);
    let body = SubscriptionSeen {
        subscription: key.clone(),
        customer: collector.customer_of(&subscription.customer, &subscription.customer_account),
        status: required(filled(subscription.status.as_ref()), "status")?.to_owned(),
        canceled_at,
        no_commission: subscription.metadata.forbids_commission(),
        no_commission_is_dated: true,
    };
    let account = collector.key_of(KeyKind::StripeCustomer, &subscription.customer_account);
    let identities = identities([Some(key.clone()), body.customer.clone(), account]);

    let created = subscription.created.filter(|_| collector.event_type == "customer.subscription.created");
    let at = created.map_or(collector.at, |UnixTime(created)| created);
    collector.add_commission_flag(&key, body.no_commission, at);
    let touched = Touched { on: TouchedObject::Subscription, object: &key, customer: None, at };
    collector.touch_metadata(&touched, &subscription.metadata);
    collector.add_latest(
        format!("subscription:{key}"),
        i64::from(deleted),
        identities,
        FactBody::Subscription(body),
    );
    Ok(())
}
