//! Customers.

use crate::collector::{FactCollector, Touched, identities};
use crate::json::{BadField, Ref, Text, UnixTime, filled, parse, required};
use crate::metadata::Metadata;
use domain::fact::{CustomerSeen, FactBody, TouchedObject};
use domain::key::{Key, KeyKind};
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Customer {
    id: Option<Text>,
    /// The account that stands for the customer as well.
    #[serde(rename = "customer_account")]
    account: Ref,
    email: Option<Text>,
    created: Option<UnixTime>,
    metadata: Metadata,
}

/// Reads a customer as it stands. A code in the metadata of a deleted customer is not a touch.
pub(super) fn read(json: &[u8], collector: &mut FactCollector<'_>) -> Result<(), BadField> {
    let customer: Customer = parse(json)?;
    let key = collector.key(KeyKind::StripeCustomer, required(filled(customer.id.as_ref()), "id")?);
    let created = customer.created.map_or(collector.at, |UnixTime(created)| created);
    let deleted = collector.event_type == "customer.deleted";
    let body = CustomerSeen {
        customer: key.clone(),
        email: filled(customer.email.as_ref()).map(str::to_owned),
        created,
        deleted,
        no_commission: customer.metadata.forbids_commission(),
        no_commission_is_dated: true,
    };
    let account = collector.key_of(KeyKind::StripeCustomer, &customer.account);
    let identities = identities([Some(key.clone()), account, body.email.as_deref().and_then(Key::email)]);
    let at = if collector.event_type == "customer.created" { created } else { collector.at };
    collector.add_address(&key, body.email.as_deref(), at);
    collector.add_commission_flag(&key, body.no_commission, at);
    if !deleted {
        let touched = Touched { on: TouchedObject::Customer, object: &key, customer: None, at };
        collector.touch_metadata(&touched, &customer.metadata);
    }
    collector.add_latest(format!("customer:{key}"), i64::from(deleted), identities, FactBody::Customer(body));
    Ok(())
}
