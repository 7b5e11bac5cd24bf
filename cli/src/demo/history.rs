//! Half a year at Stripe: what ten customers bought, and what they got back.
//!
//! Sums are minor units. The commission of each payment stands beside it; `cli/tests/demo.rs` adds
//! them up.

use super::programme::{ANNA, BEN, BEN20, CLEO, CLEO10, Coupon};
use chrono::{DateTime, TimeZone, Utc};
use domain::fact::{SessionMode, SessionPaymentStatus};
use rand::{SeedableRng, rngs::StdRng, seq::SliceRandom};
use stripe::sample::{Sample, Version};

/// Chosen so that a refund comes before its payment.
const SEED: u64 = 11;

/// Every event once, in the order in which things happened.
#[must_use]
pub fn events() -> Vec<String> {
    [nora(), otis(), pia(), guest(), quinn(), rosa(), sora(), tom(), uma(), vera()].concat()
}

/// The events as they are delivered: shuffled, so that refunds come before their payments, and
/// with every third one sent twice and every ninth three times. The same every time.
#[must_use]
pub fn deliveries(events: &[String]) -> Vec<&str> {
    let times = |n: usize| match n {
        n if n.is_multiple_of(9) => 3,
        n if n.is_multiple_of(3) => 2,
        _ => 1,
    };
    let repeated = events.iter().enumerate().flat_map(|(n, event)| vec![event.as_str(); times(n)]);
    let mut deliveries: Vec<&str> = repeated.collect();
    deliveries.shuffle(&mut StdRng::seed_from_u64(SEED));
    deliveries
}

/// A subscription by Anna's link, two renewals and an upgrade between them.
fn nora() -> Vec<String> {
    let start = Sample {
        client_reference_id: Some(ANNA.to_owned()),
        tax: 931,
        ..person(1, Version::Dahlia, "nora@lindqvist.example", at(1, 5))
    };
    let first = renewal(&start, 101, at(2, 5));
    let upgrade = Sample {
        subtotal: 2_550,
        tax: 485,
        billing_reason: "subscription_update".to_owned(),
        ..renewal(&start, 102, at(2, 19))
    };
    let second = Sample { subtotal: 9_900, tax: 1_881, ..renewal(&start, 103, at(3, 5)) };
    let mut events = vec![start.customer_created(), subscribed(&start), start.subscription_created()];
    events.extend(paid(&start)); // 20 % of 49.00 = 9.80
    events.extend(paid(&first)); // 9.80
    events.push(upgrade.subscription_updated());
    events.extend(paid(&upgrade)); // 20 % of 25.50 = 5.10
    events.extend(paid(&second)); // 20 % of 99.00 = 19.80
    events
}

/// Ben's code in the session's metadata, an API version of 2020, and some money back.
fn otis() -> Vec<String> {
    let start = Sample {
        metadata: vec![("referral_code".to_owned(), "ben".to_owned())],
        subtotal: 9_900,
        tax: 1_881,
        ..person(2, Version::V2020, "otis@parker.example", at(1, 9))
    };
    let invoice = Sample { metadata: Vec::new(), ..start.clone() };
    let next = renewal(&invoice, 201, at(2, 9));
    let refund = Sample { refund_amount: 2_500, amount_refunded: 2_500, at: at(1, 20), ..invoice.clone() };
    let mut events = vec![invoice.customer_created(), subscribed(&start)];
    events.extend(paid(&invoice)); // 20 % of 99.00 = 19.80
    events.push(refund.charge_refunded()); // 19.80 × 25.00 / 117.81 = 4.2015… → 4.20 back
    events.extend(paid(&next)); // 19.80
    events
}

/// A year at once, with Cleo's promotion code.
fn pia() -> Vec<String> {
    let start = with_coupon(
        Sample {
            subtotal: 12_000,
            discount: 1_200,
            ..person(3, Version::Clover, "pia@romero.example", at(1, 14))
        },
        &CLEO10,
    );
    let mut events = vec![start.customer_created(), subscribed(&start), start.subscription_created()];
    events.extend(paid(&start)); // 20 % of 108.00 = 21.60
    events
}

/// A guest, who pays once: Stripe knows no customer, only an address.
fn guest() -> Vec<String> {
    let start = Sample {
        customer: None,
        client_reference_id: Some("ref_anna".to_owned()),
        subtotal: 1_900,
        shipping: 500,
        tax: 456,
        ..person(4, Version::V2024, "guest@mail.example", at(1, 22))
    };
    // 28.56 collected; without shipping and tax 19.00, of which 20 % are 3.80
    vec![bought(&start)]
}

/// Money back in full, told twice over: by the refund and by the charge.
fn quinn() -> Vec<String> {
    let start = Sample {
        metadata: vec![("ref".to_owned(), BEN.to_owned())],
        subtotal: 3_000,
        ..person(5, Version::Basil, "quinn@moss.example", at(2, 2))
    };
    let refund = Sample { refund_amount: 3_000, amount_refunded: 3_000, at: at(2, 4), ..start.clone() };
    // 20 % of 30.00 = 6.00, all of it back
    vec![
        bought(&start),
        start.payment_intent_succeeded(),
        refund.refund_created("succeeded"),
        refund.charge_refunded(),
    ]
}

