//! What is one payment, and the money of it.

mod claim;
mod collection;
mod currencies;
mod released;
mod reversal;
mod share;
pub(super) mod words;

use super::flags::CommissionFlags;
use super::people::{People, Person};
use super::{KnownFact, SettleError};
use crate::fact::{
    BalanceMoved, ConversionKind, FactBody, FraudWarningSeen, InvoiceLine, InvoiceLines, InvoicePaid,
    PostedWord, SessionCompleted, SessionMode, SessionPaymentStatus,
};
use crate::key::{Key, KeyKind};
use crate::money::{Currency, Money, ratio_floor};
use crate::origin::Origin;
use crate::union_find::UnionFind;
use chrono::{DateTime, Utc};
pub(super) use claim::unclaimed;
use collection::{Collections, Said};
use released::Released;
pub(super) use reversal::Counted;
use reversal::Reversals;
use share::Whole;
use std::collections::{BTreeMap, BTreeSet};
use words::Standing;

/// A payment or a lead: everything that one set of session, payment intent, charge, invoice and
/// reference tells.
#[derive(Clone, Debug)]
pub(super) struct Payment<'a> {
    /// Its key, by SEMANTICS 1.
    pub(super) key: Key,
    /// Every key that names it.
    pub(super) aliases: BTreeSet<Key>,
    /// The person's anchor.
    pub(super) person: Option<Key>,
    /// The subscriptions it belongs to.
    pub(super) subscriptions: BTreeSet<Key>,
    /// What was collected; `None` for a lead.
    pub(super) money: Option<Collected>,
    /// Whose figures the money is.
    pub(super) amount_source: Origin,
    /// What the REST API was told, all of its callers' words together.
    pub(super) posted: Option<Standing<'a>>,
    /// The event that told it, and the tie-break among payments of one second.
    pub(super) event: &'a str,
    /// Event time.
    pub(super) at: DateTime<Utc>,
    /// When the customer did it: at the checkout, whenever its money came.
    pub(super) acted_at: DateTime<Utc>,
    /// The earliest receipt of what tells it.
    pub(super) received_at: DateTime<Utc>,
    /// What went back: refunds, credit, and disputes lost.
    pub(super) reversed: Counted,
    /// What is in open disputes.
    pub(super) disputed: Counted,
    /// The card issuer's early word that it may be fraud, while something can be done.
    pub(super) warning: Option<&'a FraudWarningSeen>,
    /// The object that said `commission: false`.
    pub(super) no_commission: Option<Key>,
    /// The lines of its invoices, in their order.
    pub(super) lines: Vec<&'a InvoiceLine>,
    /// Whether these are all.
    pub(super) lines_complete: bool,
}

/// Money really collected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Collected {
    pub(super) currency: Currency,
    /// Minor units.
    pub(super) gross: i64,
    /// Minor units without its share of tax and shipping; may be negative.
    pub(super) base: i64,
}

impl Collected {
    /// The sum. `None` is an overflow, or money of two currencies, which has none.
    fn checked_add(self, other: Self) -> Option<Self> {
        let sum = |mine, theirs| {
            let mine = Money { minor: mine, currency: self.currency };
            mine.checked_add(Money { minor: theirs, currency: other.currency }).ok()
        };
        let gross = sum(self.gross, other.gross)?;
        Some(Self { currency: gross.currency, gross: gross.minor, base: sum(self.base, other.base)?.minor })
    }
}

impl Payment<'_> {
    pub(super) fn kind(&self) -> ConversionKind {
        match &self.posted {
            Some(posted) => posted.kind,
            None => ConversionKind::Purchase,
        }
    }

    /// Decides among what happened at one instant (SEMANTICS 4). A post has no event of Stripe's, and its number says
    /// only when it arrived: its payment's key decides.
    pub(super) fn tie(&self) -> &str {
        match &self.posted {
            Some(posted) if posted.event == self.event => self.key.as_str(),
            Some(_) | None => self.event,
        }
    }
}

#[derive(Default)]
struct Parts<'a> {
    sessions: Vec<(&'a SessionCompleted, &'a KnownFact)>,
    invoices: Vec<(&'a InvoicePaid, &'a KnownFact)>,
    posted: Vec<(&'a PostedWord, &'a KnownFact)>,
    lines: Vec<&'a InvoiceLines>,
    collections: Collections<'a>,
    reversals: Reversals<'a>,
    balances: Vec<&'a BalanceMoved>,
    no_commission: BTreeSet<&'a Key>,
}

