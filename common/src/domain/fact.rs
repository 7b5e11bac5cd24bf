//! Facts: what an event says, freed of the shape it was said in.
//!
//! Each [`Fact`] has a natural key. Where two events tell the same fact, one of them is kept, and
//! which one depends on the two alone, not on their order ([`Fact::supersedes`]): the facts that
//! are kept are a function of the *set* of events (SEMANTICS 3). The fold reads nothing else.

mod collection;
mod credit_note;
mod fraud_warning;
mod invoice_lines;

pub use collection::{ChargeSucceeded, IntentSucceeded, Invoiced};
pub use credit_note::{CreditNoteSeen, CreditNoteStatus, CreditedRefund};
pub use fraud_warning::FraudWarningSeen;
pub use invoice_lines::InvoiceLines;

use super::decision::{Lock, Verdict};
use super::ids::{AffiliateId, ConversionId};
use super::key::Key;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One fact, as one event tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// What the fact is about; unique within the realm, e.g. `invoice:in_123`.
    pub natural_key: String,
    /// Which of two facts with one natural key is kept.
    pub keep: Keep,
    /// Compared first by [`supersedes`](Self::supersedes): the state a thing has reached, or an
    /// amount that only grows. 0 where time alone decides.
    pub rank: i64,
    /// The event's own time.
    pub at: DateTime<Utc>,
    /// The event that tells it: the evidence, and the last tie-break.
    pub event: String,
    /// Every identity that the fact names. All of them join one cluster.
    pub links: Vec<Key>,
    /// What it says.
    pub body: FactBody,
}

/// Which of two facts with one natural key is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// The one that was first: a touch, a signup.
    First,
    /// The one with the highest rank, then the latest: a snapshot, a status.
    Last,
}

impl Fact {
    /// Whether this fact takes the place of `other`, which has the same natural key.
    #[must_use]
    pub fn supersedes(&self, other: &Self) -> bool {
        let mine = (self.rank, self.at, &self.event);
        let theirs = (other.rank, other.at, &other.event);
        match self.keep {
            Keep::First => mine < theirs,
            Keep::Last => mine > theirs,
        }
    }
}

/// What a fact says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
// No fact has a field of that name, which would read as the tag.
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum FactBody {
    /// A Stripe customer as it stands. `customer:{cus}`, keep last; rank 1 when deleted.
    Customer(CustomerSeen),
    /// A subscription as it stands. `subscription:{sub}`, keep last; rank 1 when deleted.
    Subscription(SubscriptionSeen),
    /// A completed checkout session. `session:{cs}`, keep last; rank 1 once paid.
    Session(SessionCompleted),
    /// A settled invoice. `invoice:{in}`, keep last.
    Invoice(InvoicePaid),
    /// All lines of an invoice whose event had only the first. `invoice_lines:{in}`, keep last.
    InvoiceLines(InvoiceLines),
    /// A payment intent that succeeded. `intent:{pi}`, keep last; rank is the amount.
    Intent(IntentSucceeded),
    /// A charge that was captured. `charge:{ch}`, keep last; rank is the amount.
    Charge(ChargeSucceeded),
    /// Objects that belong to one payment. `alias:{a}:{b}…`, keep first; rank −1 when it forbids
    /// commission, so that this is never lost to one that does not.
    Alias(PaymentAlias),
    /// A code or coupon met on an object. `touch:{object}:{method}:{value}`, keep first.
    Touch(Touch),
    /// One refund. `refund:{re}`, keep last; rank by [`RefundStatus`].
    Refund(RefundSeen),
    /// What a charge says was refunded in all. `charge_refunded:{ch}`, keep last; rank is the
    /// amount.
    ChargeRefunded(ChargeRefunded),
    /// One dispute. `dispute:{dp}`, keep last; rank by [`DisputeStatus`].
    Dispute(DisputeSeen),
    /// One credit note. `credit_note:{cn}`, keep last; rank by [`CreditNoteStatus`].
    CreditNote(CreditNoteSeen),
    /// One early fraud warning. `fraud_warning:{issfr}`, keep last; rank 1 once nothing can be done.
    FraudWarning(FraudWarningSeen),
    /// A conversion posted over REST. `posted:{id}`, keep last; rank is the revision.
    Posted(PostedConversion),
    /// A referral registered over REST. `referral:{id}`, keep last; rank is the revision.
    Referral(ReferralRegistered),
    /// A person's lock of a customer. `lock:{customer key}`, keep last; rank is the revision.
    Lock(Lock),
    /// A person's verdict on one payment's commission. `verdict:{payment key}`, keep last; rank is
    /// the revision.
    Verdict(Verdict),
}

