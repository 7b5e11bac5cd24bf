//! One payment explained, as a picture: what was paid, who was considered and refused and why, who won, by which rule, the
//! arithmetic, the ledger, and what is owed.
//!
//! It is SVG without script, made of the same rows that `explain` and REST read. It is complete without a style: colours and
//! fonts are attributes, which a page's style overrides. Boxes lead to their records where there are any.

mod canvas;
mod sections;
mod wrapped;

use canvas::Canvas;
use domain::ids::AffiliateId;
use std::collections::BTreeMap;
use store::overview::{Movement, Overview};

/// What is shown.
#[derive(Clone, Copy, Debug)]
pub struct Story<'a> {
    /// The payment and its explanation.
    pub payment: &'a Overview,
    /// What the ledger says of it, in the order of posting.
    pub movements: &'a [Movement],
    /// The addresses of the affiliates that it names.
    pub affiliates: &'a BTreeMap<AffiliateId, String>,
}

impl Story<'_> {
    /// An affiliate by its address.
    fn affiliate(&self, id: AffiliateId) -> String {
        self.affiliates.get(&id).cloned().unwrap_or_else(|| format!("affiliate {id}"))
    }
}

/// Where records are shown.
#[derive(Clone, Debug)]
pub struct Links {
    /// The path of the console's pages of this project and mode.
    pub base: String,
}

impl Links {
    pub(crate) fn affiliate(&self, id: AffiliateId) -> String {
        format!("{}/affiliates/{id}", self.base)
    }

    pub(crate) fn customer(&self, id: domain::ids::CustomerId) -> String {
        format!("{}/customers/{id}", self.base)
    }

    pub(crate) fn payout(&self, id: domain::ids::PayoutId) -> String {
        format!("{}/payouts/{id}", self.base)
    }

    pub(crate) fn event(&self, event: &str) -> String {
        let event: String = url::form_urlencoded::byte_serialize(event.as_bytes()).collect();
        format!("{}/events?event={event}", self.base)
    }
}

/// The picture, as an SVG element; with a declaration in front of it, it is a file.
#[must_use]
pub fn svg(story: &Story<'_>, links: Option<&Links>) -> String {
    let mut canvas = Canvas::new();
    sections::payment(&mut canvas, story, links);
    sections::candidates(&mut canvas, story, links);
    sections::decision(&mut canvas, story, links);
    sections::rules(&mut canvas, story);
    sections::arithmetic(&mut canvas, story);
    sections::ledger(&mut canvas, story, links);
    sections::owed(&mut canvas, story);
    canvas.finish(&format!("Payment {} explained", story.payment.payment))
}

/// The picture as a file of its own.
#[must_use]
pub fn file(story: &Story<'_>) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n", svg(story, None))
}
