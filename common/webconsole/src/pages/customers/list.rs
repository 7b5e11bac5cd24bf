//! `GET /console/{project}/{mode}/customers`

use crate::{
    elements::{badge, cell, choice, field, id, link, list_page, next, table, time},
    failure::Failure,
    page::Page,
    state::Console,
};
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::{IntoResponse, Redirect, Response},
};
use domain::{key::Key, settle::CustomerStatus};
use maud::html;
use serde::Deserialize;
use store::{
    customers::{self, Customer, Filter},
    page::Position,
};

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    /// An address, `cus_…`, or the company's own id.
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
        let keys: Vec<Key> = app::decisions::customer_keys(&named)?;
        let found = customers::find_by_keys(&mut connection, page.realm, &keys).await?;
        if let Some((_, customer)) = found.first() {
            return Ok(Redirect::to(&page.path(&format!("/customers/{}", customer.id))).into_response());
        }
        missing = true;
    }
    let filter = Filter { status: CustomerStatus::parse(&wanted.status), ..Filter::default() };
    let rows = customers::list(&mut connection, page.realm, &filter, &list_page(&wanted.after)).await?;
    let cells: Vec<_> = rows
        .rows
        .iter()
        .map(|customer| {
            let affiliate = customer.affiliate.map(|id| link(&page.path(&format!("/affiliates/{id}")), id));
            vec![
                cell(link(&page.path(&format!("/customers/{}", customer.id)), name(customer))),
                cell(badge(customer.status.as_str())),
                cell(affiliate.unwrap_or_else(|| html! { "–" })),
                id(customer.referral_code.as_deref().or(customer.coupon_code.as_deref()).unwrap_or("–")),
                time(customer.first_seen_at),
            ]
        })
        .collect();
    let path = page.path("/customers");
    let statuses = CustomerStatus::ALL.map(CustomerStatus::as_str);
    let content = html! {
        h1 { "Customers" }
        form.filter method="get" action=(path) role="search" { div.row {
            (field("q", "Address, cus_… or your own id", &wanted.q))
            (choice("status", "Status", &wanted.status, "any", &statuses))
            button type="submit" { "Find" }
        } }
        @if missing { p.problem role="alert" { "There is no customer " (named) " in " (page.realm.mode) " mode." } }
        (table("Customers, the latest first", &["Customer", "Status", "Affiliate", "Code", "First seen"], &cells, "There is none."))
        (next(&path, &[("status", &wanted.status)], &rows, |row| Position { at: row.first_seen_at, id: row.id.0 }))
    };
    Ok(page.show("Customers", &content))
}

/// What a customer is called.
pub(crate) fn name(customer: &Customer) -> String {
    let name = customer.user_email.as_deref().or(customer.stripe_customer_id.as_deref());
    let name = name.or(customer.external_id.as_deref()).map(str::to_owned);
    name.unwrap_or_else(|| format!("customer {}", customer.id))
}