impl FactBody {
    /// The kind, as it is stored beside the body.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Customer(_) => "customer",
            Self::Subscription(_) => "subscription",
            Self::Session(_) => "session",
            Self::Invoice(_) => "invoice",
            Self::InvoiceLines(_) => "invoice_lines",
            Self::Intent(_) => "intent",
            Self::Charge(_) => "charge",
            Self::Alias(_) => "alias",
            Self::Touch(_) => "touch",
            Self::Refund(_) => "refund",
            Self::ChargeRefunded(_) => "charge_refunded",
            Self::Dispute(_) => "dispute",
            Self::CreditNote(_) => "credit_note",
            Self::FraudWarning(_) => "fraud_warning",
            Self::Posted(_) => "posted",
            Self::Referral(_) => "referral",
            Self::Lock(_) => "lock",
            Self::Verdict(_) => "verdict",
        }
    }
}

/// A Stripe customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerSeen {
    /// `cus_…`
    pub customer: Key,
    /// The address as Stripe has it.
    pub email: Option<String>,
    /// Stripe's own creation time.
    pub created: DateTime<Utc>,
    /// Deleted at Stripe.
    pub deleted: bool,
    /// Metadata `commission: false` (SEMANTICS 6).
    pub no_commission: bool,
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscriptionSeen {
    /// `sub_…`
    pub subscription: Key,
    /// `cus_…`
    pub customer: Option<Key>,
    /// Stripe's status, as it is: `trialing`, `active`, `canceled` …
    pub status: String,
    /// When it was canceled.
    pub canceled_at: Option<DateTime<Utc>>,
    /// Metadata `commission: false`.
    pub no_commission: bool,
}

/// A completed checkout session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionCompleted {
    /// `cs_…`
    pub session: Key,
    /// Payment, subscription or setup.
    pub mode: SessionMode,
    /// Whether money was collected.
    pub payment_status: SessionPaymentStatus,
    /// `cus_…`; none for a guest.
    pub customer: Option<Key>,
    /// The address the customer gave.
    pub email: Option<String>,
    /// `pi_…`, in payment mode.
    pub payment_intent: Option<Key>,
    /// `in_…`: the payment is that invoice's.
    pub invoice: Option<Key>,
    /// `sub_…`, in subscription mode.
    pub subscription: Option<Key>,
    /// ISO 4217, lower case.
    pub currency: Option<String>,
    /// Minor units, everything included.
    pub amount_total: i64,
    /// Minor units of tax in it.
    pub amount_tax: i64,
    /// Minor units of shipping in it.
    pub amount_shipping: i64,
    /// When this state was reached: the event's time.
    pub completed_at: DateTime<Utc>,
    /// Metadata `commission: false`.
    pub no_commission: bool,
}

/// A session's mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionMode {
    /// One payment.
    Payment,
    /// A subscription; its money comes by invoice.
    Subscription,
    /// No money: a payment method is stored.
    Setup,
}

/// Whether a session's money was collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionPaymentStatus {
    /// A trial or a discount of 100 %: a lead, no payment.
    NoPaymentRequired,
    /// A delayed payment method that has not settled.
    Unpaid,
    /// Collected.
    Paid,
}

