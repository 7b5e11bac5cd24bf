//! What the signature check accepts and refuses.
#![expect(clippy::disallowed_methods, reason = "what is tried is of now")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use stripe::sample::{Sample, Version};
use stripe::signature::{
    InvalidSignature, MAX_HEADER_BYTES, MAX_SIGNATURES, TOLERANCE_SECONDS, Verified, sign, verify,
};

const SECRET: &str = "whsec_tributary_test_1f2e3d4c5b6a";
const OTHER: &str = "whsec_tributary_test_another";
const BODY: &[u8] = b"{\n  \"id\": \"evt_1\",\n  \"object\": \"event\"\n}";

fn now() -> DateTime<Utc> {
    "2026-11-20T08:00:00Z".parse().unwrap()
}

fn seconds(count: i64) -> TimeDelta {
    TimeDelta::seconds(count)
}

fn check(header: &str) -> Result<Verified, InvalidSignature> {
    verify(header, BODY, &[SECRET], now())
}

/// `v1=…` alone.
fn item(secret: &str) -> String {
    sign(secret, now(), BODY).split_once(',').unwrap().1.to_owned()
}

fn at_now(items: &str) -> String {
    format!("t={},{items}", now().timestamp())
}

#[test]
fn a_signed_body_is_authentic() {
    let expected = Verified { secret: 0, signed_at: now().timestamp() };
    assert_eq!(check(&sign(SECRET, now(), BODY)), Ok(expected));
}

#[test]
fn a_known_header_is_made_and_accepted() {
    // From Python: hmac.new(b"whsec_x", b"1700000000." + b"{}", hashlib.sha256).hexdigest()
    let header = "t=1700000000,v1=be8cb8325f2202445260a855532f967e30ad2a9394ce28da66ee02880ddcb661";
    let at = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    assert_eq!(sign("whsec_x", at, b"{}"), header);
}

#[test]
fn any_of_several_secrets_proves_and_is_named() {
    let header = sign(SECRET, now(), BODY);
    assert_eq!(verify(&header, BODY, &[OTHER, SECRET], now()).unwrap().secret, 1);
    assert_eq!(verify(&header, BODY, &[SECRET, OTHER], now()).unwrap().secret, 0);
}

#[test]
fn during_a_rotation_either_secret_verifies_in_either_order() {
    let (ours, theirs) = (item(SECRET), item(OTHER));
    assert!(check(&at_now(&format!("{ours},{theirs}"))).is_ok());
    assert!(check(&at_now(&format!("{theirs},{ours}"))).is_ok());
}

#[test]
fn only_v1_proves_anything() {
    let signature = item(SECRET).replace("v1=", "");
    assert_eq!(check(&at_now(&format!("v0={signature}"))), Err(InvalidSignature::NoSignature));
    assert_eq!(check(&at_now(&format!("v2={signature}"))), Err(InvalidSignature::NoSignature));
    assert_eq!(check(&at_now(&format!("v0={signature},v1=00"))), Err(InvalidSignature::Mismatch));
    assert!(check(&at_now(&format!("v0=00,v1={signature},v9=what"))).is_ok());
}

#[test]
fn a_signature_of_300_seconds_is_the_oldest_accepted() {
    let header = sign(SECRET, now() - seconds(TOLERANCE_SECONDS), BODY);
    assert!(check(&header).is_ok());
    let header = sign(SECRET, now() - seconds(TOLERANCE_SECONDS + 1), BODY);
    assert_eq!(check(&header), Err(InvalidSignature::TooOld { age_seconds: 301 }));
}

#[test]
fn a_clock_that_is_behind_stops_nothing() {
    assert!(check(&sign(SECRET, now() + seconds(3_600), BODY)).is_ok());
}

#[test]
fn a_stale_forgery_is_a_forgery() {
    let header = sign(OTHER, now() - seconds(9_999), BODY);
    assert_eq!(check(&header), Err(InvalidSignature::Mismatch));
}

#[test]
fn a_changed_body_does_not_match() {
    let header = sign(SECRET, now(), BODY);
    let with_newline = [BODY, b"\n"].concat();
    let compact = br#"{"id":"evt_1","object":"event"}"#;
    for body in [&with_newline[..], compact, b""] {
        assert_eq!(verify(&header, body, &[SECRET], now()), Err(InvalidSignature::Mismatch));
    }
}

#[test]
fn the_timestamp_is_part_of_what_was_signed() {
    let later = now() + seconds(1);
    assert_eq!(check(&format!("t={},{}", later.timestamp(), item(SECRET))), Err(InvalidSignature::Mismatch));
    assert_eq!(check(&format!("t=0{},{}", now().timestamp(), item(SECRET))), Err(InvalidSignature::Mismatch));
}

