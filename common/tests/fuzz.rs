//! Messages of the queue, as something else than this program may have written them.

use chrono::DateTime;
use common::intake::read;
use domain::ids::{Mode, ProjectId, Realm};
use queue::envelope::{Headers, Source};
use stripe::metadata::MetadataKeys;

#[test]
fn headers_are_read_or_refused_and_written_as_they_are_read() {
    fuzz::target("envelope", |bytes| {
        let Ok(json) = serde_json::from_slice(bytes) else { return };
        let Ok(headers) = Headers::from_json(json) else { return };
        let written = serde_json::to_value(&headers).ok();
        let again = written.and_then(|json| Headers::from_json(json).ok());
        assert_eq!(again, Some(headers));
    });
}

#[test]
fn a_body_tells_facts_or_why_it_does_not() {
    let realm = Realm { project: ProjectId(1), mode: Mode::Test };
    fuzz::target("command", |bytes| {
        for source in Source::ALL {
            let told = read(source, bytes, realm, DateTime::UNIX_EPOCH, &MetadataKeys::default());
            match told {
                Ok(told) => assert!(!told.event_id.is_empty() && told.event_id.len() <= 1_000),
                Err(error) => assert!(!error.to_string().is_empty()),
            }
        }
    });
}