/// A settled invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoicePaid {
    /// `in_…`
    pub invoice: Key,
    /// `cus_…`
    pub customer: Option<Key>,
    /// The customer's address on the invoice.
    pub email: Option<String>,
    /// `sub_…`
    pub subscription: Option<Key>,
    /// `pi_…`, before 2025-03-31.
    pub payment_intent: Option<Key>,
    /// `ch_…`, before 2025-03-31.
    pub charge: Option<Key>,
    /// ISO 4217, lower case.
    pub currency: String,
    /// Minor units collected.
    pub amount_paid: i64,
    /// Minor units, everything included.
    pub total: i64,
    /// Minor units without tax.
    pub total_excluding_tax: i64,
    /// Minor units of shipping without its tax.
    pub shipping: i64,
    /// When it was paid, by Stripe's own record.
    pub paid_at: DateTime<Utc>,
    /// Stripe's `billing_reason`, as it is.
    pub billing_reason: Option<String>,
    /// Metadata `commission: false` on the invoice or on its subscription's snapshot.
    pub no_commission: bool,
    /// The lines that the event carried.
    pub lines: Vec<InvoiceLine>,
    /// False when Stripe sent only the first page of lines.
    pub lines_complete: bool,
}

/// A line of an invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvoiceLine {
    /// `il_…`
    pub id: String,
    /// Minor units, before tax where Stripe says so; negative for a proration's credit.
    pub amount: i64,
    /// Units sold.
    pub quantity: i64,
    /// `prod_…`
    pub product: Option<String>,
    /// `price_…`
    pub price: Option<String>,
    /// A proration line.
    pub proration: bool,
}

/// Objects that belong to one payment: any of session, payment intent, charge, invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentAlias {
    /// Two or more keys.
    pub objects: Vec<Key>,
    /// Metadata `commission: false` on the charge or the payment intent that told it (SEMANTICS 6).
    #[serde(default)]
    pub no_commission: bool,
}

/// A code or coupon met on an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touch {
    /// What kind of object carried it.
    pub on: TouchedObject,
    /// The object.
    pub object: Key,
    /// How it was carried.
    pub method: TouchMethod,
    /// The code or the Stripe id, as it was written.
    pub value: String,
}

/// What carried a touch, in the order in which metadata is looked for (SEMANTICS 4 c).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TouchedObject {
    /// `cs_…`
    Session,
    /// `pi_…`
    PaymentIntent,
    /// `ch_…`; its metadata is the payment intent's.
    Charge,
    /// `in_…`
    Invoice,
    /// `sub_…`
    Subscription,
    /// `cus_…`
    Customer,
}

/// How a touch was carried, in order of precedence (SEMANTICS 4 c–e).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TouchMethod {
    /// A code in metadata.
    Metadata,
    /// `client_reference_id`.
    ClientReferenceId,
    /// A promotion code: `promo_…`.
    PromotionCode,
    /// A promotion code, by the text the customer typed.
    PromotionCodeText,
    /// A coupon, by its Stripe id.
    Coupon,
}

/// One refund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundSeen {
    /// `re_…`
    pub refund: String,
    /// `ch_…`
    pub charge: Option<Key>,
    /// `pi_…`
    pub payment_intent: Option<Key>,
    /// Minor units of this refund alone.
    pub amount: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// Where it stands.
    pub status: RefundStatus,
    /// Stripe's own creation time.
    pub created: DateTime<Utc>,
}

/// Where a refund stands; the order is its life, and its rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// Not yet money.
    Pending,
    /// Money went back.
    Succeeded,
    /// It failed, also after it had succeeded.
    Failed,
    /// It was canceled.
    Canceled,
}

impl RefundStatus {
    /// The rank of a fact with this status.
    #[must_use]
    pub fn rank(self) -> i64 {
        match self {
            Self::Pending => 0,
            Self::Succeeded => 1,
            Self::Failed => 2,
            Self::Canceled => 3,
        }
    }
}

