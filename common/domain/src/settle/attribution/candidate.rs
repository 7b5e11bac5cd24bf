//! A candidate: something that may name the affiliate of a customer.

use crate::clock::not_after;
use crate::directory::{Affiliate, Directory, Found};
use crate::fact::{Touch, TouchMethod, TouchedObject};
use crate::ids::AffiliateId;
use crate::settle::outcome::{Bind, CandidateStory, Evidence, Method};
use chrono::{DateTime, TimeDelta, Utc};
use std::borrow::Cow;

/// Something that may name the affiliate, and what the registry says of it.
#[derive(Clone, Debug)]
pub(super) struct Candidate<'a> {
    pub(super) method: Method,
    /// Precedence within a moment; the least goes first.
    pub(super) order: Order<'a>,
    pub(super) object: &'a str,
    /// When the mapping appeared: the bind's time.
    pub(super) since: DateTime<Utc>,
    pub(super) verdict: Result<Owner, String>,
}

/// Precedence (SEMANTICS 4): the class, the object that carries it, then event time, then event id; of the
/// discounts of one object the place in which Stripe lists each.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order<'a> {
    pub(super) class: u8,
    pub(super) object: Option<TouchedObject>,
    pub(super) at: DateTime<Utc>,
    pub(super) place: u32,
    /// Of one discount the promotion code goes first: it is one affiliate's, where many may share the
    /// coupon behind it.
    pub(super) carried: Option<TouchMethod>,
    pub(super) event: Cow<'a, str>,
    pub(super) value: Cow<'a, str>,
}

/// The affiliate that a candidate names.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    pub(super) affiliate: AffiliateId,
    pub(super) referral_code: Option<String>,
    pub(super) coupon_code: Option<String>,
    /// [`Bind::rated_as`].
    pub(super) rated_as: Option<String>,
}

/// The moment at which candidates are judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged<'a> {
    pub(super) directory: &'a Directory,
    pub(super) at: DateTime<Utc>,
    /// When its money was collected, from where on it waits for a mapping.
    pub(super) settled_at: DateTime<Utc>,
    pub(super) received_at: DateTime<Utc>,
    pub(super) back_bind: TimeDelta,
    /// From a click to the first bind (SEMANTICS 5).
    pub(super) window: TimeDelta,
    pub(super) coupon_first: bool,
}

/// Classes in their usual order: named over the API, explicit code, client reference, coupon, e-mail.
const NAMED: u8 = 0;
const COUPON_BEFORE_CODES: u8 = 1;
const EXPLICIT: u8 = 2;
const CLIENT_REFERENCE: u8 = 3;
const COUPON: u8 = 4;
const EMAIL: u8 = 5;

impl<'a> Candidate<'a> {
    /// A code or coupon met on an object.
    pub(super) fn touch(
        touch: &'a Touch,
        at: DateTime<Utc>,
        event: &'a str,
        since: DateTime<Utc>,
        judged: Judged<'a>,
    ) -> Self {
        let (class, method) = match touch.method {
            TouchMethod::Metadata => (EXPLICIT, Method::Metadata),
            TouchMethod::ClientReferenceId => (CLIENT_REFERENCE, Method::ClientReferenceId),
            TouchMethod::PromotionCode | TouchMethod::PromotionCodeText => {
                (judged.coupon_class(), Method::PromotionCode)
            }
            TouchMethod::Coupon => (judged.coupon_class(), Method::Coupon),
        };
        let found = judged.directory.look_up(touch.method, &touch.value, judged.at);
        Self {
            method,
            order: Order {
                class,
                object: Some(touch.on),
                at,
                place: touch.place,
                carried: Some(touch.method),
                event: Cow::Borrowed(event),
                value: Cow::Borrowed(&touch.value),
            },
            object: touch.object.as_str(),
            since,
            verdict: judged.owner(found, &touch.value),
        }
    }

