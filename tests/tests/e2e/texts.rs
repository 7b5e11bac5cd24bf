//! Text that decides nothing refuses nothing (SEMANTICS 19): what parses as JSON in Stripe's own clients
//! settles, whatever its texts are.

use ::stripe::{
    event::{Outcome, Reading, Unreadable, read},
    metadata::MetadataKeys,
};
use anyhow::Result;
use chrono::DateTime;
use domain::ids::Mode;
use proptest::prelude::*;
use serde_json::Value;
use std::sync::LazyLock;
use tests::{deployment, stores::Backend, stripe, texts};

static PAYLOADS: LazyLock<Result<Vec<(String, Value)>>> = LazyLock::new(texts::payloads);

fn told(body: &str) -> Result<Reading, Unreadable> {
    read(body.as_bytes(), Mode::Test, &MetadataKeys::default(), DateTime::UNIX_EPOCH)
}

#[test]
fn a_key_and_a_text_that_nobody_asked_for_change_nothing() -> Result<()> {
    for (name, payload) in texts::payloads()? {
        let usual = told(&payload.to_string())?.outcome;
        for hard in texts::HARD {
            assert_eq!(told(&texts::with_hard_entries(&payload, hard))?.outcome, usual, "{name} with {hard}");
        }
    }
    Ok(())
}

/// The inside of any text that JSON allows: characters, escapes, and halves of surrogate pairs. It is not
/// blank, since an id that is blank is no id.
fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => any::<char>().prop_filter("what JSON escapes", |char| !matches!(char, '"' | '\\' | '\0'..='\u{1f}'))
            .prop_map(String::from),
        3 => any::<u16>().prop_map(|unit| format!("\\u{unit:04x}")),
        2 => (0xd800u16..=0xdfff).prop_map(|half| format!("\\u{half:04X}")),
        1 => prop::sample::select(vec![r#"\""#, r"\\", r"\/", r"\b", r"\f", r"\n", r"\r", r"\t", r"\u0000"])
            .prop_map(str::to_owned),
    ];
    let short = prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat());
    (short, prop_oneof![9 => Just(1), 1 => Just(700)])
        .prop_map(|(text, times)| format!("x{}", text.repeat(times)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn whatever_stands_in_a_text_its_event_is_read(
        payload in any::<prop::sample::Index>(), text in any::<prop::sample::Index>(), hard in any_text(),
    ) {
        let (name, payload) = payload.get(PAYLOADS.as_ref().unwrap());
        let body = texts::with_one_hard_text(payload, text.index(texts::count(payload)), &hard).unwrap();
        let reading = told(&body).map_err(|error| TestCaseError::fail(format!("{name}: {error}\n{body}")))?;
        if let Outcome::Facts { facts, .. } = reading.outcome {
            for fact in facts {
                let kept = serde_json::to_string(&fact).unwrap();
                prop_assert!(!kept.contains(r"\u0000"), "PostgreSQL cannot hold {kept}");
                prop_assert!(fact.identities.iter().all(|key| key.as_str().len() < 2_600), "no index can hold {kept}");
                prop_assert!(fact.natural_key.len() < 2_600);
            }
        }
    }
}

/// Every payload with each kind of text behind every text of it, by way of HTTP, queue and PostgreSQL. The
/// deployment sees at its end that there is no dead letter.
#[tokio::test(flavor = "multi_thread")]
async fn every_payload_settles_with_any_text_in_it() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let (api, api_role) = deployment.api().await?;
        let worker = deployment.worker();
        let payloads = texts::payloads()?;
        let long = "\\ud83dü😀".repeat(400);
        let mut projects = Vec::new();
        for hard in texts::HARD.into_iter().chain([long.as_str()]) {
            let to = deployment.programme().await?;
            let bodies = payloads.iter().flat_map(|(_, payload)| {
                let numbered = |kind: &str| format!("{hard}{kind}");
                [
                    texts::with_hard_texts(payload, &numbered("")),
                    texts::with_hard_texts(payload, &numbered("2")),
                ]
            });
            let bodies: Vec<String> = bodies.collect();
            let deliveries: Vec<&str> = bodies.iter().map(String::as_str).collect();
            stripe::post_all(&stripe::client()?, api, &to, &deliveries).await?;
            projects.push(to.realm);
        }
        let mut ids: Vec<&str> = payloads.iter().filter_map(|(_, payload)| payload["id"].as_str()).collect();
        ids.sort_unstable();
        ids.dedup();
        for realm in projects {
            deployment.settled(realm, 2 * ids.len()).await?;
        }
        api_role.stop().await?;
        worker.stop().await
    })
    .await
}