/// What a charge says was refunded in all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeRefunded {
    /// `ch_…`
    pub charge: Key,
    /// `pi_…`
    pub payment_intent: Option<Key>,
    /// `in_…`, before 2025-03-31.
    pub invoice: Option<Key>,
    /// Minor units, cumulative.
    pub amount_refunded: i64,
    /// ISO 4217, lower case.
    pub currency: String,
}

/// One dispute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeSeen {
    /// `dp_…` or `du_…`
    pub dispute: String,
    /// `ch_…`
    pub charge: Option<Key>,
    /// `pi_…`
    pub payment_intent: Option<Key>,
    /// Minor units disputed.
    pub amount: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// Where it stands.
    pub status: DisputeStatus,
    /// Stripe's own creation time.
    pub created: DateTime<Utc>,
}

/// Where a dispute stands; the order is its life, and its rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeStatus {
    /// An inquiry (`warning_needs_response`, `warning_under_review`): nothing is held.
    Warning,
    /// Open: that share is held.
    Open,
    /// `won`, `warning_closed`, `prevented`: released.
    Released,
    /// Lost: taken back.
    Lost,
}

impl DisputeStatus {
    /// The rank of a fact with this status.
    #[must_use]
    pub fn rank(self) -> i64 {
        match self {
            Self::Warning => 0,
            Self::Open => 1,
            Self::Released => 2,
            Self::Lost => 3,
        }
    }
}

/// A conversion posted over REST, as it stands after its latest revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostedConversion {
    /// Its id, known before it is settled.
    pub conversion: ConversionId,
    /// Its payment key.
    pub payment: Key,
    /// Signup or purchase.
    pub kind: ConversionKind,
    /// Minor units of commission, when the caller named it.
    pub value: Option<i64>,
    /// Minor units of the sale.
    pub base: Option<i64>,
    /// ISO 4217, lower case.
    pub currency: String,
    /// The affiliate that the caller named, by id or by code.
    pub affiliate: Option<AffiliateId>,
    /// The referral code that the caller named.
    pub referral_code: Option<String>,
    /// The coupon that the caller named.
    pub coupon_code: Option<String>,
    /// Who it concerns.
    pub who: Who,
    /// When it happened.
    pub occurred_at: DateTime<Utc>,
    /// The caller says that it has been paid out already.
    pub paid: bool,
    /// It was deleted: the ledger reverses it.
    pub deleted: bool,
}

/// Signup or purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConversionKind {
    /// A signup: a lead, usually without money.
    Signup,
    /// A payment collected.
    Purchase,
}

/// The identities by which a REST caller names a customer; any of them may be missing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The address, as it was written.
    pub email: Option<String>,
    /// `cus_…`
    pub stripe_customer: Option<Key>,
    /// The SaaS company's own id.
    pub external_id: Option<String>,
}

/// A referral registered over REST.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReferralRegistered {
    /// Who signed up.
    pub who: Who,
    /// The affiliate that the caller named.
    pub affiliate: Option<AffiliateId>,
    /// The code that the caller named.
    pub referral_code: Option<String>,
    /// When they signed up.
    pub occurred_at: DateTime<Utc>,
    /// The first registration of this referral, unless it is this one.
    #[serde(default)]
    pub first: Option<i64>,
    /// The caller says that they have paid.
    #[serde(default)]
    pub converted: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_posted_conversion_is_stored_and_read_back() {
        let posted = FactBody::Posted(PostedConversion {
            conversion: ConversionId(7),
            payment: Key::reference("order-1"),
            kind: ConversionKind::Purchase,
            value: Some(250),
            base: Some(1_050),
            currency: "usd".to_owned(),
            affiliate: Some(AffiliateId(3)),
            referral_code: None,
            coupon_code: None,
            who: Who::default(),
            occurred_at: DateTime::UNIX_EPOCH,
            paid: false,
            deleted: false,
        });
        let stored = serde_json::to_string(&posted).unwrap();
        assert_eq!(serde_json::from_str::<FactBody>(&stored).unwrap(), posted, "{stored}");
    }
}
