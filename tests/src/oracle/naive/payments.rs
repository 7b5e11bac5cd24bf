//! What is one payment, and what was collected (1, 6).

use super::money::floor;
use super::people::{Person, person_of};
use super::reversal;
use super::words::{self, Told};
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
    /// What back ends said of it.
    pub(super) told: Option<Told<'a>>,
    pub(super) at: Time,
    /// When there was last news of its money.
    pub(super) news: Time,
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
        self.told.as_ref().is_none_or(|told| !told.signup)
    }

    /// When the customer did it: at the checkout, whenever that was paid.
    pub(super) fn acted(&self) -> Time {
        self.checkout.map_or(self.at, |checkout| checkout.at.min(self.at))
    }

    /// What is known of it before Stripe tells of its money: what back ends said, and its checkout.
    pub(super) fn only_as_known(&mut self, history: &History, then: Time) {
        (self.invoice, self.intent) = (None, None);
        self.checkout = self.checkout.filter(|checkout| checkout.at <= then);
        if let Some(told) = &self.told {
            let base = told.base.unwrap_or(0);
            self.at = told.at;
            self.money = Some((told.currency, base, base));
        } else if let Some(checkout) = self.checkout {
            (self.at, self.money) = (checkout.at, None);
        }
        let told = self.told.as_ref().map(|told| told.first);
        let first = told.into_iter().chain(self.checkout.map(|checkout| checkout.at)).min();
        self.received = first.map_or(self.received, |at| history.receipt(at));
    }

    pub(super) fn base(&self) -> i64 {
        self.money.map_or(0, |(_, _, base)| base)
    }

    /// Whether it is a conversion: money was collected, or a back end said that there is one.
    pub(super) fn counts(&self) -> bool {
        self.money.is_some() || self.told.is_some()
    }
}

pub(super) fn payments<'a>(history: &'a History, people: &[Person]) -> Vec<Payment<'a>> {
    let mut payments = Vec::new();
    // 1. What settles an invoice is the invoice's: its session, its intent, a post that names it.
    for (place, invoice) in history.invoices.iter().enumerate() {
        let checkout = history.checkouts.iter().find(
            |checkout| matches!(checkout.mode, CheckoutMode::Subscription { invoice, .. } if invoice == place),
        );
        let ids = [
            vec![invoice.id.clone()],
            both(invoice.money.as_ref()),
            checkout.iter().map(|one| one.id.clone()).collect(),
        ];
        let told = words::told(history, &ids.concat());
        let (gone, disputed) = reversal::of(history, Of::Invoice(place));
        payments.push(Payment {
            key: invoice.id.clone(),
            person: person_of(people, &invoice.id),
            checkout,
            invoice: Some(invoice),
            intent: None,
            news: invoice.at + invoice.lag,
            at: invoice.at,
            received: first_receipt(history, checkout, Some(invoice), told.as_ref()),
            money: of_invoice(invoice),
            gone,
            disputed,
            warned: reversal::warned(history, Of::Invoice(place)),
            ruling: ruling(history, &[Some(&invoice.id)]),
            told,
        });
    }
    for (place, checkout) in history.checkouts.iter().enumerate() {
        if matches!(checkout.mode, CheckoutMode::Subscription { .. }) {
            continue;
        }
        let (gone, disputed) = reversal::of(history, Of::Checkout(place));
        let intent = checkout.money.as_ref().map(|(intent, _)| intent.clone());
        let told = words::told(history, &[vec![checkout.id.clone()], both(checkout.money.as_ref())].concat());
        // 6. Delayed methods count when they succeed.
        let at = match checkout.settled {
            Settled::Later(Some(then)) => then,
            Settled::Paid | Settled::Free | Settled::Later(None) => checkout.at,
        };
        payments.push(Payment {
            key: intent.unwrap_or_else(|| checkout.id.clone()),
            person: person_of(people, &checkout.id),
            checkout: Some(checkout),
            invoice: None,
            intent: None,
            at,
            news: at,
            received: first_receipt(history, Some(checkout), None, told.as_ref()),
            money: of_checkout(checkout),
            gone,
            disputed,
            warned: reversal::warned(history, Of::Checkout(place)),
            ruling: ruling(history, &[Some(&checkout.id), checkout.money.as_ref().map(|(intent, _)| intent)]),
            told,
        });
    }
    // 1. Money of which nothing else knows is a payment of its own.
    for (place, intent) in history.intents.iter().enumerate() {
        let (gone, disputed) = reversal::of(history, Of::Intent(place));
        let ids: Vec<String> = intent.intent.iter().chain([&intent.charge]).cloned().collect();
        let told = words::told(history, &ids);
        payments.push(Payment {
            key: intent.intent.clone().unwrap_or_else(|| intent.charge.clone()),
            person: person_of(people, &intent.charge),
            checkout: None,
            invoice: None,
            intent: Some(intent),
            at: intent.at,
            news: intent.at,
            received: history.receipt(told.as_ref().map_or(intent.at, |told| told.first.min(intent.at))),
            // 6. Nothing says that there is tax in it.
            money: Some((intent.currency, intent.amount, intent.amount)),
            gone,
            disputed,
            warned: reversal::warned(history, Of::Intent(place)),
            ruling: ruling(history, &[intent.intent.as_ref(), Some(&intent.charge)]),
            told,
        });
    }
    payments.extend(posted(history, people));
    payments
}

/// What only back ends told of.
fn posted<'a>(history: &'a History, people: &[Person]) -> Vec<Payment<'a>> {
    let own = history.posts.iter().filter(|post| !matches!(post.reference, Reference::Stripe(_)));
    let payment = |post: &'a Post| {
        let key = post.key();
        let told = words::told(history, std::slice::from_ref(&key));
        let base = told.as_ref().and_then(|told| told.base).unwrap_or(0);
        Payment {
            ruling: ruling(history, &[Some(&key), Some(&conversion(post))]),
            key,
            person: person_of(people, &conversion(post)),
            checkout: None,
            invoice: None,
            intent: None,
            at: post.at,
            news: post.at,
            received: first_receipt(history, None, None, told.as_ref()),
            money: Some((post.currency, base, base)),
            gone: 0,
            disputed: 0,
            warned: false,
            told,
        }
    };
    own.map(payment).collect()
}

/// The ids of a payment's intent and charge.
fn both(money: Option<&(String, String)>) -> Vec<String> {
    money.into_iter().flat_map(|(intent, charge)| [intent.clone(), charge.clone()]).collect()
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
    told: Option<&Told<'_>>,
) -> Time {
    let known = [
        checkout.map(|checkout| checkout.at),
        invoice.map(|invoice| invoice.at + invoice.lag),
        told.map(|told| told.first),
    ];
    known.into_iter().flatten().map(|at| history.receipt(at)).min().unwrap()
}
