//! What an operator looks at: queues, workers, what is wrong, and the way of one event.

use crate::support::{on_a_project, on_settled_history};
use anyhow::{Result, ensure};
use store::users::UserRole;
use tests::{visitor::Visitor, wait::until};

#[tokio::test(flavor = "multi_thread")]
async fn an_events_way_leads_to_what_was_told_of_it() -> Result<()> {
    on_settled_history(async |deployment, api, _| {
        let vera = Visitor::of(deployment, api, "vera", UserRole::Viewer).await?;
        let (event, uid, conversion): (i64, String, i64) = sqlx::query_as(
            "SELECT e.id, replace(n.uid::text, '-', ''), l.conversion_id
             FROM notifications n JOIN ledger_entries l ON l.id = n.ledger_entry_id
             JOIN events e ON e.event_id = n.cause ->> 'event' WHERE n.event = 'commission_created' LIMIT 1",
        )
        .fetch_one(&deployment.pool)
        .await?;
        let page = vera.page(&format!("/console/1/test/events/{event}")).await?;
        let payment = format!("href=\"/console/1/test/payments/{conversion}\"");
        for word in [
            "Received and queued",
            "Settled",
            "Notified",
            "commission_created",
            &format!("ntf_{uid}"),
            &payment,
        ] {
            assert!(page.contains(word), "{word}: {page}");
        }
        // The body is not for those who only look.
        assert!(page.contains("Your role does not see bodies"), "{page}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_are_seen_while_they_work_and_missed_when_none_does() -> Result<()> {
    on_a_project(async |deployment, api, _| {
        let vera = Visitor::of(deployment, api, "vera", UserRole::Viewer).await?;
        let page = vera.page("/console/1/test/queues").await?;
        assert!(
            page.contains("No worker was seen") && page.contains("None was seen in the last day."),
            "{page}"
        );
        let worker = deployment.worker();
        until("the worker is seen", async || {
            let now = vera.page("/console/1/test/queues/now").await?;
            ensure!(now.contains(">works<") && !now.contains("No worker was seen"), "{now}");
            Ok(())
        })
        .await?;
        worker.stop().await?;
        // What open pages ask for again is shared for a moment; the page itself is read each time.
        assert!(vera.page("/console/1/test/queues").await?.contains("No worker was seen"));
        // It was killed: its row stays, and grows old.
        sqlx::query(
            "INSERT INTO worker_heartbeats (id, queue, process_id, version, seen_at)
             VALUES (gen_random_uuid(), $1, 4711, '0', now() - INTERVAL '5 minutes')",
        )
        .bind(&deployment.prefix)
        .execute(&deployment.pool)
        .await?;
        let now = vera.page("/console/1/test/queues").await?;
        assert!(
            now.contains(">silent<") && now.contains("4711") && now.contains("No worker was seen"),
            "{now}"
        );
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_says_what_is_wrong_and_what_to_do() -> Result<()> {
    on_settled_history(async |deployment, api, entered| {
        let vera = Visitor::of(deployment, api, "vera", UserRole::Viewer).await?;
        sqlx::query(
            "INSERT INTO thin_events (project_id, livemode, event_id, event_type, question, reason, received_at, ask_at)
             VALUES ($1, FALSE, 'evt_thin', 'invoice.paid', '', 'no key can ask for it', now(), now() + INTERVAL '1 day')",
        )
        .bind(entered.realm.project.0)
        .execute(&deployment.pool)
        .await?;
        let page = vera.page("/console/1/test/doctor").await?;
        for word in ["the database has this version", "webhook secret", "thin events", "no key can ask for it", "to be mended"] {
            assert!(page.contains(word), "{word}: {page}");
        }
        sqlx::query("DELETE FROM thin_events").execute(&deployment.pool).await?;
        assert!(!vera.page("/console/1/test/doctor").await?.contains("thin events"));
        Ok(())
    })
    .await
}
