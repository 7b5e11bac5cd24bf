//! What is one payment, and what was collected (1, 6).

use super::money::floor;
use super::people::{Person, person_of};
use super::reversal;
use crate::oracle::model::{
    Checkout, CheckoutMode, History, Intent, Invoice, Of, Post, Reference, Ruling, Settled, Time,
};

/// A payment, or a completed checkout that took no money.
#[derive(Clone, Debug)]
pub(super) struct Payment<'a> {
    pub(super) key: String,
    pub(super) person: Option<usize>,
    pub(super) checkout: Option<&'a Checkout>,
    pub(super) invoice: Option<&'a Invoice>,
    pub(super) intent: Option<&'a Intent>,
    pub(super) post: Option<&'a Post>,
    pub(super) at: Time,
    /// When the first of what tells it was received.
    pub(super) received: Time,
    /// Currency, minor units collected, minor units of the base; none when nothing was collected.
    pub(super) money: Option<(&'static str, i64, i64)>,
    /// Minor units that went back by refunds and by lost disputes.
    pub(super) gone: i64,
    /// Minor units in open disputes.
    pub(super) disputed: i64,
    /// Whether an early fraud warning calls for something.
    pub(super) warned: bool,
    /// What people decided of it, last.
    pub(super) ruling: Option<Ruling>,
}

impl Payment<'_> {
    pub(super) fn is_purchase(&self) -> bool {
        self.post.is_none_or(|post| !post.signup)
    }

    pub(super) fn base(&self) -> i64 {
        self.money.map_or(0, |(_, _, base)| base)
    }

    /// Whether it is a conversion: money was collected, or a back end said that there is one.
    pub(super) fn counts(&self) -> bool {
        self.money.is_some() || self.post.is_some()
    }
}

pub(super) fn payments<'a>(history: &'a History, people: &[Person]) -> Vec<Payment<'a>> {
    let mut payments = Vec::new();
    // 1. What settles an invoice is the invoice's: its session, its intent, a post that names it.
    for (place, invoice) in history.invoices.iter().enumerate() {
        let checkout = history.checkouts.iter().find(
            |checkout| matches!(checkout.mode, CheckoutMode::Subscription { invoice, .. } if invoice == place),
        );
        let post = history
            .posts
            .iter()
            .find(|post| matches!(post.reference, Reference::Invoice(invoice) if invoice == place));
        let (gone, disputed) = reversal::of(history, Of::Invoice(place));
        payments.push(Payment {
            key: invoice.id.clone(),
            person: person_of(people, &invoice.id),
            checkout,
            invoice: Some(invoice),
            intent: None,
            post,
            at: invoice.at,
            received: first_receipt(history, checkout, Some(invoice), post),
            money: of_invoice(invoice),
            gone,
            disputed,
            warned: reversal::warned(history, Of::Invoice(place)),
            ruling: ruling(history, &[Some(&invoice.id), post.map(conversion).as_ref()]),
        });
    }
    for (place, checkout) in history.checkouts.iter().enumerate() {
        if matches!(checkout.mode, CheckoutMode::Subscription { .. }) {
            continue;
        }
        let (gone, disputed) = reversal::of(history, Of::Checkout(place));
        let intent = checkout.money.as_ref().map(|(intent, _)| intent.clone());
        payments.push(Payment {
            key: intent.unwrap_or_else(|| checkout.id.clone()),
            person: person_of(people, &checkout.id),
            checkout: Some(checkout),
            invoice: None,
            intent: None,
            post: None,
            // 6. Delayed methods count when they succeed.
            at: match checkout.settled {
                Settled::Later(Some(then)) => then,
                Settled::Paid | Settled::Free | Settled::Later(None) => checkout.at,
            },
            received: first_receipt(history, Some(checkout), None, None),
            money: of_checkout(checkout),
            gone,
            disputed,
            warned: reversal::warned(history, Of::Checkout(place)),
            ruling: ruling(history, &[Some(&checkout.id), checkout.money.as_ref().map(|(intent, _)| intent)]),
        });
    }
    // 1. Money of which nothing else knows is a payment of its own.
    for (place, intent) in history.intents.iter().enumerate() {
        let (gone, disputed) = reversal::of(history, Of::Intent(place));
        payments.push(Payment {
            key: intent.intent.clone().unwrap_or_else(|| intent.charge.clone()),
            person: person_of(people, &intent.charge),
            checkout: None,
            invoice: None,
            intent: Some(intent),
            post: None,
            at: intent.at,
            received: history.receipt(intent.at),
            // 6. Nothing says that there is tax in it.
            money: Some((intent.currency, intent.amount, intent.amount)),
            gone,
            disputed,
            warned: reversal::warned(history, Of::Intent(place)),
            ruling: ruling(history, &[intent.intent.as_ref(), Some(&intent.charge)]),
        });
    }
    for post in &history.posts {
        let key = match &post.reference {
            Reference::Invoice(_) => continue,
            Reference::Own(reference) => format!("external:{reference}"),
            Reference::None => conversion(post),
        };
        let base = post.revisions.last().and_then(|revision| revision.base).unwrap_or(0);
        payments.push(Payment {
            ruling: ruling(history, &[Some(&key), Some(&conversion(post))]),
            key,
            person: person_of(people, &conversion(post)),
            checkout: None,
            invoice: None,
            intent: None,
            post: Some(post),
            at: post.at,
            received: first_receipt(history, None, None, Some(post)),
            money: Some((post.currency, base, base)),
            gone: 0,
            disputed: 0,
            warned: false,
        });
    }
    payments
}