#[test]
fn bytes_that_are_no_text_can_be_signed() {
    let body = b"\xff\x00\xfe{}";
    assert!(verify(&sign(SECRET, now(), body), body, &[SECRET], now()).is_ok());
}

#[test]
fn hex_may_be_upper_case_and_items_may_have_blanks() {
    let signature = item(SECRET).replace("v1=", "").to_uppercase();
    assert!(check(&format!(" t={} , v1={signature} ", now().timestamp())).is_ok());
}

#[test]
fn a_header_without_its_parts_names_the_missing_one() {
    let cases = [
        ("", InvalidSignature::NoTimestamp),
        ("t", InvalidSignature::NoTimestamp),
        ("v1=00", InvalidSignature::NoTimestamp),
        ("t=,v1=00", InvalidSignature::BadTimestamp),
        ("t=soon,v1=00", InvalidSignature::BadTimestamp),
        ("t=1,t=2,v1=00", InvalidSignature::BadTimestamp),
        ("t=99999999999999999999,v1=00", InvalidSignature::BadTimestamp),
        ("t=1700000000", InvalidSignature::NoSignature),
        ("t=1700000000,v1", InvalidSignature::NoSignature),
        ("t=1700000000,v1=", InvalidSignature::Mismatch),
        ("t=1700000000,v1=zz", InvalidSignature::Mismatch),
    ];
    for (header, expected) in cases {
        assert_eq!(check(header), Err(expected), "{header}");
    }
}

#[test]
fn a_blank_secret_proves_nothing() {
    for blank in ["", " ", "\n"] {
        let header = sign(blank, now(), BODY);
        assert_eq!(verify(&header, BODY, &[blank], now()), Err(InvalidSignature::NoSecret));
        assert_eq!(verify(&header, BODY, &[blank, SECRET], now()), Err(InvalidSignature::Mismatch));
    }
    let none: [&str; 0] = [];
    assert_eq!(verify(&sign(SECRET, now(), BODY), BODY, &none, now()), Err(InvalidSignature::NoSecret));
}

#[test]
fn a_blank_secret_does_not_change_the_number_of_the_others() {
    assert_eq!(verify(&sign(SECRET, now(), BODY), BODY, &["", SECRET], now()).unwrap().secret, 1);
}

#[test]
fn a_huge_header_is_refused_unread() {
    let header = format!("{},x={}", sign(SECRET, now(), BODY), "y".repeat(MAX_HEADER_BYTES));
    assert_eq!(check(&header), Err(InvalidSignature::HeaderTooLong));
    let many = vec!["v1=00"; MAX_SIGNATURES].join(",");
    assert_eq!(check(&at_now(&format!("{many},{}", item(SECRET)))), Err(InvalidSignature::TooManySignatures));
}

#[test]
fn the_stripe_crate_accepts_what_we_sign_and_signs_what_we_accept() {
    // Its structures are those of a newer API version, and it insists on all of their fields: a
    // customer has them. An error in parsing comes after the signature was found good.
    let at = Utc::now();
    let body = Sample::new(1, Version::Dahlia, at).customer_created();
    let ours = sign(SECRET, at, body.as_bytes());
    let checked = stripe_webhook::Webhook::construct_event(&body, &ours, SECRET);
    assert!(matches!(checked, Ok(_) | Err(stripe_webhook::WebhookError::BadParse(_))), "{checked:?}");
    let forged = sign(OTHER, at, body.as_bytes());
    let checked = stripe_webhook::Webhook::construct_event(&body, &forged, SECRET);
    assert!(matches!(checked, Err(stripe_webhook::WebhookError::BadSignature)), "{checked:?}");

    let theirs = stripe_webhook::Webhook::generate_test_header(&body, SECRET, Some(at.timestamp()));
    assert_eq!(theirs, ours);
    assert!(verify(&theirs, body.as_bytes(), &[SECRET], at).is_ok());
}

proptest! {
    #[test]
    fn no_header_makes_it_panic(header in ".{0,200}") {
        prop_assert!(verify(&header, BODY, &[SECRET], now()).is_err());
    }

    #[test]
    fn a_flipped_bit_never_passes(index in 0..BODY.len(), bit in 0u8..8) {
        let mut body = BODY.to_vec();
        body[index] ^= 1 << bit;
        let header = sign(SECRET, now(), BODY);
        prop_assert_eq!(verify(&header, &body, &[SECRET], now()), Err(InvalidSignature::Mismatch));
    }
}
