//! Payments: a list, one explained, and what is decided about it.

pub(crate) mod decide;
pub(crate) mod list;
pub(crate) mod picture;
pub(crate) mod show;

use crate::{failure::Failure, page::Page, picture::Story, state::Console};
use domain::ids::{AffiliateId, ConversionId};
use std::collections::BTreeMap;
use store::{
    conversions,
    overview::{self, Movement, Overview},
};

/// Everything that explains a payment.
pub(crate) struct Explained {
    pub(crate) payment: Overview,
    pub(crate) movements: Vec<Movement>,
    pub(crate) affiliates: BTreeMap<AffiliateId, String>,
}

impl Explained {
    /// The payment of a conversion. One that was merged into another is told as that one.
    pub(crate) async fn find(console: &Console, page: &Page, id: i64) -> Result<Self, Failure> {
        let unknown = || Failure::NotFound(format!("There is no payment {id} in {} mode.", page.realm.mode));
        let mut connection = console.parts.reads.acquire().await?;
        let standing = conversions::find(&mut connection, page.realm, ConversionId(id)).await?;
        let standing = standing.ok_or_else(unknown)?.id;
        let payment = overview::of(&mut connection, &[standing]).await?.pop().ok_or_else(unknown)?;
        let movements = overview::movements(&mut connection, &[standing]).await?.remove(&standing);
        let affiliates = overview::affiliates(&mut connection, page.realm).await?;
        Ok(Self { payment, movements: movements.unwrap_or_default(), affiliates })
    }

    pub(crate) fn story(&self) -> Story<'_> {
        Story { payment: &self.payment, movements: &self.movements, affiliates: &self.affiliates }
    }
}
