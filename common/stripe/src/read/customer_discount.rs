//! Discounts on a customer or a subscription. Since invoices carry only the ids of theirs, this is where
//! their coupon and promotion code are named.

use crate::collector::{FactCollector, Touched};
use crate::discount::{Discount, Discounts};
use crate::json::{BadField, Ref, UnixTime, parse};
use domain::fact::TouchedObject;
use domain::key::KeyKind;
use serde::Deserialize;

/// What a discount was given on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Given {
    customer: Ref,
    customer_account: Ref,
    subscription: Ref,
    invoice: Ref,
    checkout_session: Ref,
    start: Option<UnixTime>,
}

/// Reads the codes of a discount, on whatever it was given on: a subscription's is not its customer's.
pub(super) fn read(json: &[u8], collector: &mut FactCollector<'_>) -> Result<(), BadField> {
    let given: Given = parse(json)?;
    let mut discounts = Discounts::default();
    discounts.note(&Ref::Object(Box::new(parse::<Discount>(json)?)));
    let at = given.start.map_or(collector.at, |UnixTime(start)| start);
    let customer = collector.customer_of(&given.customer, &given.customer_account);
    let objects = [
        (TouchedObject::Session, collector.key_of(KeyKind::Session, &given.checkout_session)),
        (TouchedObject::Invoice, collector.key_of(KeyKind::Invoice, &given.invoice)),
        (TouchedObject::Subscription, collector.key_of(KeyKind::Subscription, &given.subscription)),
    ];
    let mut narrower = false;
    for (on, object) in objects {
        if let Some(object) = object {
            let touched = Touched { on, object: &object, customer: customer.as_ref(), at };
            collector.touch_discounts(&touched, &discounts);
            narrower = true;
        }
    }
    if let (Some(customer), false) = (&customer, narrower) {
        let touched = Touched { on: TouchedObject::Customer, object: customer, customer: None, at };
        collector.touch_discounts(&touched, &discounts);
    }
    Ok(())
}
