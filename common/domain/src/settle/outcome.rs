//! What the fold says: customers, conversions, and the story of each.

use crate::fact::ConversionKind;
use crate::ids::{AffiliateId, ConversionId, RuleId};
use crate::key::Key;
use crate::money::Currency;
use crate::origin::Origin;
use crate::rules::Commission;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The state that a cluster's facts imply.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// Who is known, in order of their anchors.
    pub customers: Vec<Customer>,
    /// Signups and payments, in order of their payment keys.
    pub conversions: Vec<Conversion>,
}

/// A customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// The key that names the customer: Stripe's id, else the company's, else the e-mail address,
    /// else a payment.
    pub anchor: Key,
    /// Every identity and payment object of the customer.
    pub keys: Vec<Key>,
    /// The address, as it was last written.
    pub email: Option<String>,
    /// `cus_…`; the least, when there are several.
    pub stripe_customer: Option<Key>,
    /// The company's own id; the least, when there are several.
    pub external_id: Option<String>,
    /// Referred or direct, paid or not.
    pub status: CustomerStatus,
    /// Whom the customer is bound to.
    pub bind: Option<Bind>,
    /// Time of the first payment, or of the word that there was one.
    pub converted_at: Option<DateTime<Utc>>,
    /// Time of the first fact.
    pub first_seen_at: DateTime<Utc>,
}

/// Referred or direct, paid or not: the REST API's `conversion_status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CustomerStatus {
    /// Referred, has not paid.
    Pending,
    /// Referred, has paid.
    Converted,
    /// Not referred, has paid.
    Direct,
    /// Not referred, has not paid.
    DirectSignup,
}

impl CustomerStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Converted, Self::Direct, Self::DirectSignup];

    /// As tables and the REST API write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Converted => "converted",
            Self::Direct => "direct",
            Self::DirectSignup => "direct_signup",
        }
    }

    /// Reads one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// How an affiliate was found (SEMANTICS 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// A person locked the customer.
    Lock,
    /// Named over REST.
    Api,
    /// A code in metadata.
    Metadata,
    /// `client_reference_id`.
    ClientReferenceId,
    /// A promotion code.
    PromotionCode,
    /// A coupon.
    Coupon,
    /// The e-mail address of exactly one referral.
    Email,
}

impl Method {
    /// All of them, in order of precedence.
    pub const ALL: [Self; 7] = [
        Self::Lock,
        Self::Api,
        Self::Metadata,
        Self::ClientReferenceId,
        Self::PromotionCode,
        Self::Coupon,
        Self::Email,
    ];

    /// In words, for a person.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Lock => "a person's lock",
            Self::Api => "named over the API",
            Self::Metadata => "a code in metadata",
            Self::ClientReferenceId => "client_reference_id",
            Self::PromotionCode => "a promotion code",
            Self::Coupon => "a coupon",
            Self::Email => "the e-mail address of a referral",
        }
    }
}

/// Where a decision was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The event.
    pub event: String,
    /// The object in it.
    pub object: String,
}

/// A customer's tie to an affiliate. The first one wins for ever (SEMANTICS 4 b).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bind {
    /// The affiliate.
    pub affiliate: AffiliateId,
    /// The referral code that bound, or the affiliate's current one.
    pub referral_code: Option<String>,
    /// The coupon that bound.
    pub coupon_code: Option<String>,
    /// The code by which a commission for codes is looked for, where it is not `referral_code`: of a bind that
    /// names no code the affiliate's current one at the time, frozen with the bind (SEMANTICS 8).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rated_as: Option<String>,
    /// How.
    pub method: Method,
    /// Where that was read.
    pub evidence: Evidence,
    /// When, by event time.
    pub bound_at: DateTime<Utc>,
}

/// A conversion's state (docs/API.md, Conversions).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConversionStatus {
    /// It is accepted and no worker has settled it: the fold never says so.
    Pending,
    /// An affiliate is found.
    Attributed,
    /// Nobody earns.
    Unattributed,
    /// All of what is left is held: by disputes, by a person, or as a purchase of the affiliate's own.
    Held,
    /// Nothing of it is owed, by a person's verdict, or by the rules on purchases of the affiliate's own.
    Rejected,
    /// All of it was taken back.
    Reversed,
}