    /// An affiliate, code or coupon that a REST caller named.
    pub(super) fn named(
        affiliate: Option<AffiliateId>,
        code: Option<&'a str>,
        coupon: Option<&'a str>,
        event: &'a str,
        judged: Judged<'a>,
    ) -> Vec<Self> {
        let candidate = |class, method, value: Cow<'a, str>, verdict| Self {
            method,
            order: Order {
                class,
                object: None,
                at: judged.at,
                place: 0,
                carried: None,
                event: Cow::Borrowed(event),
                value,
            },
            object: event,
            since: judged.at,
            verdict,
        };
        let directory = judged.directory;
        let by_id = affiliate.map(|id| {
            let verdict = match directory.affiliates.get(&id) {
                Some(affiliate) => judged.affiliate(affiliate).map(|()| Owner {
                    affiliate: id,
                    referral_code: Some(affiliate.referral_code.clone()),
                    coupon_code: None,
                    rated_as: former_code(affiliate, judged.at),
                }),
                None => Err(format!("affiliate {id} does not exist")),
            };
            candidate(NAMED, Method::Api, Cow::Owned(id.to_string()), verdict)
        });
        let by_code = code.map(|code| {
            let found = directory.look_up(TouchMethod::Metadata, code, judged.at);
            candidate(NAMED, Method::Api, Cow::Borrowed(code), judged.owner(found, code))
        });
        let by_coupon = coupon.map(|coupon| {
            let found = directory.look_up(TouchMethod::PromotionCodeText, coupon, judged.at);
            let verdict = judged.owner(found, coupon);
            candidate(judged.coupon_class(), Method::Coupon, Cow::Borrowed(coupon), verdict)
        });
        by_id.into_iter().chain(by_code).chain(by_coupon).collect()
    }

    /// A referral with the same e-mail address, which the bind is known by since a time.
    pub(super) fn email_match(bind: Result<&'a Bind, String>, since: DateTime<Utc>) -> Self {
        let (object, event) = match &bind {
            Ok(bind) => (bind.evidence.object.as_str(), bind.evidence.event.as_str()),
            Err(_) => ("", ""),
        };
        Self {
            method: Method::Email,
            order: Order {
                class: EMAIL,
                object: None,
                at: since,
                place: 0,
                carried: None,
                event: Cow::Borrowed(event),
                value: Cow::Borrowed(""),
            },
            object,
            since,
            verdict: bind.map(|bind| Owner {
                affiliate: bind.affiliate,
                referral_code: bind.referral_code.clone(),
                coupon_code: bind.coupon_code.clone(),
                rated_as: bind.rated_as.clone(),
            }),
        }
    }

    /// The bind that the candidate makes, if it stands up.
    pub(super) fn bind(&self) -> Option<Bind> {
        let owner = self.verdict.as_ref().ok()?;
        Some(Bind {
            affiliate: owner.affiliate,
            referral_code: owner.referral_code.clone(),
            coupon_code: owner.coupon_code.clone(),
            rated_as: owner.rated_as.clone(),
            method: self.method,
            evidence: Evidence::new(&self.order.event, self.object),
            bound_at: self.since,
        })
    }

    /// The candidate as a person reads it.
    pub(super) fn story(&self, verdict: Option<String>) -> CandidateStory {
        CandidateStory {
            method: self.method,
            value: self.order.value.clone().into_owned(),
            evidence: Evidence::new(&self.order.event, self.object),
            at: self.order.at,
            affiliate: self.verdict.as_ref().ok().map(|owner| owner.affiliate),
            verdict: verdict.unwrap_or_else(|| match &self.verdict {
                Ok(_) => "lost".to_owned(),
                Err(reason) => reason.clone(),
            }),
        }
    }
}

/// The code that the affiliate called its own at a time, where it calls itself otherwise now.
pub(super) fn former_code(affiliate: &Affiliate, at: DateTime<Utc>) -> Option<String> {
    let then = affiliate.code_at(at);
    (then != affiliate.referral_code).then(|| then.to_owned())
}

impl Judged<'_> {
    fn coupon_class(&self) -> u8 {
        if self.coupon_first { COUPON_BEFORE_CODES } else { COUPON }
    }

    /// Whose the code is, or why it does not count. A code of nobody never blocks the rest.
    fn owner(&self, found: Option<Found<'_>>, value: &str) -> Result<Owner, String> {
        let Some(Found { owner, coupon, clicked_at }) = found else {
            return Err(format!("{value:?} is nobody's code"));
        };
        if owner.inactive.iter().any(|period| period.contains(self.at)) {
            return Err(format!("{value:?} was inactive at the time"));
        }
        if let Some(clicked_at) = clicked_at {
            self.within_window(clicked_at)?;
        }
        if self.too_late(owner.created_at) {
            return Err(format!("{value:?} was created too long after the payment"));
        }
        let affiliate = self
            .directory
            .affiliates
            .get(&owner.affiliate)
            .ok_or_else(|| format!("{value:?} belongs to an affiliate that does not exist"))?;
        self.affiliate(affiliate)?;
        Ok(Owner {
            affiliate: owner.affiliate,
            referral_code: Some(if coupon { affiliate.referral_code.clone() } else { owner.code.clone() }),
            coupon_code: coupon.then(|| owner.code.clone()),
            rated_as: None,
        })
    }

    /// A click counts from its own time to the end of the window (SEMANTICS 5).
    fn within_window(&self, clicked_at: DateTime<Utc>) -> Result<(), String> {
        let day = clicked_at.format("%Y-%m-%d");
        if !not_after(clicked_at, self.at) {
            return Err(format!("the click of {day} came after the payment"));
        }
        if super::within(clicked_at, self.at, self.window) {
            return Ok(());
        }
        Err(format!("the click of {day} is more than {} days old", self.window.num_days()))
    }

    fn affiliate(&self, affiliate: &Affiliate) -> Result<(), String> {
        if affiliate.inactive.iter().any(|period| period.contains(self.at)) {
            return Err(format!("affiliate {} was inactive at the time", affiliate.id));
        }
        Ok(())
    }

    /// Until when what stays unattributed waits for a mapping.
    pub(super) fn waits_until(&self) -> DateTime<Utc> {
        self.settled_at.checked_add_signed(self.back_bind).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// Whether a mapping appeared after the payment had come, and more than the back-bind window
    /// after it was made (SEMANTICS 3).
    fn too_late(&self, created_at: DateTime<Utc>) -> bool {
        created_at > self.received_at && !super::within(self.settled_at, created_at, self.back_bind)
    }
}
