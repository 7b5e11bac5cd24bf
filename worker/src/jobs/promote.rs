//! Sees that a coupon which is to be at Stripe has its promotion code there, and has none any more when it was deleted (ADR 57).
//!
//! What is to be done is read from the coupon when it is done, and once more after it: two requests may come in any order, twice, or
//! beside one another, and the last one to end finds nothing left to do.

use super::Shared;
use super::fetch::later;
use chrono::Utc;
use domain::ids::{CouponId, Realm};
use domain::promotion::Promotion;
use domain::provider_code::{ProviderCode, ProviderCodeKind};
use queue::{Delivery, Disposition};
use std::time::Duration;
use store::coupons::{self, CouponStatus};
use store::stripe_codes::{self, CodeTold, Made};
use store::{PgConnection, StoreError};
use stripe::client::{CodeAtStripe, FetchError, StripeClient, WantedCode};

/// How long a look at the registry may take.
const LOOK: Duration = Duration::from_secs(3);

/// How often a coupon may change while its code is made before the message is put off.
const CHANGES: usize = 4;

/// What is wanted of a coupon, and what was made for it.
struct Wish {
    /// What the customer types, and Stripe's coupon; none when there should be no code.
    wanted: Option<(String, String)>,
    made: Vec<Made>,
}

/// The next step towards it.
#[derive(Debug, PartialEq, Eq)]
enum Step<'a> {
    Set { id: &'a str, active: bool },
    Make { code: &'a str, coupon: &'a str },
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the promotion code cannot be made at Stripe: {0}")]
    Stripe(#[from] FetchError),
    #[error(
        "{code} is an active promotion code of the coupon {} at Stripe: deactivate it there, or enter that one as stripe_coupon_id",
        coupon.as_deref().unwrap_or("of another kind")
    )]
    Taken { code: String, coupon: Option<String> },
}

impl Shared {
    pub(super) async fn promote(&self, delivery: &Delivery, promotion: Promotion) -> Disposition {
        let realm = delivery.envelope.realm();
        let client = match self.keychain.client_of(realm, &self.sessions).await {
            Ok(Some(Ok(client))) => client,
            Ok(Some(Err(reason))) => return Disposition::DeadLetter { reason },
            Ok(None) => return Disposition::DeadLetter { reason: no_key(realm) },
            Err(error) => return later(delivery.attempt, error.to_string()),
        };
        match self.converge(&client, realm, promotion.coupon).await {
            Ok(true) => Disposition::Ack,
            Ok(false) => later(delivery.attempt, "the coupon changes all the time".to_owned()),
            Err(Failure::Store(error)) => later(delivery.attempt, error.to_string()),
            Err(Failure::Stripe(error)) if error.is_transient() => later(delivery.attempt, error.to_string()),
            Err(failure) => Disposition::DeadLetter { reason: failure.to_string() },
        }
    }

    /// Whether nothing is left to do.
    async fn converge(&self, client: &StripeClient, realm: Realm, coupon: CouponId) -> Result<bool, Failure> {
        for _ in 0..CHANGES {
            let wish = self.wish(realm, coupon).await?;
            let Some(step) = wish.step() else { return Ok(true) };
            let code = match step {
                Step::Set { id, active } => client.set_code_active(id, active).await?,
                Step::Make { code, coupon: at_stripe } => {
                    make(client, realm, coupon, code, at_stripe).await?
                }
            };
            self.keep(realm, coupon, code).await?;
        }
        Ok(self.wish(realm, coupon).await?.step().is_none())
    }

    async fn wish(&self, realm: Realm, coupon: CouponId) -> Result<Wish, StoreError> {
        self.sessions.run(LOOK, async |session| wish(session, realm, coupon).await).await
    }

    async fn keep(&self, realm: Realm, coupon: CouponId, code: CodeAtStripe) -> Result<(), StoreError> {
        let CodeAtStripe { id, code, coupon: at_stripe, active } = code;
        let code = ProviderCode { kind: ProviderCodeKind::Promotion, id, code, coupon: at_stripe, active };
        let told = CodeTold { realm, code, at: Utc::now(), made_for: Some(coupon) };
        self.sessions.run(LOOK, async |session| stripe_codes::learn(session, &[told]).await).await?;
        Ok(())
    }
}

fn no_key(Realm { project, mode }: Realm) -> String {
    format!(
        "project {project} has no Stripe key of {mode} mode: tributary project update {project} --mode {mode} --stripe-api-key FILE \
         with one that may write promotion codes, then dead-letters retry"
    )
}

/// A code that customers can use already is taken over when it gives the same coupon: it may have been made, and its answer lost.
async fn make(
    client: &StripeClient,
    realm: Realm,
    of: CouponId,
    code: &str,
    coupon: &str,
) -> Result<CodeAtStripe, Failure> {
    match client.active_code(code).await? {
        Some(standing) if standing.coupon.as_deref() == Some(coupon) => Ok(standing),
        Some(CodeAtStripe { code, coupon, .. }) => Err(Failure::Taken { code, coupon }),
        None => {
            let wish = format!("{}/{of}", realm.project);
            Ok(client.create_code(WantedCode { code, coupon, wish: &wish }).await?)
        }
    }
}

async fn wish(connection: &mut PgConnection, realm: Realm, id: CouponId) -> Result<Wish, StoreError> {
    let coupon = coupons::find(connection, realm, id).await?;
    let coupon = coupon.filter(|coupon| coupon.at_stripe && coupon.status == CouponStatus::Active);
    let wanted = coupon.and_then(|coupon| Some((coupon.naming.coupon_code, coupon.naming.stripe_coupon_id?)));
    Ok(Wish { wanted, made: stripe_codes::made_for(connection, id).await? })
}

impl Wish {
    /// First what was made for another wish is deactivated: of one name Stripe has one active code.
    fn step(&self) -> Option<Step<'_>> {
        let is_wanted = |made: &Made| {
            self.wanted.as_ref().is_some_and(|(code, coupon)| {
                made.code.eq_ignore_ascii_case(code) && made.coupon.as_deref() == Some(coupon)
            })
        };
        if let Some(other) = self.made.iter().find(|made| made.active && !is_wanted(made)) {
            return Some(Step::Set { id: &other.id, active: false });
        }
        let (code, coupon) = self.wanted.as_ref()?;
        match self.made.iter().find(|made| is_wanted(made)) {
            Some(made) if made.active => None,
            Some(made) => Some(Step::Set { id: &made.id, active: true }),
            None => Some(Step::Make { code, coupon }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(id: &str, code: &str, active: bool) -> Made {
        Made { id: id.to_owned(), code: code.to_owned(), coupon: Some("c_10".to_owned()), active }
    }

    #[test]
    fn the_next_step_leads_to_what_the_coupon_wants() {
        let wanted = Some(("SAVE10".to_owned(), "c_10".to_owned()));
        let step = |wanted, made| format!("{:?}", Wish { wanted, made }.step());
        assert!(step(wanted.clone(), vec![]).contains("Make"));
        assert_eq!(step(wanted.clone(), vec![made("promo_1", "save10", true)]), "None");
        assert!(step(wanted.clone(), vec![made("promo_1", "SAVE10", false)]).contains("active: true"));
        let renamed = vec![made("promo_2", "SAVE10", true), made("promo_1", "OLD", true)];
        assert!(step(wanted, renamed).contains(r#"id: "promo_1", active: false"#));
        assert!(step(None, vec![made("promo_1", "SAVE10", true)]).contains("active: false"));
        assert_eq!(step(None, vec![made("promo_1", "SAVE10", false)]), "None");
    }
}