/// Groups the facts into payments, in order of time, event and key.
pub(super) fn payments<'a>(facts: &'a [KnownFact], people: &People) -> Result<Vec<Payment<'a>>, SettleError> {
    let mut sets = UnionFind::default();
    for KnownFact { fact, .. } in facts {
        sets.join(fact.identities.iter().filter(|key| key.names_a_payment()));
    }
    claim::join_claimed(facts, &mut sets);
    let flags = CommissionFlags::of(facts);
    let mut parts: BTreeMap<Key, Parts<'a>> = BTreeMap::new();
    for known in facts {
        let Some(root) =
            known.fact.identities.iter().find(|key| key.names_a_payment()).map(|key| sets.root(key))
        else {
            continue;
        };
        let part = parts.entry(root).or_default();
        match &known.fact.body {
            FactBody::Session(session) => part.sessions.push((session, known)),
            FactBody::Invoice(invoice) => part.invoices.push((invoice, known)),
            FactBody::Posted(posted) => part.posted.push((posted, known)),
            FactBody::InvoiceLines(lines) => part.lines.push(lines),
            FactBody::Intent(_) | FactBody::Charge(_) | FactBody::Apart(_) => part.collections.note(known),
            FactBody::Refund(refund) => part.reversals.refunds.push(refund),
            FactBody::Balance(moved) => part.balances.push(moved),
            FactBody::ChargeRefunded(refunded) => part.reversals.refunded.push(refunded),
            FactBody::Dispute(dispute) => part.reversals.disputes.push(dispute),
            FactBody::CreditNote(note) => part.reversals.credit_notes.push(note),
            FactBody::FraudWarning(warning) => part.reversals.warnings.push(warning),
            FactBody::Alias(alias) if alias.no_commission => {
                part.no_commission.extend(alias.objects.first());
            }
            FactBody::Alias(_)
            | FactBody::Touch(_)
            | FactBody::Customer(_)
            | FactBody::Address(_)
            | FactBody::CommissionFlag(_)
            | FactBody::Subscription(_)
            | FactBody::Referral(_)
            | FactBody::Lock(_)
            | FactBody::Verdict(_) => {}
        }
    }
    let mut members = sets.sets();
    let mut payments = Vec::new();
    let mut told = Vec::new();
    for (root, part) in parts {
        let aliases = members.remove(&root).unwrap_or_default().into_iter().collect();
        told.extend(currencies::split(part, aliases));
    }
    for (mut part, aliases) in told {
        part.sort();
        if let Some(mut payment) = part.payment(aliases)? {
            payment.person = people.of_keys(&payment.aliases).or_else(|| part.person(people)).cloned();
            if payment.no_commission.is_none() {
                let person = payment.person.as_ref().and_then(|anchor| people.by_anchor.get(anchor));
                let customers = person.into_iter().flat_map(Person::stripe_customers);
                let mut said = payment.subscriptions.iter().chain(customers);
                payment.no_commission = said.find(|object| flags.forbid(object, payment.at)).cloned();
            }
            payments.push(payment);
        }
    }
    payments.sort_by(|a, b| (a.at, a.tie(), &a.key).cmp(&(b.at, b.tie(), &b.key)));
    Ok(payments)
}

impl<'a> Parts<'a> {
    /// By time: which id sorts first decides nothing unless times are equal (SEMANTICS 18).
    fn sort(&mut self) {
        self.sessions.sort_by_key(|(session, _)| (session.completed_at, &session.session));
        self.invoices.sort_by_key(|(invoice, _)| (invoice.paid_at, &invoice.invoice));
        self.posted.sort_by_key(|(word, known)| (word.conversion.conversion, known.fact.rank));
    }

