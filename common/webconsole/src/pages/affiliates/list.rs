//! `GET /console/{project}/{mode}/affiliates`

use super::{HEAD, figures};
use crate::{
    elements::{Cell, as_of, badge, being_added_up, cell, choice, field, id, link, list_page, next, table},
    failure::Failure,
    figures::Balances,
    kept::At,
    page::Page,
    state::Console,
};
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Redirect, Response},
};
use domain::ids::AffiliateId;
use maud::html;
use serde::Deserialize;
use store::{
    affiliates::{self, Affiliate, AffiliateStatus, Listed},
    page::Position,
    statements::{self, Balance},
};

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    /// An address or a number.
    q: String,
    status: String,
    after: String,
}

pub(crate) async fn list(
    State(console): State<Console>,
    page: Page,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Failure> {
    let wanted = query.map(|Query(wanted)| wanted).unwrap_or_default();
    let mut connection = console.parts.reads.acquire().await?;
    let named = wanted.q.trim().replace('\0', "");
    let mut missing = false;
    if !named.is_empty() {
        if let Some((id, _)) = affiliates::by_name(&mut connection, page.realm, &named).await? {
            return Ok(Redirect::to(&page.path(&format!("/affiliates/{id}"))).into_response());
        }
        missing = true;
    }
    let listed = match wanted.status.as_str() {
        "closed" => Listed::Closed,
        status => Listed::Open(AffiliateStatus::parse(status)),
    };
    let rows = affiliates::list(&mut connection, page.realm, listed, &list_page(&wanted.after)).await?;
    let ids: Vec<_> = rows.rows.iter().map(|affiliate| affiliate.id).collect();
    drop(connection);
    let balances = console.figures.balances.of(ids.clone(), balances(console.clone(), ids)).await?;
    let known = balances.as_ref().map(|at| at.figures.0.as_slice()).unwrap_or_default();
    let path = page.path("/affiliates");
    let cells: Vec<_> = rows
        .rows
        .iter()
        .flat_map(|affiliate| {
            let of: Vec<_> = known.iter().filter(|balance| balance.affiliate == affiliate.id).collect();
            described(&page, affiliate, &of)
        })
        .collect();
    let content = html! {
        h1 { "Affiliates" }
        form.filter method="get" action=(path) role="search" { div.row {
            (field("q", "Address or number", &wanted.q))
            (choice("status", "Status", &wanted.status, "open", &["active", "inactive", "closed"]))
            button type="submit" { "Find" }
        } }
        @if missing { p.problem role="alert" { "There is no affiliate " (named) " in " (page.realm.mode) " mode." } }
        @match &balances {
            Some(at) => (as_of(at.read_at)),
            None => (being_added_up()),
        }
        (table("Affiliates, the latest first", &[&["Affiliate", "Code", "Status"][..], &HEAD].concat(), &cells, "There is none."))
        (next(&path, &[("status", &wanted.status)], &rows, |row| Position { at: row.created_at, id: row.id.0 }))
    };
    Ok(page.show_in_part("Affiliates", &content, balances.is_some()))
}

async fn balances(console: Console, ids: Vec<AffiliateId>) -> Result<At<Balances>, Failure> {
    let mut connection = console.patient().await?;
    let read_at = console.now();
    Ok(At { read_at, figures: Balances(statements::balances(&mut connection, &ids).await?) })
}

/// A row for each currency; one without figures for who has none.
fn described(page: &Page, affiliate: &Affiliate, balances: &[&Balance]) -> Vec<Vec<Cell>> {
    let to = page.path(&format!("/affiliates/{}", affiliate.id));
    let status = if affiliate.closed_at.is_some() { "closed" } else { affiliate.status.as_str() };
    let names =
        || vec![cell(link(&to, &affiliate.user_email)), id(&affiliate.referral_code), cell(badge(status))];
    if balances.is_empty() {
        let none = HEAD.iter().map(|_| cell("–"));
        return vec![names().into_iter().chain(none).collect()];
    }
    balances.iter().map(|balance| names().into_iter().chain(figures(balance)).collect()).collect()
}
