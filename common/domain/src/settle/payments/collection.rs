//! Money as a payment intent or a charge tells it.

use super::Collected;
use crate::fact::{ChargeSucceeded, FactBody, IntentSucceeded, Invoiced};
use crate::key::{Key, KeyKind};
use crate::money::Currency;
use crate::settle::KnownFact;
use chrono::{DateTime, Utc};

/// What one payment intent or charge collected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Collection<'a> {
    pub(super) object: &'a Key,
    /// An intent's charge, a charge's intent.
    pub(super) partner: Option<&'a Key>,
    pub(super) customer: Option<&'a Key>,
    pub(super) currency: &'a str,
    pub(super) amount: i64,
    pub(super) uncaptured: Option<i64>,
    pub(super) at: DateTime<Utc>,
    pub(super) invoiced: &'a Invoiced,
    pub(super) no_commission: bool,
    pub(super) known: &'a KnownFact,
}

/// Which charge some money came from, by either of its keys.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct ChargeKeys<'a> {
    pub(super) charge: Option<&'a Key>,
    pub(super) payment_intent: Option<&'a Key>,
}

/// The collections of one set of keys.
#[derive(Clone, Debug, Default)]
pub(super) struct Collections<'a> {
    intents: Vec<Collection<'a>>,
    charges: Vec<Collection<'a>>,
    /// Stripe was asked, and knows no invoice of this money.
    apart: bool,
}

/// What the collections of one set say of an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// There is none.
    Never,
    /// There is one, which is not named.
    Hinted,
    /// Nothing.
    Nothing,
}

impl<'a> Collections<'a> {
    /// Notes the money that an intent or a charge tells, or that money settled no invoice.
    pub(super) fn note(&mut self, known: &'a KnownFact) {
        if let FactBody::Intent(intent) = &known.fact.body {
            self.intents.push(of_intent(intent, known));
        } else if let FactBody::Charge(charge) = &known.fact.body {
            self.charges.push(of_charge(charge, known));
        } else if let FactBody::Apart(apart) = &known.fact.body {
            self.apart |= apart.object.kind() != KeyKind::Invoice;
        }
    }

    /// Those that tell the money, in order of time: a payment intent's charges collected what it
    /// received.
    pub(super) fn leading(&self) -> Vec<Collection<'a>> {
        let leading = if self.intents.is_empty() { &self.charges } else { &self.intents };
        let mut leading: Vec<_> = leading.iter().copied().filter(|one| one.amount > 0).collect();
        leading.sort_by_key(|one| (one.at, one.object));
        leading
    }

    /// What they say of an invoice. The word of one that knows goes before the silence of another.
    pub(super) fn said(&self) -> Said {
        let says = |wanted: &Invoiced| self.all().any(|one| one.invoiced == wanted);
        if self.apart || says(&Invoiced::Never) {
            Said::Never
        } else if says(&Invoiced::Hinted) {
            Said::Hinted
        } else {
            Said::Nothing
        }
    }

    /// What one of them collected in a currency; of several with the same keys, the latest.
    pub(super) fn of(&self, source: ChargeKeys<'_>, currency: Currency) -> Option<i64> {
        let named = [source.charge, source.payment_intent];
        let of_source = self.all().filter(|one| named.contains(&Some(one.object)));
        let same = of_source.filter(|one| Currency::stored(one.currency) == Ok(currency));
        same.max_by_key(|one| (one.at, one.object)).map(|one| one.amount)
    }

    /// Minor units that were collected in a currency. `None` when nothing tells of any, or an overflow.
    pub(super) fn in_currency(&self, currency: &str) -> Option<i64> {
        let mut amounts =
            self.leading().into_iter().filter(|one| one.currency == currency).map(|one| one.amount);
        let first = amounts.next()?;
        amounts.try_fold(first, i64::checked_add)
    }

    /// The objects that say `commission: false`.
    pub(super) fn no_commission(&self) -> impl Iterator<Item = &'a Key> + '_ {
        self.all().filter(|one| one.no_commission).map(|one| one.object)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Collection<'a>> {
        self.intents.iter().chain(&self.charges)
    }
}

/// The sum of collections, without those of another currency than the first. `None` is an overflow or
/// no currency.
pub(super) fn sum(collections: &[Collection<'_>]) -> Option<Collected> {
    let mut all = collections.iter();
    let first = all.next()?;
    let currency = Currency::stored(first.currency).ok()?;
    let same = all.filter(|one| one.currency == first.currency);
    let gross = same.map(|one| one.amount).try_fold(first.amount, i64::checked_add)?;
    Some(Collected { currency, gross, base: gross })
}

fn of_intent<'a>(intent: &'a IntentSucceeded, known: &'a KnownFact) -> Collection<'a> {
    Collection {
        object: &intent.payment_intent,
        partner: intent.charge.as_ref(),
        customer: intent.customer.as_ref(),
        currency: &intent.currency,
        amount: intent.amount_received,
        uncaptured: intent.uncaptured,
        at: intent.succeeded_at,
        invoiced: &intent.invoiced,
        no_commission: intent.no_commission,
        known,
    }
}

fn of_charge<'a>(charge: &'a ChargeSucceeded, known: &'a KnownFact) -> Collection<'a> {
    Collection {
        object: &charge.charge,
        partner: charge.payment_intent.as_ref(),
        customer: charge.customer.as_ref(),
        currency: &charge.currency,
        amount: charge.amount_captured,
        uncaptured: charge.uncaptured,
        at: charge.succeeded_at,
        invoiced: &charge.invoiced,
        no_commission: charge.no_commission,
        known,
    }
}
