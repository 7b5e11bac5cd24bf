//! `GET /console/{project}/{mode}/doctor`: what is wrong with the deployment and with this project and mode, each with what to do.

use crate::{
    elements::{badge, cell, table},
    failure::Failure,
    page::Page,
    state::Console,
};
use app::doctor::{self, Finding, Health};
use axum::{extract::State, response::Response};
use maud::{Markup, html};
use store::schema::Schema;

pub(crate) async fn show(State(console): State<Console>, page: Page) -> Result<Response, Failure> {
    let mut connection = console.parts.reads.acquire().await?;
    let (schema, mut found) = doctor::of_deployment(&mut connection, console.now()).await?;
    if schema == Schema::Current {
        found.extend(doctor::of_one(&mut connection, page.realm).await?);
    }
    let wrong = found.iter().filter(|finding| finding.health != Health::Ok).count();
    let content = html! {
        h1 { "Doctor" }
        @match wrong {
            0 => p { strong { "Nothing is wrong" } " that can be seen from here." },
            1 => p { strong { "One thing" } " is to be mended." },
            more => p { strong { (more) " things" } " are to be mended." },
        }
        (listed(&found))
        p.quiet { "What the Stripe key may read is asked by " code { "tributary doctor" } " alone: the console speaks to nobody but the database." }
    };
    Ok(page.show("Doctor", &content))
}

fn listed(found: &[Finding]) -> Markup {
    let rows: Vec<_> = found
        .iter()
        .map(|Finding { check, of, health, says, mend }| {
            let health = match health {
                Health::Ok => "ok",
                Health::Warning => "warning",
                Health::Failure => "failed",
            };
            let of = of.map_or_else(|| "all".to_owned(), |of| format!("{} {}", of.project, of.mode));
            vec![
                cell(badge(health)),
                cell(check),
                cell(of),
                cell(says),
                cell(mend.as_deref().unwrap_or_default()),
            ]
        })
        .collect();
    table("Checks", &["State", "Check", "Of", "Seen", "To do"], &rows, "")
}
