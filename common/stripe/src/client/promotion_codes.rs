//! Promotion codes at Stripe (<https://docs.stripe.com/api/promotion_codes>), made for coupons of affiliates.

use super::write::parse;
use super::{FetchError, StripeClient, checked_id};
use crate::json::{Ref, Text};
use serde::{Deserialize, Serialize};
use stripe_client_core::{RequestBuilder, StripeMethod};

const PATH: &str = "/promotion_codes";

/// A promotion code that is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WantedCode<'a> {
    /// What the customer types.
    pub code: &'a str,
    /// Stripe's coupon.
    pub coupon: &'a str,
    /// Names the wish: the same one is the same promotion code.
    pub wish: &'a str,
}

/// A promotion code as Stripe has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeAtStripe {
    /// `promo_…`
    pub id: String,
    /// What the customer types.
    pub code: String,
    /// The coupon.
    pub coupon: Option<String>,
    /// Whether it can be used.
    pub active: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Answer {
    id: Option<Text>,
    code: Option<Text>,
    active: bool,
    promotion: Option<Promotion>,
    coupon: Ref,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Promotion {
    coupon: Ref,
}

#[derive(Serialize)]
struct NewCode<'a> {
    code: &'a str,
    promotion: NewPromotion<'a>,
    metadata: Metadata<'a>,
}

#[derive(Serialize)]
struct NewPromotion<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    coupon: &'a str,
}

#[derive(Serialize)]
struct Metadata<'a> {
    tributary: &'a str,
}

#[derive(Serialize)]
struct Activity {
    active: bool,
}

impl StripeClient {
    /// The promotion code that customers can use under this name; Stripe has one at most.
    ///
    /// # Errors
    /// [`FetchError`]
    pub async fn active_code(&self, code: &str) -> Result<Option<CodeAtStripe>, FetchError> {
        #[derive(Deserialize)]
        struct Listed {
            data: Vec<Answer>,
        }
        #[derive(Serialize)]
        struct Asked<'a> {
            code: &'a str,
            active: bool,
            limit: u32,
        }
        let asked = Asked { code, active: true, limit: 1 };
        let listed = self.get(|| RequestBuilder::new(StripeMethod::Get, PATH).query(&asked), None).await?;
        let listed: Listed = parse(&listed)?;
        listed.data.into_iter().next().map(CodeAtStripe::try_from).transpose()
    }

    /// Makes a promotion code. Asked for again within a day, it is the same one.
    ///
    /// # Errors
    /// [`FetchError`]
    pub async fn create_code(&self, wanted: WantedCode<'_>) -> Result<CodeAtStripe, FetchError> {
        let WantedCode { code, coupon, wish } = wanted;
        let promotion = NewPromotion { kind: "coupon", coupon };
        let body = NewCode { code, promotion, metadata: Metadata { tributary: wish } };
        let answer: Answer = parse(&self.post(PATH, &body, &format!("{wish} {code} {coupon}")).await?)?;
        CodeAtStripe::try_from(answer)
    }

    /// Lets a promotion code be used, or not.
    ///
    /// # Errors
    /// [`FetchError`]
    pub async fn set_code_active(&self, id: &str, active: bool) -> Result<CodeAtStripe, FetchError> {
        let path = format!("{PATH}/{}", checked_id(id)?);
        // Without an idempotency key: what was true an hour ago may not be now, and doing it again changes nothing.
        let answer: Answer = parse(&self.post_again(&path, &Activity { active }).await?)?;
        CodeAtStripe::try_from(answer)
    }
}

impl TryFrom<Answer> for CodeAtStripe {
    type Error = FetchError;

    fn try_from(answer: Answer) -> Result<Self, FetchError> {
        let coupon = answer.promotion.as_ref().and_then(|promotion| promotion.coupon.id());
        let coupon = coupon.or_else(|| answer.coupon.id()).map(str::to_owned);
        let (Some(id), Some(code)) = (answer.id, answer.code) else {
            return Err(FetchError::Unavailable("the answer is no promotion code".to_owned()));
        };
        Ok(Self { id: (*id).to_owned(), code: (*code).to_owned(), coupon, active: answer.active })
    }
}
