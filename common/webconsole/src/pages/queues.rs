//! `GET /console/{project}/{mode}/queues`: what waits, for how long, and who works on it.

use crate::{
    elements::{Cell, badge, cell, id, number, table, time, when},
    failure::Failure,
    page::Page,
    state::Console,
};
use app::queues::{self, Queues};
use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use queue::BrokerQueue;
use store::workers::{SILENT_AFTER, Worker};

pub(crate) async fn show(State(console): State<Console>, page: Page) -> Result<Response, Failure> {
    let now = read(&console).await?;
    let content = html! {
        h1 { "Queues" }
        p { "All projects and both modes share them." }
        section hx-get=(page.path("/queues/now")) hx-trigger="poll from:body" hx-swap="innerHTML" aria-label="Now" { (now) }
    };
    Ok(page.show("Queues", &content))
}

/// What an open page asks for again.
pub(crate) async fn now(State(console): State<Console>, _page: Page) -> Result<Response, Failure> {
    Ok(console.queues.of((), read(&console)).await?.into_response())
}

async fn read(console: &Console) -> Result<Markup, Failure> {
    let mut connection = console.parts.reads.acquire().await?;
    let parts = &console.parts;
    let found = queues::look(&mut connection, &parts.queue, parts.broker.as_ref()).await?;
    Ok(shown(&found, &html! { p.quiet { "At " (when(console.now())) } }))
}

fn shown(found: &Queues, at: &Markup) -> Markup {
    let nothing_works = !found.is_worked_on();
    html! {
        (at)
        @if nothing_works {
            p.problem role="alert" { "No worker was seen in the last " (SILENT_AFTER) " seconds: nothing is settled. Start one with the same \
                DATABASE_URL, AMQP_URL and QUEUE_PREFIX, and look at its log." }
        }
        @if let Some(Err(why)) = &found.broker { p.problem role="alert" { (why) } }
        (table("Queues", &["Queue", "Kept in", "Ready", "In flight", "Put off", "Oldest waits", "Consumers"], &rows(found), ""))
        p.quiet { "Counts of PostgreSQL stop at 100,000. What RabbitMQ delivered and no worker answered is in the metrics of each worker." }
        h2 { "Workers" }
        (workers(&found.workers))
    }
}

fn rows(found: &Queues) -> Vec<Vec<Cell>> {
    let none = || number("–");
    let database = &found.database;
    let oldest = database.oldest.map_or_else(|| "–".to_owned(), |age| format!("{age:.0} s"));
    let mut rows = vec![vec![
        cell("messages"),
        cell("PostgreSQL"),
        number(database.due.saturating_sub(database.in_flight)),
        number(database.in_flight),
        number(database.put_off),
        number(oldest),
        none(),
    ]];
    let broker = found.broker.as_ref().and_then(|broker| broker.as_ref().ok());
    rows.extend(broker.into_iter().flatten().map(|BrokerQueue { name, ready, consumers }| {
        vec![id(name), cell("RabbitMQ"), number(ready), none(), none(), none(), number(consumers)]
    }));
    let out = &found.notifications;
    let oldest = if out.pending > 0 { format!("{} s", out.oldest_seconds) } else { "–".to_owned() };
    rows.push(vec![
        cell("notifications out"),
        cell("PostgreSQL"),
        number(out.pending),
        none(),
        number(format!("{} parked", out.parked)),
        number(oldest),
        none(),
    ]);
    rows.push(vec![
        cell("dead letters"),
        cell("PostgreSQL"),
        number(database.dead_letters),
        none(),
        none(),
        none(),
        none(),
    ]);
    rows
}

fn workers(workers: &[Worker]) -> Markup {
    let rows: Vec<_> = workers
        .iter()
        .map(|worker| {
            vec![
                cell(badge(if worker.is_silent() { "silent" } else { "works" })),
                cell(worker.address.as_deref().unwrap_or("the database's own machine")),
                number(worker.process),
                cell(&worker.version),
                time(worker.started_at),
                time(worker.seen_at),
            ]
        })
        .collect();
    let head = ["State", "Where", "Process", "Version", "Since", "Last seen"];
    table(
        "Workers of the last day; one that stops in order takes itself off",
        &head,
        &rows,
        "None was seen in the last day.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use queue::Backlog;
    use store::deliveries::Waiting;

    fn found(broker: Option<Result<Vec<BrokerQueue>, String>>, age_seconds: i64) -> Queues {
        let at = "2026-06-01T10:00:00Z".parse().unwrap();
        let worker = Worker {
            address: None,
            process: 7,
            version: "1.0.0".to_owned(),
            started_at: at,
            seen_at: at,
            age_seconds,
        };
        Queues {
            database: Backlog { oldest: Some(12.4), due: 9, in_flight: 4, put_off: 2, dead_letters: 3 },
            broker,
            notifications: Waiting { pending: 6, oldest_seconds: 8, parked: 1 },
            workers: vec![worker],
        }
    }

    #[test]
    fn what_waits_is_told_apart_from_what_is_in_hand() {
        let queue = BrokerQueue { name: "q.v1.events".to_owned(), ready: 77, consumers: 2 };
        let page = shown(&found(Some(Ok(vec![queue])), 3), &html! {}).into_string();
        for cells in [
            r#"<td class="number">5</td><td class="number">4</td><td class="number">2</td><td class="number">12 s</td>"#,
            r#"<td class="id">q.v1.events</td><td>RabbitMQ</td><td class="number">77</td>"#,
            r#"<td>notifications out</td><td>PostgreSQL</td><td class="number">6</td>"#,
            ">works<",
        ] {
            assert!(page.contains(cells), "{cells}: {page}");
        }
        assert!(!page.contains("alert"), "{page}");
    }

    #[test]
    fn nobody_at_work_and_a_broker_that_is_silent_are_said() {
        let page =
            shown(&found(Some(Err("RabbitMQ cannot be asked".to_owned())), SILENT_AFTER + 1), &html! {});
        let page = page.into_string();
        assert!(page.contains("No worker was seen") && page.contains("RabbitMQ cannot be asked"), "{page}");
        assert!(page.contains(">silent<"), "{page}");
    }
}
