//! What really happened, in the plainest words: no events, no facts.
//!
//! Times are Unix seconds. No two things of one history happen at the same second, unless they are
//! told by one event. Amounts are minor units.

mod customer;
mod decision;
mod payment;
mod rest;
mod reversal;
mod world;

pub use customer::{Change, Customer, Subscription};
pub use decision::{Lock, LockedTo, Ruling, Verdict, Whom};
pub use payment::{Checkout, CheckoutMode, Discount, Intent, Invoice, Line, PaidBy, Settled};
pub use rest::{Post, Reference, Referral, Revision, Who};
pub use reversal::{CreditNote, Dispute, Of, Refund, RefundState, Standing, Stated, Warning};
pub use world::{Affiliate, Click, Coupon, Earns, Limit, Programme, Span, World};

use stripe::sample::Version;

/// Unix seconds.
pub type Time = i64;

/// A day, in seconds.
pub const DAY: Time = 86_400;

/// The first day of every history: 2026-01-01.
pub const START: Time = 1_767_225_600;

/// One programme's world and everything that happened in it.
#[derive(Clone, Debug)]
pub struct History {
    /// Affiliates, codes and rules.
    pub world: World,
    /// The API version that the endpoint asks for; objects may have others.
    pub version: Version,
    /// When everything is received, if it is imported long after it happened; otherwise each event is
    /// received as it is made.
    pub imported_at: Option<Time>,
    /// Stripe's customers.
    pub customers: Vec<Customer>,
    /// Their subscriptions.
    pub subscriptions: Vec<Subscription>,
    /// Completed checkouts.
    pub checkouts: Vec<Checkout>,
    /// Settled invoices.
    pub invoices: Vec<Invoice>,
    /// Payment intents and charges of which neither a checkout nor an invoice knows.
    pub intents: Vec<Intent>,
    /// Money that went back.
    pub refunds: Vec<Refund>,
    /// Money in dispute.
    pub disputes: Vec<Dispute>,
    /// Credit after payment.
    pub credit_notes: Vec<CreditNote>,
    /// Early fraud warnings.
    pub warnings: Vec<Warning>,
    /// Conversions that a back end posted.
    pub posts: Vec<Post>,
    /// Referrals that a back end registered.
    pub referrals: Vec<Referral>,
    /// Whom people locked to whom.
    pub locks: Vec<Lock>,
    /// What people decided of commissions.
    pub verdicts: Vec<Verdict>,
}

impl History {
    /// A world in which nothing has happened.
    #[must_use]
    pub fn of(world: World) -> Self {
        Self {
            world,
            version: Version::Dahlia,
            imported_at: None,
            customers: Vec::new(),
            subscriptions: Vec::new(),
            checkouts: Vec::new(),
            invoices: Vec::new(),
            intents: Vec::new(),
            refunds: Vec::new(),
            disputes: Vec::new(),
            credit_notes: Vec::new(),
            warnings: Vec::new(),
            posts: Vec::new(),
            referrals: Vec::new(),
            locks: Vec::new(),
            verdicts: Vec::new(),
        }
    }

    /// When news of some time is received.
    #[must_use]
    pub fn receipt(&self, at: Time) -> Time {
        self.imported_at.unwrap_or(at)
    }

    /// What happened, a line each, for whoever has to find out which opinion is wrong.
    #[must_use]
    pub fn in_short(&self) -> String {
        let mut lines = vec![format!("{} imported {:?}", self.version.as_str(), self.imported_at)];
        let world = &self.world;
        list(&mut lines, &world.affiliates);
        list(&mut lines, &world.coupons);
        list(&mut lines, &world.clicks);
        list(&mut lines, &world.programmes);
        list(&mut lines, &self.customers);
        list(&mut lines, &self.subscriptions);
        list(&mut lines, &self.checkouts);
        list(&mut lines, &self.invoices);
        list(&mut lines, &self.intents);
        list(&mut lines, &self.refunds);
        list(&mut lines, &self.disputes);
        list(&mut lines, &self.credit_notes);
        list(&mut lines, &self.warnings);
        list(&mut lines, &self.posts);
        list(&mut lines, &self.referrals);
        list(&mut lines, &self.locks);
        list(&mut lines, &self.verdicts);
        lines.join("\n")
    }
}

fn list<T: std::fmt::Debug>(lines: &mut Vec<String>, things: &[T]) {
    lines.extend(things.iter().map(|thing| format!("{thing:?}")));
}
