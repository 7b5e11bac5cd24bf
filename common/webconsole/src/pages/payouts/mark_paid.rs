//! `POST /console/{project}/{mode}/payouts/{id}/mark-paid` and `/batches/{id}/mark-paid`

use crate::{elements::done, failure::Failure, form::Posted, page::Page, state::Console};
use app::payouts::{self, Paid, Which};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use domain::{
    day::Day,
    ids::{BatchId, PayoutId},
};

/// Records that the money of one payout left.
pub(crate) async fn one(
    State(console): State<Console>,
    page: Page,
    Path((_, _, id)): Path<(String, String, i64)>,
    posted: Posted,
) -> Result<Response, Failure> {
    let id = PayoutId(id);
    payouts::find(&mut *console.parts.reads.acquire().await?, page.realm, id).await?;
    mark(&console, &page, Which::Payouts(&[id]), &posted).await?;
    Ok(done(&page.path(&format!("/payouts/{id}")), "paid"))
}

/// Records that the money of all open payouts of a batch left.
pub(crate) async fn all(
    State(console): State<Console>,
    page: Page,
    Path((_, _, id)): Path<(String, String, i64)>,
    posted: Posted,
) -> Result<Response, Failure> {
    let batch = BatchId(id);
    payouts::batch(&mut *console.parts.reads.acquire().await?, page.realm, batch).await?;
    mark(&console, &page, Which::Batch(batch), &posted).await?;
    Ok(Redirect::to(&page.path(&format!("/payouts?batch={batch}&done=paid"))).into_response())
}

async fn mark(console: &Console, page: &Page, which: Which<'_>, posted: &Posted) -> Result<(), Failure> {
    let reference = posted.text("reference");
    if reference.is_empty() {
        return Err(Failure::Refused("Give the payment's reference at the bank or provider.".to_owned()));
    }
    let on = Some(posted.text("paid_at")).filter(|text| !text.is_empty());
    let on: Option<Day> = on
        .map(|text| {
            text.parse().map_err(|_| Failure::Refused(format!("{text:?} is no day: write 2026-06-30.")))
        })
        .transpose()?;
    // Today is now, not its beginning, which may lie before the payout.
    let now = console.now();
    let on = on.filter(|day| !(day.start() <= now && now < day.end()));
    let paid = Paid { reference, on, actor: &page.person.who.name };
    payouts::mark_paid(&console.parts.writes, which, paid, now).await?;
    Ok(())
}
