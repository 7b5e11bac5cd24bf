//! `GET /console/{project}/{mode}/payouts/plan`: what would be frozen, and what would be carried over and why.

use super::{Asked, Read, names};
use crate::{
    elements::{being_added_up, cell, field, link, money, number, table, token, when},
    failure::Failure,
    figures::Due,
    kept::At,
    page::Page,
    rights::Right,
    state::Console,
};
use axum::{
    extract::{Query, State, rejection::QueryRejection},
    response::Response,
};
use domain::{
    ids::AffiliateId,
    payout::{CarryReason, Plan},
};
use maud::{Markup, html};
use std::collections::BTreeMap;

pub(crate) async fn show(
    State(console): State<Console>,
    page: Page,
    query: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Failure> {
    let asked = query.map(|Query(asked)| asked).unwrap_or_default();
    let read = asked.read(&console, &page).await?;
    let key = (page.realm, format!("{read:?}"));
    let due = console.figures.due.of(key, planned(console.clone(), page.clone(), read)).await?;
    let path = page.path("/payouts/plan");
    let content = html! {
        h1 { "What is due" }
        form.filter method="get" action=(path) { div.row {
            div { label for="as_of" { "Released up to the end of" } input id="as_of" name="as_of" type="date" value=(asked.as_of); }
            (field("minimum", "At least, as 10.00usd 8.00eur", &asked.minimum))
            (field("currency", "Only in", &asked.currency))
            (field("affiliate", "Only this affiliate", &asked.affiliate))
            button type="submit" { "Show" }
        } }
        @match &due {
            None => (being_added_up()),
            Some(at) => {
                @let Due { preview, names } = &at.figures;
                p { "What is due as of " (when(preview.as_of)) ", by the ledger of " (when(at.read_at)) ". Nothing is frozen yet." }
                (paid(&page, &preview.plan, names))
                (carried(&preview.plan, names))
                @if page.may(Right::Pay) && !preview.plan.payouts.is_empty() { (freeze(&page, &asked)) }
            }
        }
    };
    Ok(page.show_in_part("What is due", &content, due.is_some()))
}

async fn planned(console: Console, page: Page, asked: Read) -> Result<At<Due>, Failure> {
    let _turn = console.long_read().await?;
    let read_at = console.now();
    let preview = app::payouts::preview(&console.parts.reads, page.realm, asked.wanted(), read_at).await?;
    Ok(At { read_at, figures: Due { preview, names: names(&console, &page).await? } })
}

/// What would be frozen.
fn paid(page: &Page, planned: &Plan, names: &BTreeMap<AffiliateId, String>) -> Markup {
    let rows: Vec<_> = planned
        .payouts
        .iter()
        .map(|payout| {
            let name = names.get(&payout.affiliate).map_or("", String::as_str);
            let affiliate = link(&page.path(&format!("/affiliates/{}", payout.affiliate)), name);
            vec![cell(affiliate), money(payout.amount), number(payout.items.len())]
        })
        .collect();
    table("What would be paid", &["Affiliate", "Amount", "Payments"], &rows, "There is none.")
}

/// What waits for the next payout.
fn carried(planned: &Plan, names: &BTreeMap<AffiliateId, String>) -> Markup {
    let rows: Vec<_> = planned
        .carried_over
        .iter()
        .map(|carried| {
            let why = match carried.why {
                CarryReason::Negative => "more was taken back than is due",
                CarryReason::BelowMinimum => "below the minimum",
                CarryReason::Fraction => "less than a unit that banks take",
            };
            let name = names.get(&carried.affiliate).map_or("", String::as_str);
            vec![cell(name), money(carried.amount), cell(why)]
        })
        .collect();
    table(
        "What would be carried over",
        &["Affiliate", "Balance", "Why"],
        &rows,
        "Nothing would be carried over.",
    )
}

fn freeze(page: &Page, asked: &Asked) -> Markup {
    html! {
        h2 { "Freeze it" }
        p.warning { "Rows and amounts are frozen as they are at that moment. A payout can be canceled as long as it is not marked as paid." }
        form method="post" action=(page.path("/payouts")) {
            (token(&page.person))
            input type="hidden" name="as_of" value=(asked.as_of);
            input type="hidden" name="minimum" value=(asked.minimum);
            input type="hidden" name="currency" value=(asked.currency);
            input type="hidden" name="affiliate" value=(asked.affiliate);
            label for="key" { "Your name for this run, as 2026-06: said again, it pays nothing twice" }
            input id="key" name="key" required maxlength="200" autocomplete="off";
            button type="submit" { "Freeze" }
        }
    }
}