    fn person<'p>(&self, people: &'p People) -> Option<&'p Key> {
        self.posted.iter().find_map(|(_, known)| people.of(&known.fact))
    }

    fn payment(&self, aliases: BTreeSet<Key>) -> Result<Option<Payment<'a>>, SettleError> {
        // A payment's own key: the best kind, then the least (SEMANTICS 1). A caller's reference goes before the
        // number that every posted conversion has.
        let Some(key) = aliases.iter().min_by_key(|key| (key.kind(), key.is_conversion(), *key)).cloned()
        else {
            return Ok(None);
        };
        let overflow = || SettleError::Overflow(key.to_string());
        let of_invoice = key.kind() == KeyKind::Invoice;
        let posted = words::standing(&self.posted);
        let Some(told) = self.money(of_invoice, posted.as_ref()).map_err(|()| overflow())? else {
            return Ok(None);
        };
        let Figures { money, by: amount_source, event, at } = told;
        let collected = money.map_or(Money::zero(Currency::USD), |money| Money {
            minor: money.gross,
            currency: money.currency,
        });
        let whole = Whole { collected, collections: &self.collections, balances: &self.balances };
        let released = Released::of(&self.collections, &self.reversals.refunded);
        let reversed = self.reversals.reversed(&whole, &released).ok_or_else(overflow)?;
        let disputed = self.reversals.disputed(&whole);
        let subscriptions = self.sessions.iter().filter_map(|(session, _)| session.subscription.clone());
        let subscriptions =
            subscriptions.chain(self.invoices.iter().filter_map(|(invoice, _)| invoice.subscription.clone()));
        let invoices = self.invoices.iter().filter(|(invoice, _)| invoice.no_commission);
        let sessions = self.sessions.iter().filter(|(session, _)| session.no_commission);
        let no_commission = invoices
            .map(|(invoice, _)| &invoice.invoice)
            .chain(sessions.map(|(session, _)| &session.session))
            .chain(self.collections.no_commission())
            .chain(self.no_commission.iter().copied())
            .min()
            .cloned();
        let all = self.known().map(|known| known.received_at);
        let acted_at = self.sessions.iter().map(|(_, known)| known.first_at).fold(at, DateTime::min);
        Ok(Some(Payment {
            person: None,
            subscriptions: subscriptions.collect(),
            money,
            amount_source,
            posted,
            event,
            at,
            acted_at,
            received_at: all.min().unwrap_or(at),
            reversed,
            disputed,
            warning: self.reversals.warning(),
            no_commission,
            lines: self.invoices.iter().flat_map(|(invoice, _)| self.lines_of(invoice).0).collect(),
            lines_complete: self.invoices.iter().all(|(invoice, _)| self.lines_of(invoice).1),
            aliases,
            key,
        }))
    }

    /// An invoice's lines, and whether these are all: those of its event, or those that were fetched
    /// because it had only the first.
    fn lines_of(&self, invoice: &'a InvoicePaid) -> (&'a [InvoiceLine], bool) {
        let fetched = || self.lines.iter().find(|fetched| fetched.invoice == invoice.invoice);
        match (invoice.lines_complete, fetched()) {
            (false, Some(fetched)) => (&fetched.lines, fetched.complete),
            (false, None) | (true, _) => (&invoice.lines, invoice.lines_complete),
        }
    }

    fn known(&self) -> impl Iterator<Item = &'a KnownFact> + '_ {
        let sessions = self.sessions.iter().map(|(_, known)| *known);
        let invoices = self.invoices.iter().map(|(_, known)| *known);
        let collections = self.collections.leading().into_iter().map(|one| one.known);
        sessions.chain(invoices).chain(collections).chain(self.posted.iter().map(|(_, known)| *known))
    }

    /// What was collected, who told it, and when. An invoice's money leads, then that of a session
    /// without an invoice, then that of a payment intent or charge, then what the API was told. `None`:
    /// reversals, which wait for their payment, or money that waits for its invoice.
    fn money(&self, of_invoice: bool, posted: Option<&Standing<'a>>) -> Result<Option<Figures<'a>>, ()> {
        if let Some((invoice, known)) = self.invoices.first() {
            let mut money: Option<Collected> = None;
            for (invoice, _) in &self.invoices {
                let one = invoice_money(invoice).ok_or(())?;
                money = match money {
                    // Two invoices paid by one charge, in one currency.
                    Some(sum) => Some(sum.checked_add(one).ok_or(())?),
                    None => Some(one),
                };
            }
            // What one payment brought beyond its invoices became credit, and goes back with the rest.
            let money = money.filter(|money| money.gross > 0).map(|money| {
                let collected = self.collections.in_currency(money.currency.as_str()).unwrap_or(0);
                Collected { gross: money.gross.max(collected), ..money }
            });
            return Ok(Some(Figures::by(known, money, invoice.paid_at)));
        }
        let collections = self.collections.leading();
        if let Some((session, known, at)) = self.paid_session(collections.first().map(|first| first.at)) {
            let money = session_money(session, self.captured(session)).ok_or(())?;
            return Ok(Some(Figures::by(known, Some(money).filter(|money| money.gross > 0), at)));
        }
        if let Some(first) = collections.first()
            && !of_invoice
            && self.collections.said() != Said::Hinted
        {
            let money = collection::sum(&collections).ok_or(())?;
            return Ok(Some(Figures::by(first.known, Some(money), first.at)));
        }
        if let Some(posted) = posted {
            let currency = Currency::stored(posted.currency).map_err(|_| ())?;
            let base = posted.base.unwrap_or(0);
            let money = Collected { currency, gross: base, base };
            let (event, at) = (posted.event, posted.occurred_at);
            return Ok(Some(Figures { money: Some(money), by: Origin::Api, event, at }));
        }
        let lead = self.sessions.first();
        Ok(lead.map(|(session, known)| Figures::by(known, None, session.completed_at)))
    }

    /// What was captured of a session's payment, in its currency, as far as anything but the session says.
    fn captured(&self, session: &SessionCompleted) -> Option<i64> {
        let currency = session.currency.as_deref()?;
        self.collections.in_currency(currency).or_else(|| {
            let charges = self.reversals.refunded.iter().filter(|charge| charge.currency == currency);
            let mut captured = charges.filter_map(|charge| charge.amount_captured);
            let first = captured.next()?;
            captured.try_fold(first, i64::checked_add)
        })
    }

    /// The session whose money was collected without an invoice, by its own word, or by its payment
    /// intent's, which may come before it.
    fn paid_session(
        &self,
        collected_at: Option<DateTime<Utc>>,
    ) -> Option<(&'a SessionCompleted, &'a KnownFact, DateTime<Utc>)> {
        let own = self
            .sessions
            .iter()
            .filter(|(session, _)| session.mode == SessionMode::Payment && session.invoice.is_none());
        let paid = |session: &SessionCompleted| match session.payment_status {
            SessionPaymentStatus::Paid => Some(session.completed_at),
            SessionPaymentStatus::Unpaid => collected_at,
            SessionPaymentStatus::NoPaymentRequired => None,
        };
        own.map(|(session, known)| (*session, *known)).find_map(|(session, known)| {
            let at = paid(session)?;
            Some((session, known, at))
        })
    }
}

