//! What was told, put together.

use super::coupons::Coupons;
use super::told::{Told, ToldAffiliate, ToldClick, ToldCode, ToldPaidOut, ToldRules};
use crate::notifications::Referrer;
use crate::realm;
use chrono::{DateTime, Utc};
use domain::code::FoldedCode;
use domain::directory::{Affiliate, Click, CodeOwner, Directory, OwnAddress, OwnCode, OwnCommission, Period};
use domain::ids::{AffiliateId, ProjectId, Realm, RuleId};
use domain::key::Key;
use domain::rules::{RuleVersion, Rules};
use std::collections::BTreeMap;

/// Rules and registry.
pub(super) struct Gathered {
    pub(super) rules: BTreeMap<ProjectId, Vec<RuleVersion>>,
    pub(super) directories: BTreeMap<Realm, Directory>,
    pub(super) referrers: BTreeMap<AffiliateId, Referrer>,
}

/// What is gathered, while more is told.
pub(super) struct Gathering {
    gathered: Gathered,
    coupons: Coupons,
    rules_as_of: BTreeMap<ProjectId, DateTime<Utc>>,
}

impl Gathering {
    /// Nothing yet, of these projects and modes.
    pub(super) fn of(realms: impl Iterator<Item = Realm>) -> Self {
        let directories = realms.map(|realm| (realm, Directory::default())).collect();
        let gathered = Gathered { rules: BTreeMap::new(), directories, referrers: BTreeMap::new() };
        Self { gathered, coupons: Coupons::default(), rules_as_of: BTreeMap::new() }
    }

    /// One thing more, in any order.
    pub(super) fn add(&mut self, told: Told) {
        match told {
            Told::Rules(rules) => self.rules(*rules),
            Told::Code(code) => self.code(code),
            Told::Click(click) => self.click(click),
            Told::Coupon(coupon) => self.coupons.add(coupon),
            Told::Affiliate(affiliate) => self.affiliate(*affiliate),
            Told::PaidOut(paid_out) => self.paid_out(paid_out),
        }
    }

    /// All of it.
    pub(super) fn finish(self) -> Gathered {
        let Self { mut gathered, coupons, rules_as_of } = self;
        coupons.enter(&mut gathered.directories);
        for (project, at) in rules_as_of {
            if let Some(versions) = gathered.rules.get_mut(&project) {
                *versions = RuleVersion::as_of(std::mem::take(versions), at);
            }
        }
        gathered
    }

    fn rules(&mut self, told: ToldRules) {
        let project = ProjectId(told.project_id);
        self.rules_as_of.extend(told.rules_as_of.map(|at| (project, at)));
        self.gathered.rules.entry(project).or_default().push(RuleVersion {
            id: RuleId(told.id),
            valid_from: told.valid_from,
            rules: Rules { payable_from: told.payable_from, ..told.rules },
        });
    }

    fn code(&mut self, told: ToldCode) {
        let (affiliate, code) = (AffiliateId(told.affiliate_id), told.code);
        if let Some(directory) = self.directory(told.project_id, told.livemode) {
            let owner = CodeOwner { affiliate, code, created_at: told.created_at, inactive: Vec::new() };
            directory.referral_codes.insert(FoldedCode::stored(told.code_folded), owner);
        }
    }

    fn click(&mut self, told: ToldClick) {
        let (affiliate, code, at) = (AffiliateId(told.affiliate_id), told.code, told.occurred_at);
        if let Some(directory) = self.directory(told.project_id, told.livemode) {
            let owner = CodeOwner { affiliate, code, created_at: at, inactive: Vec::new() };
            directory.clicks.insert(FoldedCode::stored(told.click_id), Click { owner, at });
        }
    }

    fn affiliate(&mut self, told: ToldAffiliate) {
        let id = AffiliateId(told.id);
        // One whose notes cannot be read is looked up where somebody is told of it.
        if let Ok(payout_preferences) =
            told.payout_preferences.as_deref().map(serde_json::from_str).transpose()
        {
            let email = told.user_email.clone();
            let referrer = Referrer { id: told.id.to_string(), email, payout_preferences };
            self.gathered.referrers.insert(id, referrer);
        }
        let closed = told.closed_at.map(|at| Period { from: Some(at), until: None });
        let suspended =
            told.suspensions.into_iter().map(|period| Period { from: period.from, until: period.until });
        let codes = told.codes.into_iter().map(|own| OwnCode { code: own.code, since: own.since });
        let addresses = told.addresses.into_iter().map(|own| OwnAddress {
            email: own.email,
            since: own.since,
            role: own.role.into(),
        });
        let commissions = told.commissions.into_iter().map(|own| OwnCommission {
            version: own.id,
            valid_from: own.valid_from,
            commission: own.commission,
        });
        let affiliate = Affiliate {
            id,
            referral_code: told.referral_code,
            created_at: told.created_at,
            inactive: closed.into_iter().chain(suspended).collect(),
            email: told.user_email,
            codes: codes.collect(),
            addresses: addresses.collect(),
            commissions: commissions.collect(),
        };
        if let Some(directory) = self.directory(told.project_id, told.livemode) {
            directory.affiliates.insert(id, affiliate);
        }
    }

    fn paid_out(&mut self, told: ToldPaidOut) {
        if let Some(directory) = self.directory(told.project_id, told.livemode) {
            // Rows of one payment may have one key: one stands, another was merged into it.
            let left_at = directory.paid_out.entry(Key::stored(told.payment_key)).or_insert(told.left_at);
            *left_at = told.left_at.min(*left_at);
        }
    }

    fn directory(&mut self, project_id: i64, livemode: bool) -> Option<&mut Directory> {
        self.gathered.directories.get_mut(&realm(project_id, livemode))
    }
}
