//! Coupons: entered, changed, deleted; and who is resettled by that.

use crate::{Error, Outbox};
use domain::{
    code::FoldedCode,
    ids::{CouponId, Realm},
    reevaluation::Reevaluation,
};
use store::{
    PgConnection,
    coupons::{self, Coupon, CouponStatus, Naming, NewCoupon, WriteError},
    stripe_codes,
};

/// Enters a coupon: whoever pays with it is its affiliate's, unless somebody else's already. One that is to be at Stripe gets its
/// promotion code there from a worker.
///
/// # Errors
/// [`Error::Conflict`] when the code is taken, [`Error::Unknown`] when there is no such affiliate.
pub async fn enter(
    connection: &mut PgConnection,
    outbox: Outbox<'_>,
    realm: Realm,
    new: &NewCoupon,
) -> Result<CouponId, Error> {
    let created = coupons::create(connection, realm, new).await;
    let id = created.map_err(|error| refused(error, &new.naming))?;
    judge_again(connection, outbox, realm, new.naming.names()).await?;
    if new.at_stripe {
        outbox.promotion(connection, realm, id).await?;
    }
    Ok(id)
}

/// Changes a coupon as `edit` says; what happened before is judged by what it was then.
///
/// # Errors
/// [`Error::NotFound`], those of [`enter`], and what `edit` fails with.
pub async fn change<E: From<Error>, T>(
    connection: &mut PgConnection,
    outbox: Outbox<'_>,
    realm: Realm,
    id: CouponId,
    edit: impl FnOnce(&mut Coupon) -> Result<T, E>,
) -> Result<T, E> {
    let before = coupons::lock(connection, realm, id).await.map_err(Error::from)?;
    let before = before.ok_or_else(|| unknown(id))?;
    let mut after = before.clone();
    let edited = edit(&mut after)?;
    if before != after {
        let saved = coupons::save(connection, realm, &before, &after).await;
        saved.map_err(|error| refused(error, &after.naming))?;
    }
    if before.naming != after.naming || before.status != after.status {
        judge_again(connection, outbox, realm, before.naming.names().chain(after.naming.names())).await?;
        if after.at_stripe {
            outbox.promotion(connection, realm, id).await?;
        }
    }
    Ok(edited)
}

/// Deletes a coupon: it binds nobody from now on, its code is free again.
///
/// # Errors
/// [`Error::NotFound`]
pub async fn delete(
    connection: &mut PgConnection,
    outbox: Outbox<'_>,
    realm: Realm,
    id: CouponId,
) -> Result<Coupon, Error> {
    let coupon = coupons::lock(connection, realm, id).await?.ok_or_else(|| unknown(id))?;
    coupons::delete(connection, id).await?;
    judge_again(connection, outbox, realm, coupon.naming.names()).await?;
    if coupon.at_stripe {
        outbox.promotion(connection, realm, id).await?;
    }
    Ok(Coupon { status: CouponStatus::Inactive, ..coupon })
}

/// Has those judged again who used one of these codes, or a promotion code that Stripe says is called so.
async fn judge_again(
    connection: &mut PgConnection,
    outbox: Outbox<'_>,
    realm: Realm,
    names: impl Iterator<Item = FoldedCode>,
) -> Result<(), Error> {
    let mut codes: Vec<FoldedCode> = names.collect();
    codes.extend(stripe_codes::ids_of(connection, realm, &codes).await?);
    let reevaluation = Reevaluation { codes, ..Reevaluation::default() };
    outbox.resettle(connection, realm, &reevaluation).await?;
    Ok(())
}

fn refused(error: WriteError, wanted: &Naming) -> Error {
    match error {
        WriteError::CodeTaken => Error::Conflict(format!(
            "coupon_code: {} belongs to another coupon of this project",
            wanted.coupon_code
        )),
        WriteError::UnknownAffiliate => {
            Error::unknown("affiliate_id", format!("Unknown affiliate: {}", wanted.affiliate))
        }
        WriteError::Store(error) => error.into(),
    }
}

fn unknown(id: CouponId) -> Error {
    Error::NotFound(format!("There is no coupon {id}"))
}
