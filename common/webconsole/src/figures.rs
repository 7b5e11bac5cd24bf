//! Figures that are summed from a long history, as they are kept where it takes long to read them.

use crate::kept::Kept;
use domain::ids::{AffiliateId, Realm};
use std::collections::BTreeMap;
use store::{
    affiliates,
    payouts::Preview,
    statements::{Balance, Latest, Period},
    statistics::{Activity, Series, Span},
};

/// What is kept.
#[derive(Clone, Default)]
pub(crate) struct Figures {
    /// Of the overview.
    pub(crate) years: Kept<Realm, Year>,
    /// Of a list of affiliates.
    pub(crate) balances: Kept<Vec<AffiliateId>, Balances>,
    /// Of one affiliate.
    pub(crate) accounts: Kept<(AffiliateId, Period), Account>,
    /// What is due.
    pub(crate) due: Kept<(Realm, String), Due>,
}

impl Figures {
    /// Forgets all of them, since somebody changed something.
    pub(crate) fn forget(&self) {
        self.years.forget();
        self.balances.forget();
        self.accounts.forget();
        self.due.forget();
    }
}

/// What was earned in a year, and who brought it.
#[derive(Debug)]
pub(crate) struct Year {
    pub(crate) span: Span,
    pub(crate) series: Series,
    /// Those who brought the most.
    pub(crate) busiest: Vec<Busy>,
}

/// An affiliate and what it brought in all.
#[derive(Debug)]
pub(crate) struct Busy {
    pub(crate) affiliate: AffiliateId,
    pub(crate) email: String,
    pub(crate) brought: Activity,
}

/// What the affiliates of a page come to.
#[derive(Debug)]
pub(crate) struct Balances(pub(crate) Vec<Balance>);

/// An affiliate's account, of one moment.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) owed: Vec<Balance>,
    pub(crate) brought: affiliates::Figures,
    pub(crate) latest: Latest,
}

/// What is due, and the affiliates by their addresses.
#[derive(Debug)]
pub(crate) struct Due {
    pub(crate) preview: Preview,
    pub(crate) names: BTreeMap<AffiliateId, String>,
}
