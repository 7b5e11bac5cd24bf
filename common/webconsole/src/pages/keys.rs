//! `GET`, `POST /console/{project}/{mode}/keys`: the API keys of a project.

use crate::{
    elements::{cell, choice, field, id, table, time, token},
    failure::Failure,
    form::Posted,
    page::Page,
    pages::payments::show::Done,
    rights::Right,
    state::Console,
};
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    response::Response,
};
use maud::{Markup, html};
use store::{
    PgConnection,
    acts::{self, Act},
    api_keys::{ErrorForm, KeyRole},
    keys::{self, ApiKey, NewKey},
};

pub(crate) async fn list(
    State(console): State<Console>,
    page: Page,
    query: Result<Query<Done>, QueryRejection>,
) -> Result<Response, Failure> {
    let keys = of(&console, &page).await?;
    let content = html! {
        h1 { "API keys" }
        (crate::elements::note(&query.map(|Query(query)| query.done).unwrap_or_default()))
        (listed(&page, &keys))
        @if page.may(Right::Keys) { (form(&page)) }
    };
    Ok(page.show("API keys", &content))
}

async fn of(console: &Console, page: &Page) -> Result<Vec<ApiKey>, Failure> {
    let mut keys = keys::list(&mut *console.parts.reads.acquire().await?, page.realm.project).await?;
    keys.retain(|key| key.realm == page.realm);
    Ok(keys)
}

fn listed(page: &Page, keys: &[ApiKey]) -> Markup {
    let rows: Vec<_> = keys
        .iter()
        .map(|key| {
            let ends = html! {
                form method="post" action=(page.path(&format!("/keys/{}/revoke", key.id))) {
                    (token(&page.person))
                    button.bad type="submit" { "Revoke " (key.prefix) "…" }
                }
            };
            let state = match key.revoked_at {
                Some(at) => html! { "revoked " (crate::elements::when(at)) },
                None if page.may(Right::Keys) => ends,
                None => html! { "valid" },
            };
            vec![
                id(format!("{}…", key.prefix)),
                cell(&key.name),
                cell(key.role.as_str()),
                time(key.created_at),
                cell(state),
            ]
        })
        .collect();
    let caption = format!("Keys of {} mode", page.realm.mode);
    table(&caption, &["Key", "Name", "Role", "Made", "State"], &rows, "There is none.")
}

fn form(page: &Page) -> Markup {
    html! {
        h2 { "Make one" }
        form method="post" action=(page.path("/keys")) {
            (token(&page.person))
            (field("name", "Name, which is on record for what is done with it", ""))
            (choice("role", "Role", "", "full", &[KeyRole::Read.as_str(), KeyRole::Finance.as_str()]))
            button type="submit" { "Make a key" }
        }
    }
}

/// Makes a key and shows it, this once.
pub(crate) async fn create(
    State(console): State<Console>,
    page: Page,
    posted: Posted,
) -> Result<Response, Failure> {
    let role = match posted.text("role") {
        "" => KeyRole::Full,
        text => {
            KeyRole::parse(text).ok_or_else(|| Failure::Refused(format!("There is no role {text:?}.")))?
        }
    };
    let name = posted.text("name");
    if name.chars().count() > 200 {
        return Err(Failure::Refused("A name has at most 200 characters.".to_owned()));
    }
    let mut transaction = console.parts.writes.begin().await?;
    let new = NewKey { name, role, errors: ErrorForm::Object };
    let (key, secret) = app::keys::create(&mut transaction, page.realm, new).await?;
    record(&mut transaction, &console, &page, "API key made", &key.prefix).await?;
    transaction.commit().await?;
    let content = html! {
        h1 { "API key " (key.prefix) "…" }
        p.warning { "It is shown this once. Keep it where its program reads it." }
        pre tabindex="0" { (secret.expose()) }
        p { a href=(page.path("/keys")) { "To the keys" } }
    };
    Ok(page.show("API key", &content))
}

/// Ends a key.
pub(crate) async fn revoke(
    State(console): State<Console>,
    page: Page,
    Path((_, _, id)): Path<(String, String, i64)>,
    _posted: Posted,
) -> Result<Response, Failure> {
    let mut transaction = console.parts.writes.begin().await?;
    let key = app::keys::find(&mut transaction, page.realm, id).await?;
    app::keys::revoke(&mut transaction, page.realm.project, id).await?;
    record(&mut transaction, &console, &page, "API key revoked", &key.prefix).await?;
    transaction.commit().await?;
    Ok(crate::elements::done(&page.path("/keys"), "revoked"))
}

/// A line on record, of an act that leaves none by itself.
pub(crate) async fn record(
    connection: &mut PgConnection,
    console: &Console,
    page: &Page,
    what: &str,
    subject: &str,
) -> Result<(), Failure> {
    let who = &page.person.who;
    let (at, realm) = (console.now(), Some(page.realm));
    let act = Act { at, actor: &who.name, user: Some(who.user), realm, what, subject, detail: None };
    Ok(acts::record(connection, act).await?)
}
