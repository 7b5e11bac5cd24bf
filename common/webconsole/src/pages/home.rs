//! `GET /console`: to the project, or to a choice of them.

use crate::{failure::Failure, layout, page::Section, person::Person, state::Console};
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use domain::ids::{Mode, Realm};
use maud::html;

pub(crate) async fn show(State(console): State<Console>, person: Person) -> Result<Response, Failure> {
    let projects = console.projects().await?;
    if let [only] = projects.as_slice() {
        let realm = Realm { project: only.id, mode: Mode::Live };
        return Ok(Redirect::to(&Section::Overview.of(realm)).into_response());
    }
    let content = html! {
        h1 { "Projects" }
        @if projects.is_empty() {
            p { "There is none yet. Make one with " code { "tributary project create" } "." }
        }
        ul.choice { @for project in &projects { li {
            strong { (project.name) }
            @for mode in [Mode::Live, Mode::Test] {
                " " a href=(Section::Overview.of(Realm { project: project.id, mode })) { (mode) }
            }
        } } }
    };
    Ok(layout::of_nobody("Projects", Some(&person), &content).into_response())
}
