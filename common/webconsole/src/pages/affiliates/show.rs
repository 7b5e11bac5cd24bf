//! `GET /console/{project}/{mode}/affiliates/{id}`: an affiliate, what it is owed, and what moved that.

use super::{
    account::{self, LINES},
    balances,
};
use crate::{
    elements::{as_of, badge, being_added_up, cell, id, link, list_page, money, table, time, when},
    failure::Failure,
    figures::Account,
    page::Page,
    pages::payments::list::{found, told},
    state::Console,
};
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    response::Response,
};
use chrono::{DateTime, Utc};
use domain::{day::Day, ids::AffiliateId};
use maud::{Markup, html};
use serde::Deserialize;
use store::{
    affiliates::{self, Affiliate},
    conversions::{self, Filter},
    coupons,
    statements::{Latest, Period, Statement},
};

/// The period of the statement.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    from: String,
    to: String,
}

impl Wanted {
    /// Whole days, in UTC.
    pub(crate) fn period(&self) -> Result<Period, Failure> {
        let day = |text: &str| -> Result<Option<Day>, Failure> {
            let text = text.trim();
            if text.is_empty() {
                return Ok(None);
            }
            text.parse()
                .map(Some)
                .map_err(|_| Failure::Refused(format!("{text:?} is no day: write 2026-06-30.")))
        };
        Ok(Period { from: day(&self.from)?.map(Day::start), before: day(&self.to)?.map(Day::end) })
    }
}

/// The affiliate that a path names.
pub(crate) async fn affiliate(console: &Console, page: &Page, id: i64) -> Result<Affiliate, Failure> {
    let mut connection = console.parts.reads.acquire().await?;
    let found = affiliates::find(&mut connection, page.realm, AffiliateId(id)).await?;
    found.ok_or_else(|| Failure::NotFound(format!("There is no affiliate {id} in {} mode.", page.realm.mode)))
}

pub(crate) async fn show(
    State(console): State<Console>,
    page: Page,
    Path((_, _, id)): Path<(String, String, i64)>,
    query: Result<Query<Wanted>, QueryRejection>,
) -> Result<Response, Failure> {
    let wanted = query.map(|Query(wanted)| wanted).unwrap_or_default();
    let affiliate = affiliate(&console, &page, id).await?;
    let mut connection = console.parts.reads.acquire().await?;
    let period = wanted.period()?;
    let of = Filter { affiliate: Some(affiliate.id), ..Filter::default() };
    let latest = conversions::list(&mut connection, page.realm, &of, &list_page("")).await?;
    let ids: Vec<_> = latest.rows.iter().map(|row| row.id).collect();
    let payments = told(&mut connection, &ids).await?;
    let coupons = coupons::list(
        &mut connection,
        page.realm,
        &coupons::Filter { affiliate: Some(affiliate.id), ..coupons::Filter::default() },
        &list_page(""),
    )
    .await?;
    drop(connection);
    let read = account::read(console.clone(), affiliate.id, period);
    let account = console.figures.accounts.of((affiliate.id, period), read).await?;
    let path = page.path(&format!("/affiliates/{}", affiliate.id));
    let content = html! {
        h1 { (affiliate.user_email) }
        (facts(&affiliate))
        h2 { "Owed" }
        @match &account {
            Some(at) => { (as_of(at.read_at)) (owed(&at.figures)) },
            None => (being_added_up()),
        }
        h2 { "Codes" }
        ul {
            li { "Referral code " code { (affiliate.referral_code) } }
            @for coupon in &coupons.rows { li { "Coupon " code { (coupon.naming.coupon_code) } } }
        }
        h2 { "Statement" }
        form.filter.no-print method="get" action=(path) { div.row {
            div { label for="from" { "From" } input id="from" name="from" type="date" value=(wanted.from); }
            div { label for="to" { "To, inclusive" } input id="to" name="to" type="date" value=(wanted.to); }
            button type="submit" { "Show" }
        } }
        p.no-print { a href={ (path) "/statement.csv?from=" (wanted.from) "&to=" (wanted.to) } download { "Download as CSV" } }
        @if let Some(at) = &account { (lines(&page, &at.figures.latest)) }
        h2 { "Latest payments" }
        (found(&page, &payments))
    };
    Ok(page.show_in_part(&affiliate.user_email, &content, account.is_some()))
}

/// What it is owed, when it is due, and what it brought.
fn owed(Account { owed, brought, .. }: &Account) -> Markup {
    let releases = brought.earnings.iter().filter_map(|of| of.next_release_at.map(|at| (of.held, at)));
    html! {
        (balances(owed))
        @for (held, at) in releases { p { "Of what is owed " strong { (held) } " is not due yet; the next of it is released " (when(at)) "." } }
        p { (brought.clicks) " clicks, " (brought.signups) " customers, " (brought.purchases) " purchases that were not taken back." }
    }
}

/// The latest lines of the account.
fn lines(page: &Page, latest: &Latest) -> Markup {
    html! {
        @if latest.statements.is_empty() { p.empty { "Nothing moved." } }
        @if latest.is_cut { p.note role="status" { "The latest " (LINES) " lines. Those before them are in the file, and in a period that ends earlier." } }
        @for statement in &latest.statements { (statement_table(page, statement, latest.is_cut)) }
    }
}

fn facts(affiliate: &Affiliate) -> Markup {
    let status = if affiliate.closed_at.is_some() { "closed" } else { affiliate.status.as_str() };
    html! {
        dl.facts {
            dt { "Number" } dd { (affiliate.id) }
            dt { "Status" } dd { (badge(status)) }
            dt { "Since" } dd { (when(affiliate.created_at)) }
            @if let Some(at) = affiliate.closed_at { dt { "Closed" } dd { (when(at)) } }
            @if let Some(commission) = affiliate.commission { dt { "Commission of its own" } dd { (commission.to_string()) } }
            @if let Some(preferences) = &affiliate.payout_preferences { dt { "How it is paid" } dd { code { (preferences.to_string()) } } }
        }
    }
}

/// What moved an account in one currency, in order.
fn statement_table(page: &Page, statement: &Statement, is_cut: bool) -> Markup {
    let edge =
        |text: &'static str, amount| vec![cell(""), cell(text), cell(""), cell(""), cell(""), money(amount)];
    let mut rows = vec![edge(if is_cut { "Brought forward" } else { "Opening balance" }, statement.opening)];
    rows.extend(statement.lines.iter().map(|line| {
        let payment = line
            .conversion
            .as_ref()
            .map(|(id, payment)| link(&page.path(&format!("/payments/{id}")), payment));
        let payout = line.payout.map(|id| link(&page.path(&format!("/payouts/{id}")), id));
        vec![
            time(line.posted_at),
            cell(app::statements::in_words(line)),
            id(payment.or(payout).unwrap_or_default()),
            money(line.amount),
            money(line.held),
            money(line.balance),
        ]
    }));
    rows.push(edge("Closing balance", statement.closing));
    let caption = format!("Account in {}", statement.currency.as_str().to_uppercase());
    table(&caption, &["Time", "What", "Payment or payout", "Amount", "Held", "Balance"], &rows, "")
}

/// A day at the edge of a period, for the name of a file.
pub(crate) fn edge(at: Option<DateTime<Utc>>) -> String {
    at.map_or_else(|| "all".to_owned(), crate::texts::day)
}