/// Nobody's: no code, no coupon.
fn rosa() -> Vec<String> {
    let start = person(6, Version::V2022, "rosa@direct.example", at(2, 11));
    [vec![start.customer_created(), subscribed(&start)], paid(&start)].concat()
}

/// Yen, which have no cents.
fn sora() -> Vec<String> {
    let start = Sample {
        client_reference_id: Some(ANNA.to_owned()),
        currency: "jpy".to_owned(),
        subtotal: 12_000,
        tax: 1_200,
        ..person(7, Version::Dahlia, "sora@tanaka.example", at(2, 17))
    };
    let mut events = vec![start.customer_created(), subscribed(&start)];
    events.extend(paid(&start)); // 20 % of ¥12,000 = ¥2,400
    events
}

/// Euros, with Ben's coupon; later a link of Cleo's, which no longer moves the customer.
fn tom() -> Vec<String> {
    let start = with_coupon(
        Sample {
            currency: "eur".to_owned(),
            subtotal: 8_000,
            discount: 1_600,
            ..person(8, Version::V2024, "tom@keller.example", at(3, 3))
        },
        &BEN20,
    );
    let plain = Sample { coupon: None, promotion_code: None, discount: 0, ..start.clone() };
    let next = renewal(&plain, 801, at(4, 3));
    let extra = Sample {
        client_reference_id: Some(CLEO.to_owned()),
        subtotal: 2_500,
        session: Sample::new(802, plain.version, at(4, 20)).session,
        ..renewal(&plain, 802, at(4, 20))
    };
    let mut events = vec![start.customer_created(), subscribed(&start)];
    events.extend(paid(&start)); // 20 % of 64.00 = 12.80
    events.extend(paid(&next)); // 20 % of 80.00 = 16.00
    events.push(bought(&extra)); // 20 % of 25.00 = 5.00, Ben's
    events
}

/// A code that nobody has.
fn uma() -> Vec<String> {
    let start = Sample {
        client_reference_id: Some("SUMMER".to_owned()),
        subtotal: 1_500,
        ..person(9, Version::Clover, "uma@frost.example", at(3, 15))
    };
    vec![start.customer_created(), bought(&start)]
}

/// A bank debit: the checkout is completed on one day, the money is there five days later.
fn vera() -> Vec<String> {
    let start = Sample {
        client_reference_id: Some(CLEO.to_owned()),
        subtotal: 6_000,
        ..person(10, Version::V2022, "vera@novak.example", at(3, 24))
    };
    let later = Sample { at: at(3, 29), ..start.clone() };
    vec![
        start.customer_created(),
        start.checkout_session_completed(SessionMode::Payment, SessionPaymentStatus::Unpaid),
        later.checkout_session_async_payment_succeeded(), // 20 % of 60.00 = 12.00
    ]
}

fn person(number: u64, version: Version, email: &str, at: DateTime<Utc>) -> Sample {
    Sample { email: email.to_owned(), ..Sample::new(number, version, at) }
}

fn with_coupon(sample: Sample, coupon: &Coupon) -> Sample {
    Sample {
        coupon: Some(coupon.code.to_owned()),
        promotion_code: Some(coupon.promotion_code.to_owned()),
        ..sample
    }
}

/// A later payment of the same subscription: other invoice, other payment.
fn renewal(first: &Sample, number: u64, at: DateTime<Utc>) -> Sample {
    let fresh = Sample::new(number, first.version, at);
    Sample {
        at,
        invoice: fresh.invoice,
        payment_intent: fresh.payment_intent,
        charge: fresh.charge,
        refund: fresh.refund,
        billing_reason: "subscription_cycle".to_owned(),
        client_reference_id: None,
        ..first.clone()
    }
}

fn subscribed(sample: &Sample) -> String {
    sample.checkout_session_completed(SessionMode::Subscription, SessionPaymentStatus::Paid)
}

fn bought(sample: &Sample) -> String {
    sample.checkout_session_completed(SessionMode::Payment, SessionPaymentStatus::Paid)
}

/// What Stripe sends for one paid invoice: the same fact in several ways.
fn paid(sample: &Sample) -> Vec<String> {
    let mut events =
        vec![sample.charge_succeeded(), sample.invoice_payment_succeeded(), sample.invoice_paid()];
    if sample.version >= Version::Basil {
        events.push(sample.invoice_payment_paid());
    }
    events
}

/// Noon of a day in 2026.
fn at(month: u32, day: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, month, day, 12, 0, 0).single().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_history_is_varied_and_comes_out_of_order_and_more_than_once() {
        let events = events();
        let distinct: BTreeSet<&String> = events.iter().collect();
        assert_eq!(distinct.len(), events.len());
        for version in Version::ALL {
            let version = format!("\"api_version\": \"{}\"", version.as_str());
            assert!(events.iter().any(|event| event.contains(&version)), "{version}");
        }

        let deliveries = deliveries(&events);
        assert!(deliveries.len() > events.len());
        let place = |event: &str| deliveries.iter().position(|delivery| *delivery == event).unwrap();
        let quinn = quinn();
        assert!(place(&quinn[2]) < place(&quinn[0]), "a refund comes before its payment");
    }
}
