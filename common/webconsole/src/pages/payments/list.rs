//! `GET /console/{project}/{mode}/payments`

use crate::{
    elements::{badge, cell, choice, field, id, link, list_page, money, next, table, time},
    failure::Failure,
    page::Page,
    state::Console,
};
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use domain::{fact::ConversionKind, ids::ConversionId, settle::ConversionStatus};
use maud::{Markup, html};
use serde::Deserialize;
use std::collections::BTreeMap;
use store::{
    PgConnection,
    conversions::{self, Filter},
    overview::{self, Overview},
    page::{Position, Rows},
};

/// Payments of one name are few.
const MOST_FOUND: usize = 200;

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    /// Any id of a payment, or a customer.
    q: String,
    status: String,
    kind: String,
    after: String,
}

pub(crate) async fn list(
    State(console): State<Console>,
    page: Page,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Failure> {
    let wanted = query.map(|Query(wanted)| wanted).unwrap_or_default();
    let mut connection = console.parts.reads.acquire().await?;
    let rows = if wanted.q.trim().is_empty() {
        filtered(&mut connection, &page, &wanted).await?
    } else {
        named(&mut connection, &page, wanted.q.trim()).await?
    };
    let path = page.path("/payments");
    let content = html! {
        h1 { "Payments" }
        (form(&path, &wanted))
        (found(&page, &rows.rows))
        (next(&path, &[("status", &wanted.status), ("kind", &wanted.kind)], &rows, |row| Position { at: row.occurred_at, id: row.id.0 }))
    };
    Ok(page.show("Payments", &content))
}

fn form(path: &str, wanted: &Wanted) -> Markup {
    let statuses = ConversionStatus::ALL.map(ConversionStatus::as_str);
    let kinds = [ConversionKind::Purchase, ConversionKind::Signup].map(ConversionKind::as_str);
    html! {
        form.filter method="get" action=(path) role="search" { div.row {
            (field("q", "Payment or customer: in_…, pi_…, ch_…, your reference, an address, cus_…", &wanted.q))
            (choice("status", "Status", &wanted.status, "any", &statuses))
            (choice("kind", "Type", &wanted.kind, "any", &kinds))
            button type="submit" { "Find" }
        } }
    }
}

/// Payments in a table, each leading to its story.
pub(crate) fn found(page: &Page, payments: &[Overview]) -> Markup {
    let rows: Vec<_> = payments
        .iter()
        .map(|payment| {
            let customer = payment.customer.as_ref().map(|customer| {
                let name = customer.email.as_deref().or(customer.code.as_deref()).unwrap_or("without a name");
                link(&page.path(&format!("/customers/{}", customer.id)), name)
            });
            let affiliate = payment.affiliate.as_ref().map(|affiliate| {
                let name = affiliate.email.as_deref().unwrap_or("without an address");
                link(&page.path(&format!("/affiliates/{}", affiliate.id)), name)
            });
            vec![
                time(payment.occurred_at),
                id(link(&page.path(&format!("/payments/{}", payment.id)), &payment.payment)),
                cell(badge(&payment.status)),
                cell(customer.unwrap_or_else(|| html! { "a guest" })),
                cell(affiliate.unwrap_or_else(|| html! { "nobody" })),
                money(payment.base),
                money(payment.commission),
            ]
        })
        .collect();
    let head = ["Time", "Payment", "Status", "Customer", "Affiliate", "Base", "Commission"];
    table("Payments and signups, the latest first", &head, &rows, "There is none that fits.")
}

async fn filtered(
    connection: &mut PgConnection,
    page: &Page,
    wanted: &Wanted,
) -> Result<Rows<Overview>, Failure> {
    let filter = Filter {
        status: ConversionStatus::parse(&wanted.status),
        kind: ConversionKind::parse(&wanted.kind),
        ..Filter::default()
    };
    let listed = conversions::list(connection, page.realm, &filter, &list_page(&wanted.after)).await?;
    let ids: Vec<_> = listed.rows.iter().map(|row| row.id).collect();
    let Rows { has_more, stopped, .. } = listed;
    Ok(Rows { rows: told(connection, &ids).await?, has_more, stopped })
}

/// The payments with these numbers, in that order.
pub(crate) async fn told(
    connection: &mut PgConnection,
    ids: &[ConversionId],
) -> Result<Vec<Overview>, Failure> {
    let mut told: BTreeMap<_, _> =
        overview::of(connection, ids).await?.into_iter().map(|row| (row.id, row)).collect();
    Ok(ids.iter().filter_map(|id| told.remove(id)).collect())
}

async fn named(connection: &mut PgConnection, page: &Page, name: &str) -> Result<Rows<Overview>, Failure> {
    let name = name.replace('\0', "");
    let ids = overview::by_name(connection, Some(page.realm.project), &name).await?;
    let mut rows = overview::of(connection, &ids).await?;
    rows.retain(|row| row.realm == page.realm);
    rows.reverse();
    rows.truncate(MOST_FOUND);
    Ok(Rows { rows, has_more: false, stopped: None })
}
