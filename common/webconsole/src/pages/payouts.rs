//! Payouts: what is due, what was frozen, paid and given up.

pub(crate) mod cancel;
pub(crate) mod export;
pub(crate) mod freeze;
pub(crate) mod list;
pub(crate) mod mark_paid;
pub(crate) mod plan;
pub(crate) mod show;

use crate::{
    elements::{Cell, badge, cell, link, money, number, table, time},
    failure::Failure,
    page::Page,
    state::Console,
};
use app::payouts::Wanted;
use domain::{
    day::Day,
    ids::AffiliateId,
    money::{Currency, Money},
};
use maud::Markup;
use serde::Deserialize;
use std::collections::BTreeMap;
use store::{overview, payouts::Payout};

/// What is to be paid, as a form says it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    pub(crate) as_of: String,
    /// As `10.00usd`, several of them apart by blanks.
    pub(crate) minimum: String,
    pub(crate) currency: String,
    /// One affiliate, by number or address.
    pub(crate) affiliate: String,
}

/// The same, read.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) as_of: Option<Day>,
    pub(crate) minimums: Vec<Money>,
    pub(crate) currency: Option<Currency>,
    pub(crate) affiliates: Vec<AffiliateId>,
}

impl Read {
    /// The same for the use cases.
    pub(crate) fn wanted(&self) -> Wanted<'_> {
        Wanted {
            as_of: self.as_of,
            minimums: &self.minimums,
            currency: self.currency,
            affiliates: &self.affiliates,
        }
    }
}

impl Asked {
    pub(crate) async fn read(&self, console: &Console, page: &Page) -> Result<Read, Failure> {
        let refused = |text: &str, what| Failure::Refused(format!("{text:?} is {what}"));
        let as_of = Some(self.as_of.trim()).filter(|text| !text.is_empty());
        let as_of = as_of
            .map(|text| text.parse().map_err(|_| refused(text, "no day: write 2026-06-30.")))
            .transpose()?;
        let minimums = self.minimum.split_whitespace();
        let minimums = minimums.map(|text| {
            text.parse().map_err(|_| refused(text, "no amount with its currency: write 10.00usd."))
        });
        let currency = Some(self.currency.trim()).filter(|text| !text.is_empty());
        let currency = currency
            .map(|text| {
                Currency::parse(&text.to_lowercase()).map_err(|_| refused(text, "no currency: write usd."))
            })
            .transpose()?;
        let affiliates = match self.affiliate.trim() {
            "" => Vec::new(),
            named => {
                let mut connection = console.parts.reads.acquire().await?;
                vec![app::payouts::affiliate(&mut connection, page.realm, &named.replace('\0', "")).await?.0]
            }
        };
        Ok(Read { as_of, minimums: minimums.collect::<Result<_, _>>()?, currency, affiliates })
    }
}

/// Payouts in a table.
pub(crate) fn payouts(page: &Page, caption: &str, payouts: &[Payout]) -> Markup {
    let rows: Vec<_> = payouts.iter().map(|payout| row(page, payout)).collect();
    let head = ["Payout", "Batch", "Affiliate", "Amount", "Payments", "Moved since", "Status", "Made"];
    table(caption, &head, &rows, "There is none.")
}

fn row(page: &Page, payout: &Payout) -> Vec<Cell> {
    vec![
        cell(link(&page.path(&format!("/payouts/{}", payout.id)), payout.id)),
        cell(link(&page.path(&format!("/payouts?batch={}", payout.batch)), payout.batch)),
        cell(link(&page.path(&format!("/affiliates/{}", payout.affiliate)), &payout.email)),
        money(payout.amount),
        number(payout.items),
        money(payout.moved_since),
        cell(badge(payout.state.as_str())),
        time(payout.created_at),
    ]
}

/// The affiliates of a project by their addresses.
pub(crate) async fn names(console: &Console, page: &Page) -> Result<BTreeMap<AffiliateId, String>, Failure> {
    Ok(overview::affiliates(&mut *console.parts.reads.acquire().await?, page.realm).await?)
}
