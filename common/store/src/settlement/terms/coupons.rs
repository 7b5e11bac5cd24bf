//! What coupons are called.

use super::told::ToldCoupon;
use chrono::{DateTime, Utc};
use domain::code::FoldedCode;
use domain::directory::{CodeOwner, Directory, Period};
use domain::ids::{AffiliateId, Realm};
use std::collections::BTreeMap;

/// Coupons as they are and were: in order of the coupons, and of the times of one, the oldest first. A deleted coupon, or one as it
/// was formerly, keeps resolving for what happened before: history stays as it was.
#[derive(Default)]
pub(super) struct Coupons(BTreeMap<(i64, DateTime<Utc>, i64), ToldCoupon>);

impl Coupons {
    pub(super) fn add(&mut self, coupon: ToldCoupon) {
        self.0.insert((coupon.coupon, coupon.created_at, coupon.id), coupon);
    }

    /// Enters each under its names.
    pub(super) fn enter(self, directories: &mut BTreeMap<Realm, Directory>) {
        // What was entered goes before what only has the same code.
        let mut twins: Vec<(Realm, FoldedCode, CodeOwner)> = Vec::new();
        for coupon in self.0.into_values() {
            let realm = crate::realm(coupon.project_id, coupon.livemode);
            let owner = owner(&coupon);
            let called_so = coupon.twins.into_iter().map(FoldedCode::stored);
            twins.extend(called_so.map(|id| (realm, id, owner.clone())));
            let Some(directory) = directories.get_mut(&realm) else { continue };
            for (names, name) in [
                (&mut directory.coupons_by_code, Some(coupon.code_folded)),
                (&mut directory.coupons_by_stripe_coupon, coupon.stripe_coupon_id),
                (&mut directory.coupons_by_promotion_code, coupon.stripe_promotion_code_id),
            ] {
                if let Some(name) = name.as_deref().and_then(FoldedCode::new) {
                    names.entry(name).or_default().push(owner.clone());
                }
            }
        }
        for (realm, id, owner) in twins {
            let known = directories.get_mut(&realm).map(|directory| &mut directory.coupons_by_promotion_code);
            let Some(known) = known.map(|known| known.entry(id).or_default()) else { continue };
            if !known.contains(&owner) {
                known.push(owner);
            }
        }
    }
}

fn owner(coupon: &ToldCoupon) -> CodeOwner {
    let deleted = coupon.deleted_at.map(|at| Period { from: Some(at), until: None });
    let suspended = coupon.suspensions.iter().map(|period| Period { from: period.from, until: period.until });
    CodeOwner {
        affiliate: AffiliateId(coupon.affiliate_id),
        code: coupon.coupon_code.clone(),
        created_at: coupon.created_at,
        inactive: deleted.into_iter().chain(suspended).collect(),
    }
}
