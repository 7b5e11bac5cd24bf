//! `GET /portal`: what an affiliate is owed, when it comes, and what was paid, in plain words.

use crate::{
    cookies,
    elements::{badge, cell, list_page, money, table, time},
    failure::Failure,
    layout,
    state::Console,
};
use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use domain::money::Money;
use maud::{Markup, html};
use store::{
    affiliates::{self, Earnings},
    console_sessions::SessionDigest,
    conversions::{self, Conversion, Filter},
    payouts::{self, Payout, State as Where},
    portal_passes, projects,
    statements::{self, Balance},
};

/// Payouts that are shown.
const MOST_PAYOUTS: i64 = 100;

pub(crate) async fn show(State(console): State<Console>, headers: HeaderMap) -> Response {
    page(&console, &headers).await.unwrap_or_else(|failure| layout::failed(None, &failure))
}

async fn page(console: &Console, headers: &HeaderMap) -> Result<Response, Failure> {
    let closed = || Failure::Refused("Open this page by the link that you were given.".to_owned());
    let pass = cookies::portal(headers).ok_or_else(closed)?;
    let mut connection = console.parts.reads.acquire().await?;
    let now = console.now();
    let found = portal_passes::find_cookie(&mut connection, SessionDigest::of(pass), now).await?;
    let (id, realm) = found.ok_or_else(closed)?;
    let affiliate = affiliates::find(&mut connection, realm, id).await?.ok_or_else(closed)?;
    let project = projects::find(&mut connection, realm.project).await?.ok_or_else(closed)?;
    let balances = statements::balances(&mut connection, &[id]).await?;
    let figures = affiliates::figures(&mut connection, &[id], now).await?.remove(&id).unwrap_or_default();
    let of = Filter { affiliate: Some(id), ..Filter::default() };
    let latest = conversions::list(&mut connection, realm, &of, &list_page("")).await?.rows;
    let filter = payouts::Filter { affiliate: Some(id), ..payouts::Filter::default() };
    let paid = payouts::list(&mut connection, realm, &filter, MOST_PAYOUTS).await?;
    let content = html! {
        h1 { (project.name) ": your account" }
        @if !realm.mode.is_live() { p.warning { "This is test mode: nothing here is money." } }
        @if balances.is_empty() { p { "You have not earned anything yet." } }
        @for balance in &balances { (in_words(balance, &figures.earnings)) }
        p { "Your links brought " (figures.clicks) " visits and " (figures.signups) " customers, who made " (figures.purchases) " purchases." }
        h2 { "Your code" }
        p { "Whoever comes by " code { "/r/" (affiliate.referral_code) } " or gives the code " code { (affiliate.referral_code) } " is yours." }
        h2 { "Latest commissions" }
        (commissions(&latest))
        h2 { "Payouts" }
        (payouts_table(&paid))
    };
    Ok(layout::bare("Your account", &content).into_response())
}

/// One currency in a few sentences.
fn in_words(balance: &Balance, earnings: &[Earnings]) -> Markup {
    let amount = |minor| Money { minor, currency: balance.currency }.to_string();
    let of = earnings.iter().find(|of| of.total.currency == balance.currency);
    html! {
        h2 { (balance.currency.as_str().to_uppercase()) }
        dl.facts {
            dt { "You earned" } dd { (amount(balance.earned.saturating_sub(balance.clawed_back))) }
            @if balance.clawed_back != 0 { dt { "Refunded by customers, and so not in it" } dd { (amount(balance.clawed_back)) } }
            dt { "You were paid" } dd { (amount(balance.paid)) }
            @if let Some(of) = of {
                dt { "You will be paid with the next payout" } dd { strong { (of.eligible) } }
                @if of.held.minor != 0 {
                    dt { "Pending" } dd { (of.held) @if let Some(at) = of.next_release_at { ", the next of it until " (crate::elements::when(at)) } }
                }
            }
        }
    }
}

fn commissions(latest: &[Conversion]) -> Markup {
    let rows: Vec<_> = latest
        .iter()
        .map(|one| {
            let net =
                Money { minor: one.commission.minor.saturating_sub(one.clawed_back.minor), ..one.commission };
            let until = one.release_at.map_or_else(|| html! { "–" }, crate::elements::when);
            vec![time(one.occurred_at), cell(badge(one.status.as_str())), money(net), cell(until)]
        })
        .collect();
    table(
        "Commissions, the latest first",
        &["Time", "Status", "Commission", "Released"],
        &rows,
        "There is none yet.",
    )
}

fn payouts_table(paid: &[Payout]) -> Markup {
    let rows: Vec<_> = paid
        .iter()
        .filter(|payout| !matches!(payout.state, Where::Canceled { .. }))
        .map(|payout| {
            let (at, reference) = match &payout.state {
                Where::Paid { at, reference, .. } => (crate::elements::when(*at), reference.clone()),
                Where::Open | Where::Canceled { .. } => (html! { "on its way" }, String::new()),
            };
            vec![cell(at), money(payout.amount), cell(badge(payout.state.as_str())), cell(reference)]
        })
        .collect();
    table(
        "Payouts, the latest first",
        &["Paid", "Amount", "Status", "Reference"],
        &rows,
        "There is none yet.",
    )
}