/// The key of the conversion that a post made.
fn conversion(post: &Post) -> String {
    format!("conversion:{}", post.id)
}

/// 14. The last decision on any of these keys.
fn ruling(history: &History, keys: &[Option<&String>]) -> Option<Ruling> {
    let about = history.verdicts.iter().filter(|verdict| keys.contains(&Some(&verdict.payment)));
    about.max_by_key(|verdict| verdict.id).map(|verdict| verdict.ruling)
}

/// 6. A fully paid invoice: its total without tax and shipping. A part-paid one: its share, rounded down.
fn of_invoice(invoice: &Invoice) -> Option<(&'static str, i64, i64)> {
    let net = invoice.total() - invoice.tax - invoice.shipping;
    let base = if invoice.paid >= invoice.total() { net } else { floor(invoice.paid, net, invoice.total()) };
    // 11. Of what was paid beyond the invoice nothing is earned, but what went back is a share of all.
    (invoice.paid > 0).then_some((invoice.currency, invoice.paid + invoice.overpaid, base))
}

/// 6, for a session without an invoice: what it took, without tax and shipping. `setup`, `unpaid` and
/// `no_payment_required` are no payments.
fn of_checkout(checkout: &Checkout) -> Option<(&'static str, i64, i64)> {
    let paid = match (&checkout.mode, checkout.settled) {
        (CheckoutMode::Payment, Settled::Paid | Settled::Later(Some(_))) => true,
        (CheckoutMode::Payment, Settled::Later(None) | Settled::Free)
        | (CheckoutMode::Setup | CheckoutMode::Subscription { .. }, _) => false,
    };
    let net = checkout.total - checkout.tax - checkout.shipping;
    // What was captured is collected, whatever the total says; tax and shipping shrink or grow with it.
    let (collected, base) = match checkout.captured {
        Some(captured) if captured != checkout.total => (captured, floor(captured, net, checkout.total)),
        Some(_) | None => (checkout.total, net),
    };
    (paid && collected > 0).then_some((checkout.currency, collected, base))
}

fn first_receipt(
    history: &History,
    checkout: Option<&Checkout>,
    invoice: Option<&Invoice>,
    post: Option<&Post>,
) -> Time {
    let told = [
        checkout.map(|checkout| checkout.at),
        invoice.map(|invoice| invoice.at + invoice.lag),
        post.map(|post| post.revisions[0].at),
    ];
    told.into_iter().flatten().map(|at| history.receipt(at)).min().unwrap()
}
