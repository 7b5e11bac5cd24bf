//! `POST /console/{project}/{mode}/rules/simulate`: what other rules would have made of history. Nothing is changed.

use super::{editor, read};
use crate::{
    elements::{cell, money, table, token},
    failure::Failure,
    form::Posted,
    page::Page,
    state::Console,
};
use app::rules::Simulated;
use axum::{extract::State, response::Response};
use domain::money::Money;
use maud::{Markup, html};

pub(crate) async fn simulate(
    State(console): State<Console>,
    page: Page,
    posted: Posted,
) -> Result<Response, Failure> {
    let (text, from) = (posted.raw("rules"), posted.text("from"));
    let rules = read(text)?;
    let turn = console.simulations.try_acquire();
    let _turn = turn
        .map_err(|_| Failure::Unavailable("Other rules are being tried right now. Try again in a moment."))?;
    let mut snapshot = store::snapshot(&console.parts.writes).await?;
    let simulated = app::rules::simulate(&mut snapshot, page.realm, &rules, |_, _| ()).await?;
    let content = html! {
        h1 { "Rules, tried on the history of " (page.realm.mode) " mode" }
        (compared(&simulated)?)
        h2 { "Keep them" }
        p.warning { "What was paid since the time they hold from is judged again, in both modes." }
        form method="post" action=(page.path("/rules")) {
            (token(&page.person))
            input type="hidden" name="rules" value=(text);
            input type="hidden" name="from" value=(from);
            button type="submit" { "Keep these rules" @if from.is_empty() { ", from now on" } @else { ", from " (from) " on" } }
        }
        (editor(&page, text, from))
    };
    Ok(page.show("Rules tried", &content))
}

/// What each affiliate earned, and would have earned.
fn compared(simulated: &Simulated) -> Result<Markup, Failure> {
    let row = |name: &str, currency, [earned, would, difference]: [i64; 3]| {
        let amount = |minor| money(Money { minor, currency });
        vec![cell(name), amount(earned), amount(would), amount(difference)]
    };
    let totals = simulated.totals()?;
    let mut rows: Vec<_> = totals
        .iter()
        .map(|sum| row("All affiliates", sum.currency, [sum.earned, sum.would_have_earned, sum.difference()]))
        .collect();
    rows.extend(
        simulated
            .affiliates
            .iter()
            .map(|sum| row(&sum.email, sum.currency, [sum.earned, sum.would_have_earned, sum.difference()])),
    );
    Ok(table(
        "Earned, net of what was taken back",
        &["Affiliate", "Earned", "Would have earned", "Difference"],
        &rows,
        "There is no history.",
    ))
}
