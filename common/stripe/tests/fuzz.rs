//! What anybody may send, and what Stripe's key or secret lets somebody send: it is read or refused.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use chrono::{DateTime, Utc};
use domain::ids::Mode;
use std::collections::BTreeSet;
use stripe::event::{Listed, Outcome, read};
use stripe::history::List;
use stripe::metadata::MetadataKeys;
use stripe::signature::{self, sign};

const SECRET: &str = "whsec_test";

/// The time at which the seeds were signed.
fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

#[test]
fn a_header_proves_nothing_but_what_was_signed() {
    fuzz::target("signature", |bytes| {
        let place = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
        let (header, body) = bytes.split_at(place);
        let body = body.get(1..).unwrap_or_default();
        let Ok(header) = std::str::from_utf8(header) else { return };
        let may_be = signature::check(header, now());
        let Ok(verified) = signature::verify(header, body, &["", SECRET], now()) else { return };
        assert!(may_be.is_ok(), "what is proved may be");
        assert_eq!(verified.secret, 1, "a blank secret proves nothing");
        let at = DateTime::from_timestamp(verified.signed_at, 0).unwrap();
        let signed = sign(SECRET, at, body);
        let (_, digest) = signed.split_once("v1=").unwrap();
        assert!(header.to_ascii_lowercase().contains(digest), "{header}");
    });
}

#[test]
fn an_event_is_read_or_refused_and_read_the_same_again() {
    let keys = MetadataKeys::default();
    fuzz::target("event", |bytes| {
        let first = read(bytes, Mode::Test, &keys, now());
        assert_eq!(first, read(bytes, Mode::Test, &keys, now()));
        if let Ok(reading) = &first
            && let Outcome::Facts { facts, .. } = &reading.outcome
        {
            let names: BTreeSet<&str> = facts.iter().map(|fact| fact.natural_key.as_str()).collect();
            assert_eq!(names.len(), facts.len(), "a natural key names one fact");
            assert!(facts.iter().all(|fact| fact.event == reading.event_id));
        }
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        let _ = Listed::read(text);
        for list in List::ALL {
            for told in list.tell(text, now()).unwrap_or_default() {
                // What history makes of anything can at least be told apart from other things.
                assert!(told.id.starts_with(stripe::history::PREFIX));
                let _ = read(&told.body, Mode::Test, &keys, now());
            }
        }
    });
}
