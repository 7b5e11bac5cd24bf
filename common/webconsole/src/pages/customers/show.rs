//! `GET /console/{project}/{mode}/customers/{id}`

use super::list::name;
use crate::{
    elements::{badge, cell, field, link, note, reason, table, time, token, when},
    failure::Failure,
    page::Page,
    pages::payments::{
        list::{found, told},
        show::Done,
    },
    rights::Right,
    state::Console,
};
use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    response::Response,
};
use domain::{ids::CustomerId, key::Key, settle::Bind};
use maud::{Markup, html};
use store::{
    affiliates,
    customers::{self, Customer},
    decisions, overview,
};

/// Payments of a customer that are shown.
const MOST_PAYMENTS: i64 = 100;
const MOST_DECISIONS: i64 = 100;

/// The customer that a path names.
pub(crate) async fn customer(console: &Console, page: &Page, id: i64) -> Result<Customer, Failure> {
    let mut connection = console.parts.reads.acquire().await?;
    let found = customers::find(&mut connection, page.realm, CustomerId(id)).await?;
    found.ok_or_else(|| Failure::NotFound(format!("There is no customer {id} in {} mode.", page.realm.mode)))
}

/// Every name that the row has, as keys.
pub(crate) fn keys(customer: &Customer) -> Vec<Key> {
    let stripe = customer.stripe_customer_id.clone().map(Key::stored);
    let own = customer.external_id.as_deref().map(Key::user);
    let email = customer.user_email.as_deref().and_then(Key::email);
    stripe.into_iter().chain(email).chain(own).collect()
}

pub(crate) async fn show(
    State(console): State<Console>,
    page: Page,
    Path((_, _, id)): Path<(String, String, i64)>,
    query: Result<Query<Done>, QueryRejection>,
) -> Result<Response, Failure> {
    let customer = customer(&console, &page, id).await?;
    let mut connection = console.parts.reads.acquire().await?;
    let affiliate = match customer.affiliate {
        Some(id) => affiliates::find(&mut connection, page.realm, id).await?,
        None => None,
    };
    let ids = overview::of_customer(&mut connection, customer.id, MOST_PAYMENTS).await?;
    let payments = told(&mut connection, &ids).await?;
    let subjects: Vec<String> = keys(&customer).iter().map(|key| key.as_str().to_owned()).collect();
    let decided = decisions::list(&mut connection, page.realm, Some(&subjects), None, MOST_DECISIONS).await?;
    let log: Vec<_> = decided
        .iter()
        .map(|one| vec![time(one.decided_at), cell(&one.decided), cell(&one.actor), cell(&one.reason)])
        .collect();
    let content = html! {
        h1 { (name(&customer)) }
        (note(&query.map(|Query(query)| query.done).unwrap_or_default()))
        dl.facts {
            dt { "Number" } dd { (customer.id) }
            dt { "Status" } dd { (badge(customer.status.as_str())) }
            @if let Some(id) = &customer.stripe_customer_id { dt { "At Stripe" } dd { code { (id) } } }
            @if let Some(id) = &customer.external_id { dt { "Your own id" } dd { code { (id) } } }
            dt { "First seen" } dd { (when(customer.first_seen_at)) }
            @if let Some(at) = customer.converted_at { dt { "First payment" } dd { (when(at)) } }
            dt { "Affiliate" } dd { @match &affiliate {
                Some(affiliate) => (link(&page.path(&format!("/affiliates/{}", affiliate.id)), &affiliate.user_email)),
                None => "nobody",
            } }
            (bind(&page, &customer))
        }
        @if page.may(Right::Decide) { (acts(&page, &customer)) }
        h2 { "Payments" }
        (found(&page, &payments))
        h2 { "Decisions" }
        (table("Decisions, the latest first", &["Time", "Decided", "Who", "Why"], &log, "Nobody decided anything about this customer."))
    };
    Ok(page.show(&name(&customer), &content))
}

/// How the affiliate was found.
fn bind(page: &Page, customer: &Customer) -> Markup {
    let bind = customer.attribution.clone().and_then(|told| serde_json::from_value::<Bind>(told).ok());
    html! { @if let Some(bind) = bind {
        dt { "Bound by" } dd { (bind.method.in_words()) ", on " (when(bind.bound_at)) ": "
            @let event: String = url::form_urlencoded::byte_serialize(bind.evidence.event.as_bytes()).collect();
            (link(&page.path(&format!("/events?event={event}")), &bind.evidence.object)) }
        @if let Some(code) = bind.coupon_code.as_deref().or(bind.referral_code.as_deref()) { dt { "Code" } dd { code { (code) } } }
    } }
}

fn acts(page: &Page, customer: &Customer) -> Markup {
    let path = page.path(&format!("/customers/{}/lock", customer.id));
    html! {
        h2 { "Decide" }
        div.acts {
            form method="post" action=(path) {
                h3 { "Lock" }
                p { "All payments of this customer are judged again: they are the affiliate's, or nobody's." }
                (token(&page.person))
                input type="hidden" name="act" value="lock";
                (field("affiliate", "Affiliate, by number or address; empty for nobody", ""))
                (reason("reason-lock"))
                button type="submit" { "Lock the customer" }
            }
            form method="post" action=(path) {
                h3 { "Unlock" }
                p { "Codes decide again, as if there had been no lock." }
                (token(&page.person))
                input type="hidden" name="act" value="unlock";
                (reason("reason-unlock"))
                button type="submit" { "Unlock the customer" }
            }
        }
    }
}
