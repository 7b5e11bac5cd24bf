//! Entering an affiliate, or opening one again that was closed.

use super::refused;
use crate::{Error, Outbox};
use domain::{code::FoldedCode, ids::Realm, key::Key, reevaluation::Reevaluation, rules::Commission};
use serde_json::Value;
use store::{
    PgPool,
    affiliates::{self, Affiliate, AffiliateStatus, WriteError},
};

/// Codes that are made before one is found that is free.
const ATTEMPTS: u32 = 5;

/// An affiliate to be entered.
#[derive(Clone, Debug)]
pub struct NewAffiliate {
    /// Its address, as it was written.
    pub email: String,
    /// Its code; one is made when there is none.
    pub referral_code: Option<String>,
    /// A name for links.
    pub partner_slug: Option<String>,
    /// Whether its code binds.
    pub status: AffiliateStatus,
    /// What it earns instead of the programme's commission.
    pub commission: Option<Commission>,
    /// The company's own notes on how to pay.
    pub payout_preferences: Option<Value>,
    /// Of one who comes back, whether what is not said is cleared: slug, commission, notes.
    pub clear: Clear,
}

/// What is cleared of an affiliate who comes back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clear {
    /// The name for links.
    pub partner_slug: bool,
    /// The commission of its own.
    pub commission: bool,
    /// The notes.
    pub payout_preferences: bool,
}

/// Enters an affiliate, or opens the closed one of that address again, with its codes and its ledger. Customers who may be
/// its own are resettled. In transactions of its own, since a code that was made may be taken.
///
/// # Errors
/// [`Error::Conflict`] when the address or the code is another's.
pub async fn enter(
    pool: &PgPool,
    outbox: Outbox<'_>,
    realm: Realm,
    new: &NewAffiliate,
) -> Result<Affiliate, Error> {
    if let Some(affiliate) = reopen(pool, outbox, realm, new).await? {
        return Ok(affiliate);
    }
    for _ in 0..ATTEMPTS {
        let code = new.referral_code.clone().unwrap_or_else(affiliates::random_code);
        let mut transaction = pool.begin().await?;
        match affiliates::create(&mut transaction, realm, &new.with_code(&code)).await {
            Ok(affiliate) => {
                let reevaluation = Reevaluation {
                    codes: FoldedCode::new(&code).into_iter().collect(),
                    keys: Key::email(&new.email).into_iter().collect(),
                    ..Reevaluation::default()
                };
                outbox.resettle(&mut transaction, realm, &reevaluation).await?;
                transaction.commit().await?;
                return Ok(affiliate);
            }
            Err(WriteError::CodeTaken) if new.referral_code.is_none() => {}
            Err(error) => return Err(refused(error, &new.email, &code)),
        }
    }
    Err(Error::Busy("No free referral code was found: send it again"))
}

/// The closed affiliate of this address, open again; none when there is no such.
async fn reopen(
    pool: &PgPool,
    outbox: Outbox<'_>,
    realm: Realm,
    new: &NewAffiliate,
) -> Result<Option<Affiliate>, Error> {
    let mut transaction = pool.begin().await?;
    let refuse = |error| refused(error, &new.email, new.referral_code.as_deref().unwrap_or_default());
    let reopened = affiliates::reopen(&mut transaction, realm, &new.email).await.map_err(refuse)?;
    let Some(before) = reopened else { return Ok(None) };
    let after = new.applied_to(&before);
    affiliates::save(&mut transaction, realm, &before, &after).await.map_err(refuse)?;
    let reevaluation = Reevaluation {
        codes: affiliates::names(&mut transaction, after.id).await?,
        keys: Key::email(&after.user_email).into_iter().collect(),
        affiliates: vec![after.id],
        ..Reevaluation::default()
    };
    outbox.resettle(&mut transaction, realm, &reevaluation).await?;
    transaction.commit().await?;
    Ok(Some(after))
}

impl NewAffiliate {
    fn with_code<'a>(&'a self, code: &'a str) -> affiliates::NewAffiliate<'a> {
        affiliates::NewAffiliate {
            email: &self.email,
            referral_code: code,
            partner_slug: self.partner_slug.as_deref(),
            status: self.status,
            commission: self.commission,
            payout_preferences: self.payout_preferences.as_ref(),
        }
    }

    /// One who comes back, with what is said of it now: what is not said stays.
    fn applied_to(&self, before: &Affiliate) -> Affiliate {
        let Clear { partner_slug, commission, payout_preferences } = self.clear;
        Affiliate {
            user_email: self.email.clone(),
            referral_code: self.referral_code.clone().unwrap_or_else(|| before.referral_code.clone()),
            status: self.status,
            partner_slug: self
                .partner_slug
                .clone()
                .or_else(|| before.partner_slug.clone().filter(|_| !partner_slug)),
            commission: self.commission.or(before.commission.filter(|_| !commission)),
            payout_preferences: self
                .payout_preferences
                .clone()
                .or_else(|| before.payout_preferences.clone().filter(|_| !payout_preferences)),
            ..before.clone()
        }
    }
}
