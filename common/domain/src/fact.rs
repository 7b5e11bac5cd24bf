//! Facts: what an event says, freed of the shape it was said in.
//!
//! Each [`Fact`] has a natural key. Where two events tell the same fact, one of them is kept, and
//! which one depends on the two alone, not on their order ([`Fact::supersedes`]): the facts that
//! are kept are a function of the *set* of events (SEMANTICS 3). The fold reads nothing else.

mod address;
mod alias;
mod apart;
mod balance;
mod collection;
mod commission_flag;
mod credit_note;
mod customer;
mod decided;
mod dispute;
mod first_sight;
mod fraud_warning;
mod invoice;
mod invoice_lines;
mod kind;
mod posted;
mod referral;
mod refund;
mod session;
mod subscription;
mod touch;

pub use address::{Address, AddressEvidence, AddressSeen};
pub use alias::PaymentAlias;
pub use apart::PaymentApart;
pub use balance::BalanceMoved;
pub use collection::{ChargeSucceeded, IntentSucceeded, Invoiced};
pub use commission_flag::CommissionFlag;
pub use credit_note::{CreditNoteSeen, CreditNoteStatus, CreditedRefund};
pub use customer::CustomerSeen;
pub use dispute::{DisputeSeen, DisputeStatus};
pub use fraud_warning::FraudWarningSeen;
pub use invoice::{InvoiceLine, InvoicePaid};
pub use invoice_lines::InvoiceLines;
pub(crate) use kind::Holds;
pub use posted::{ConversionChange, ConversionKind, CustomerIds, NamedValue, PostedConversion, PostedWord};
pub use referral::ReferralRegistered;
pub use refund::{ChargeRefunded, RefundSeen, RefundStatus};
pub use session::{SessionCompleted, SessionMode, SessionPaymentStatus};
pub use subscription::SubscriptionSeen;
pub use touch::{Touch, TouchMethod, TouchedObject};

use super::decision::{Lock, Verdict};
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
    /// How far a thing has come: its state, an amount that only grows, a revision. What it decides
    /// is up to [`Keep`].
    pub rank: i64,
    /// The event's own time.
    pub at: DateTime<Utc>,
    /// The event that tells it: the evidence, and the last tie-break.
    pub event: String,
    /// Every identity that the fact names. All of them join one cluster.
    pub identities: Vec<Key>,
    /// What it says.
    pub body: FactBody,
}

/// Which of two facts with one natural key is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// The one with the lowest rank, then the first: a touch, a link.
    First,
    /// The latest; in one second, which is as fine as Stripe counts, the one with the highest rank: a
    /// snapshot, a status. A thing may go back: a dispute that was lost is won, one that was closed is
    /// opened again (SEMANTICS 12).
    Latest,
    /// The one with the highest rank, then the latest: a revision, which a counter tells better than
    /// a clock.
    Highest,
}

impl Fact {
    /// Whether this fact takes the place of `other`, which has the same natural key.
    #[must_use]
    pub fn supersedes(&self, other: &Self) -> bool {
        let by_rank = |fact: &'_ Self| (fact.rank, fact.at);
        let by_time = |fact: &'_ Self| (fact.at, fact.rank);
        match self.keep {
            Keep::First => (by_rank(self), &self.event) < (by_rank(other), &other.event),
            Keep::Latest => (by_time(self), &self.event) > (by_time(other), &other.event),
            Keep::Highest => (by_rank(self), &self.event) > (by_rank(other), &other.event),
        }
    }
}

/// What a fact says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
// No fact has a field of that name, which would read as the tag.
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum FactBody {
    /// A Stripe customer as it stands. `customer:{cus}`, keep latest; rank 1 when deleted.
    Customer(CustomerSeen),
    /// An address of a Stripe customer, from when it was first told. `address:{cus}:{email}`, keep first.
    Address(AddressSeen),
    /// Metadata `commission: false` that was set on a customer or a subscription, or taken away.
    /// `commission:{object}:{event}`, keep first.
    CommissionFlag(CommissionFlag),
    /// A subscription as it stands. `subscription:{sub}`, keep latest; rank 1 when deleted.
    Subscription(SubscriptionSeen),
    /// A completed checkout session. `session:{cs}`, keep latest; rank 1 once paid.
    Session(SessionCompleted),
    /// An invoice on which something was paid. `invoice:{in}`, keep latest; rank 0 when settled, and below
    /// that by what was paid.
    Invoice(InvoicePaid),
    /// All lines of an invoice whose event had only the first. `invoice_lines:{in}`, keep latest.
    InvoiceLines(InvoiceLines),
    /// A payment intent that succeeded. `intent:{pi}`, keep latest; rank is the amount.
    Intent(IntentSucceeded),
    /// A charge that was captured. `charge:{ch}`, keep latest; rank is the amount.
    Charge(ChargeSucceeded),
    /// Objects that belong to one payment. `alias:{a}:{b}…`, keep first; rank −1 when it forbids
    /// commission, so that this is never lost to one that does not.
    Alias(PaymentAlias),
    /// That an invoice was not paid by Stripe's money, or that money settled no invoice. `apart:{object}`,
    /// keep first.
    Apart(PaymentApart),
    /// A code or coupon met on an object. `touch:{object}:{method}:{value}`, keep first.
    Touch(Touch),
    /// One refund. `refund:{re}`, keep latest; rank by [`RefundStatus`].
    Refund(RefundSeen),
    /// What a charge says was refunded in all. `charge_refunded:{ch}`, keep latest; rank is the
    /// amount.
    ChargeRefunded(ChargeRefunded),
    /// What a charge or a dispute moved in the account's own currency. `balance:{ch or dp}`, keep latest.
    Balance(BalanceMoved),
    /// One dispute. `dispute:{dp}`, keep latest; rank by [`DisputeStatus`].
    Dispute(DisputeSeen),
    /// One credit note. `credit_note:{cn}`, keep latest; rank by [`CreditNoteStatus`].
    CreditNote(CreditNoteSeen),
    /// One early fraud warning. `fraud_warning:{issfr}`, keep latest; rank 1 once nothing can be done.
    FraudWarning(FraudWarningSeen),
    /// What was said of a conversion over REST. `posted:{id}`, keep highest; rank is the revision. Every revision is
    /// folded, so each is kept as a version ([`Fact::has_versions`]).
    Posted(PostedWord),
    /// A referral registered over REST. `referral:{id}`, keep highest; rank is the revision.
    Referral(ReferralRegistered),
    /// A person's lock of a customer. `lock:{customer key}`, keep highest; rank is the revision.
    Lock(Lock),
    /// A person's verdict on one payment's commission. `verdict:{payment key}`, keep highest; rank is
    /// the revision.
    Verdict(Verdict),
}