impl ConversionStatus {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Attributed, Self::Unattributed, Self::Held, Self::Rejected, Self::Reversed];

    /// As tables and the REST API write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Attributed => "attributed",
            Self::Unattributed => "unattributed",
            Self::Held => "held",
            Self::Rejected => "rejected",
            Self::Reversed => "reversed",
        }
    }

    /// Reads one.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// A signup or a payment, with its commission as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// `in_…`, else `pi_…`, else `ch_…`, else `cs_…`, else the reference (SEMANTICS 1).
    pub payment: Key,
    /// Every key that names the same payment.
    pub aliases: Vec<Key>,
    /// The row that the API made for it.
    pub posted: Option<ConversionId>,
    /// The customer's anchor.
    pub customer: Option<Key>,
    /// Signup or purchase.
    pub kind: ConversionKind,
    /// The REST API when a caller told of it, whatever a provider tells beside; else that provider.
    pub source: Origin,
    /// Whose figures the amounts are.
    pub amount_source: Origin,
    /// Its state.
    pub status: ConversionStatus,
    /// Why nobody earns, when nobody does; why it is held or rejected, when it is.
    pub reason: Option<String>,
    /// Who earns.
    pub bind: Option<Bind>,
    /// Its rank among the customer's payments that count (SEMANTICS 10).
    pub ordinal: Option<u32>,
    /// The currency of all amounts.
    pub currency: Currency,
    /// Minor units collected.
    pub collected: i64,
    /// Minor units on which commission is computed (SEMANTICS 6).
    pub base: i64,
    /// Minor units first earned.
    pub commission: i64,
    /// Minor units taken back; never more than was earned.
    pub clawed_back: i64,
    /// Minor units held, of what is left.
    pub held: i64,
    /// Paid out already, as the callers said last.
    pub paid: bool,
    /// What had left when they said so, for each time that they did; none when they took it back.
    pub said_paid: Vec<SaidPaid>,
    /// The version of the rules that decided.
    pub rule: RuleId,
    /// Event time of the payment.
    pub occurred_at: DateTime<Utc>,
    /// When it may be paid out.
    pub release_at: Option<DateTime<Utc>>,
    /// The event that told the money.
    pub event: String,
    /// The whole story.
    pub explanation: Explanation,
}

/// A caller's word that a conversion was paid out, and what it covers (SEMANTICS 13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaidPaid {
    /// The word.
    pub event: String,
    /// When it was said.
    pub at: DateTime<Utc>,
    /// Whose what stood was then; nobody's when nobody earned.
    pub affiliate: Option<AffiliateId>,
    /// Its currency.
    pub currency: Currency,
    /// Minor units that stood then: earned, neither taken back nor held.
    pub minor: i64,
}

/// The story of a payment: which candidates there were, which won and why, and the arithmetic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// Every candidate, in order of precedence.
    pub candidates: Vec<CandidateStory>,
    /// The decision in a sentence.
    pub decision: String,
    /// The commissions that could have been paid, in order of precedence; none where the programme has
    /// only one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleStory>,
    /// How the amounts came about, line by line.
    pub arithmetic: Vec<Arithmetic>,
}

/// A candidate and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CandidateStory {
    /// How it was carried.
    pub method: Method,
    /// The code or id, as it was written.
    pub value: String,
    /// Where it was read.
    pub evidence: Evidence,
    /// When, by event time.
    pub at: DateTime<Utc>,
    /// Whose it is, when it is known.
    pub affiliate: Option<AffiliateId>,
    /// What became of it, in words.
    pub verdict: String,
}

impl CandidateStory {
    /// How it was carried and as what: `coupon "ANNA"`. An e-mail address that matched carries no code.
    #[must_use]
    pub fn in_words(&self) -> String {
        let method = self.method.in_words();
        if self.value.is_empty() { method.to_owned() } else { format!("{method} {:?}", self.value) }
    }
}

/// Where a commission is agreed, in order of precedence (SEMANTICS 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleKind {
    /// The affiliate's own terms.
    Affiliate,
    /// A coupon or a referral code.
    Code,
    /// A product, a price or a category of them.
    Product,
    /// The affiliate's group.
    Group,
    /// The affiliate's tier.
    Tier,
    /// The programme's, for a first payment.
    First,
    /// The programme's.
    Default,
}

impl RuleKind {
    /// All of them, in order of precedence.
    pub const ALL: [Self; 7] =
        [Self::Affiliate, Self::Code, Self::Product, Self::Group, Self::Tier, Self::First, Self::Default];

    /// In words, for a person.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Affiliate => "the affiliate's own",
            Self::Code => "code",
            Self::Product => "category",
            Self::Group => "group",
            Self::Tier => "tier",
            Self::First => "first payment",
            Self::Default => "programme",
        }
    }
}

/// A rule and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleStory {
    /// Where it is agreed.
    pub kind: RuleKind,
    /// The code, category, group or tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it pays; `None` where none of this kind fits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commission: Option<Commission>,
    /// What became of it, in words.
    pub verdict: String,
}

impl fmt::Display for RuleStory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.in_words())?;
        if let Some(name) = &self.name {
            write!(f, " {name}")?;
        }
        if let Some(commission) = self.commission {
            write!(f, ", {commission}")?;
        }
        write!(f, ": {}", self.verdict)
    }
}

/// One line of arithmetic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arithmetic {
    /// What is computed.
    pub what: String,
    /// How.
    pub how: String,
    /// Minor units.
    pub minor: i64,
    /// The rule that rated it, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<AppliedRule>,
    /// The line of the invoice that was rated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<RatedLine>,
}

/// A rule that rated something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedRule {
    /// Where it is agreed.
    pub kind: RuleKind,
    /// The code, category, group or tier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What it pays.
    pub commission: Commission,
}

/// A line of an invoice and its share in the base.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatedLine {
    /// `il_…`
    pub id: String,
    /// `prod_…`
    pub product: Option<String>,
    /// `price_…`
    pub price: Option<String>,
    /// Units sold.
    pub quantity: i64,
    /// Minor units on the invoice.
    pub amount: i64,
    /// Minor units of the base.
    pub base: i64,
}
