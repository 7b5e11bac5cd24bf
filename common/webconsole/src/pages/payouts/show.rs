//! `GET /console/{project}/{mode}/payouts/{id}`

use crate::{
    elements::{ROWS, badge, id as id_cell, link, money, more, note, reason, table, time, token, when},
    failure::Failure,
    page::Page,
    rights::Right,
    state::Console,
};
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    response::Response,
};
use domain::ids::{ConversionId, PayoutId};
use maud::{Markup, html};
use serde::Deserialize;
use store::payouts::{self, Payout, State as Where};

/// Where its rows go on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    done: String,
    after: String,
}

pub(crate) async fn show(
    State(console): State<Console>,
    page: Page,
    Path((_, _, id)): Path<(String, String, i64)>,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Failure> {
    let wanted = query.map(|Query(wanted)| wanted).unwrap_or_default();
    let mut connection = console.parts.reads.acquire().await?;
    let payout = app::payouts::find(&mut connection, page.realm, PayoutId(id)).await?;
    let after = wanted.after.parse().ok().map(ConversionId);
    let items = payouts::items_after(&mut connection, payout.id, after, ROWS).await?;
    let last = items.last().filter(|_| i64::try_from(items.len()).is_ok_and(|items| items >= ROWS));
    let path = page.path(&format!("/payouts/{}", payout.id));
    let rows: Vec<_> = items
        .iter()
        .map(|item| {
            let to = page.path(&format!("/payments/{}", item.conversion));
            vec![
                time(item.occurred_at),
                id_cell(link(&to, &item.payment)),
                money(item.amount),
                money(item.moved_since),
            ]
        })
        .collect();
    let content = html! {
        h1 { "Payout " (payout.id) }
        (note(&wanted.done))
        (facts(&page, &payout))
        @if payout.state == Where::Open && page.may(Right::Pay) { (acts(&page, &payout)) }
        h2 { "What it pays" }
        (table("Payments as they were frozen", &["Time", "Payment", "Amount", "Moved since"], &rows, "Nothing."))
        @if let Some(last) = last { (more(&path, &[], &last.conversion.to_string())) }
    };
    Ok(page.show(&format!("Payout {}", payout.id), &content))
}

fn facts(page: &Page, payout: &Payout) -> Markup {
    html! {
        dl.facts {
            dt { "Affiliate" } dd { (link(&page.path(&format!("/affiliates/{}", payout.affiliate)), &payout.email)) }
            dt { "Amount" } dd { strong { (payout.amount) } }
            dt { "Status" } dd { (badge(payout.state.as_str())) }
            dt { "Batch" } dd { (link(&page.path(&format!("/payouts?batch={}", payout.batch)), payout.batch)) }
            dt { "Made" } dd { (when(payout.created_at)) }
            @match &payout.state {
                Where::Open => {}
                Where::Paid { at, reference, by } => {
                    dt { "Paid" } dd { (when(*at)) ", " code { (reference) } ", by " (by) }
                }
                Where::Canceled { at, by, reason } => {
                    dt { "Canceled" } dd { (when(*at)) ", by " (by) ": " (reason) }
                }
            }
        }
        @if payout.moved_since.minor != 0 {
            p.warning { (payout.moved_since) " was taken back or held since it was frozen. It pays what it says; the next one nets this." }
        }
    }
}

fn acts(page: &Page, payout: &Payout) -> Markup {
    let path = page.path(&format!("/payouts/{}", payout.id));
    html! {
        div.acts {
            form method="post" action={ (path) "/mark-paid" } {
                h3 { "Mark as paid" }
                (token(&page.person))
                label for="reference" { "Reference at the bank or provider" }
                input id="reference" name="reference" required maxlength="500" autocomplete="off";
                label for="paid_at" { "Day on which the money left, if not today" }
                input id="paid_at" name="paid_at" type="date";
                button type="submit" { "Mark as paid" }
            }
            form method="post" action={ (path) "/cancel" } {
                h3 { "Cancel" }
                p { "What it was for is due again." }
                (token(&page.person))
                (reason("reason-cancel"))
                button.bad type="submit" { "Cancel the payout" }
            }
        }
    }
}
