//! The history, settled without the way there.

use super::{history, programme, report::Report};
use crate::embedded::Embedded;
use chrono::Utc;
use common::{
    domain::ids::Realm,
    store::{
        self,
        settlement::{self, InboxEvent, Item},
    },
    stripe::event::{self, Outcome},
};

#[tokio::test]
async fn look() {
    let dir = tempfile::tempdir().unwrap();
    let embedded = Embedded::start(dir.path(), None).await.unwrap();
    let pool = store::pool(embedded.url(), "test", 2).unwrap();
    store::migrate(&pool).await.unwrap();
    let mut tx = pool.begin().await.unwrap();
    let created = programme::enter(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    let realm = Realm { project: created.project_id, mode: created.mode };
    let events = history::events();
    let deliveries = history::deliveries(&events);
    for chunk in deliveries.chunks(7) {
        let items: Vec<Item> = chunk
            .iter()
            .map(|body| {
                let now = Utc::now();
                let reading = event::read(body.as_bytes(), created.mode, &Default::default(), now).unwrap();
                let (facts, ignored) = match reading.outcome {
                    Outcome::Facts { facts, .. } => (facts, None),
                    Outcome::Ignored { reason } => (Vec::new(), Some(reason)),
                };
                Item {
                    realm,
                    event: InboxEvent {
                        account: reading.account.unwrap_or_default(),
                        event_id: reading.event_id,
                        source: "stripe",
                        event_type: reading.event_type,
                        api_version: reading.api_version,
                        occurred_at: reading.created,
                        received_at: now,
                        ignored,
                        traceparent: None,
                        body: body.as_bytes().to_vec().into(),
                    },
                    facts,
                }
            })
            .collect();
        let mut tx = pool.begin().await.unwrap();
        settlement::settle_batch(&mut tx, &items).await.unwrap();
        tx.commit().await.unwrap();
    }
    let mut connection = pool.acquire().await.unwrap();
    assert_eq!(
        store::overview::settled_events(&mut connection, realm).await.unwrap(),
        i64::try_from(events.len()).unwrap()
    );
    let report =
        Report::read(&mut connection, realm, events.len(), deliveries.len(), "0".repeat(64)).await.unwrap();
    eprintln!("{report}");
    eprintln!("{}", serde_json::to_string_pretty(&report).unwrap());
    embedded.stop().await.unwrap();
}