/// What was collected, whose figures that is, the event that told it, and when.
struct Figures<'a> {
    money: Option<Collected>,
    by: Origin,
    event: &'a str,
    at: DateTime<Utc>,
}

impl<'a> Figures<'a> {
    fn by(known: &'a KnownFact, money: Option<Collected>, at: DateTime<Utc>) -> Self {
        Self { money, by: known.fact.body.origin(), event: &known.fact.event, at }
    }
}

/// SEMANTICS 6: fully paid, without tax and shipping; part-paid, its share of that, rounded down. What was
/// paid beyond the invoice was collected, too, but nothing is earned of it.
fn invoice_money(invoice: &InvoicePaid) -> Option<Collected> {
    let currency = Currency::stored(&invoice.currency).ok()?;
    let net = invoice.total_excluding_tax.checked_sub(invoice.shipping)?;
    let base = if invoice.amount_paid >= invoice.total {
        net
    } else {
        ratio_floor(invoice.amount_paid, net, invoice.total)?
    };
    Some(Collected { currency, gross: invoice.collected(), base })
}

/// SEMANTICS 6: the total without tax and shipping. Where less was captured than the session's total, or
/// more, its share of that, rounded down.
fn session_money(session: &SessionCompleted, captured: Option<i64>) -> Option<Collected> {
    let currency = session.currency.as_deref().and_then(|code| Currency::stored(code).ok())?;
    let total = session.amount_total;
    let net = total.checked_sub(session.amount_tax)?.checked_sub(session.amount_shipping)?;
    let gross = captured.unwrap_or(total);
    let base = if gross == total || total <= 0 { net } else { ratio_floor(gross, net, total)? };
    Some(Collected { currency, gross, base })
}
