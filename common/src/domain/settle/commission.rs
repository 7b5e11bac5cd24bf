//! What each payment earns, and what of it was taken back or is held.

use super::attribution::{Binds, Judgement};
use super::decisions::Decisions;
use super::outcome::{
    Arithmetic, Conversion, ConversionSource, ConversionStatus, Customer, CustomerStatus, Explanation,
    Settlement,
};
use super::payments::{Collected, Payment};
use super::people::{People, Person};
use super::{SettleError, rules_at};
use crate::domain::decision::{Ruling, Verdict};
use crate::domain::directory::Directory;
use crate::domain::fact::ConversionKind;
use crate::domain::key::{Key, KeyKind, mailbox};
use crate::domain::money::{Currency, Money, ratio_half_even};
use crate::domain::rules::{Commission, Recurring, RuleVersion, SelfReferral};
use chrono::{DateTime, Days, Months, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// Puts people, payments and binds together.
pub(super) fn settlement(
    people: &People,
    payments: &[Payment<'_>],
    mut binds: Binds,
    rules: &[RuleVersion],
    directory: &Directory,
    decisions: &Decisions<'_>,
) -> Result<Settlement, SettleError> {
    let ordinals = ordinals(people, payments, &binds);
    let mut conversions = Vec::new();
    for payment in payments {
        let judgement = binds.of_payment.remove(&payment.key).unwrap_or_default();
        if payment.money.is_some() || payment.posted.is_some() {
            let own = own_purchase(people, payment, &judgement, directory);
            let verdict = decisions.verdict_on(&payment.aliases);
            let terms = Terms { ordinal: ordinals.get(&payment.key), rules, directory, own, verdict };
            conversions.push(conversion(payment, judgement, &terms)?);
        }
    }
    conversions.sort_by(|a, b| a.payment.cmp(&b.payment));
    let customers = people.by_anchor.values().filter_map(|person| customer(person, payments, &binds));
    Ok(Settlement { customers: customers.collect(), conversions })
}

/// A payment's place among the customer's, and the time of the first (SEMANTICS 10).
#[derive(Clone, Copy, Debug)]
struct Ordinal {
    n: u32,
    first_paid_at: DateTime<Utc>,
}

/// Ranks each person's positive attributed payments by time and key. A payment that carries
/// `commission: false` takes no rank, since it uses none up.
fn ordinals(people: &People, payments: &[Payment<'_>], binds: &Binds) -> BTreeMap<Key, Ordinal> {
    let mut by_person: BTreeMap<Option<&Key>, Vec<&Payment<'_>>> = BTreeMap::new();
    for payment in payments {
        let positive = payment.money.is_some_and(|money| money.base > 0);
        let attributed = binds.of_payment.get(&payment.key).is_some_and(|judgement| judgement.bind.is_some());
        let skipped = skipped(people, payment).is_some();
        if positive && attributed && !skipped && payment.kind() == ConversionKind::Purchase {
            by_person.entry(payment.person.as_ref()).or_default().push(payment);
        }
    }
    let mut ordinals = BTreeMap::new();
    for mut payments in by_person.into_values() {
        payments.sort_by(|a, b| (a.at, &a.key).cmp(&(b.at, &b.key)));
        let Some(first_paid_at) = payments.first().map(|payment| payment.at) else { continue };
        for (n, payment) in (1u32..).zip(payments) {
            ordinals.insert(payment.key.clone(), Ordinal { n, first_paid_at });
        }
    }
    ordinals
}

/// The object that says `commission: false` for a payment.
fn skipped<'a>(people: &'a People, payment: &'a Payment<'_>) -> Option<&'a Key> {
    let person = || people.by_anchor.get(payment.person.as_ref()?)?.no_commission.as_ref();
    payment.no_commission.as_ref().or_else(person)
}

fn conversion(
    payment: &Payment<'_>,
    judgement: Judgement,
    terms: &Terms<'_>,
) -> Result<Conversion, SettleError> {
    let rules = terms.rules;
    let overflow = || SettleError::Overflow(payment.key.to_string());
    let version = rules_at(rules, payment.at).ok_or_else(|| SettleError::NoRules(payment.key.to_string()))?;
    let currency = currency_of(payment);
    let money = payment.money.unwrap_or(Collected { currency, gross: 0, base: 0 });
    let mut book = Book { currency, lines: Vec::new() };

    let earned = match &judgement.bind {
        Some(bind) => {
            let affiliate = terms.directory.affiliates.get(&bind.affiliate);
            let own = affiliate.and_then(|affiliate| affiliate.commission_at(payment.at));
            earned(payment, money, terms.ordinal, version, own, &mut book).ok_or_else(overflow)?
        }
        None => Earned::Nothing(judgement.reason.clone()),
    };
    let (mut commission, mut reason) = match earned {
        Earned::Amount(minor) => (minor, None),
        Earned::Nothing(reason) => (0, reason),
    };
    let stand = Stand::of(terms, version.rules.self_referral, judgement.bind.is_some());
    if let Stand::Rejected(why) = &stand {
        // What would have been earned stays in the arithmetic.
        if commission != 0 {
            book.line("rejected", why.clone(), commission);
        }
        commission = 0;
        reason = Some(why.clone());
    }
    let Reversal { clawed_back, mut held } =
        reversal(payment, money, commission, &mut book).ok_or_else(overflow)?;
    let left = commission.checked_sub(clawed_back).ok_or_else(overflow)?;
    match &stand {
        Stand::Held(why) if left > 0 => {
            held = left;
            book.line("held", why.clone(), left);
            reason = Some(format!("held {why}"));
        }
        Stand::Released(why) => book.line("released", why.clone(), left),
        Stand::Held(_) | Stand::Rejected(_) | Stand::ByTheRules => {}
    }
    let deleted = payment.posted.is_some_and(|posted| posted.deleted);
    let status = if deleted || (commission > 0 && left == 0) {
        ConversionStatus::Reversed
    } else if matches!(stand, Stand::Rejected(_)) {
        ConversionStatus::Rejected
    } else if judgement.bind.is_none() {
        ConversionStatus::Unattributed
    } else if left > 0 && held == left {
        ConversionStatus::Held
    } else {
        ConversionStatus::Attributed
    };
    let release_at = judgement
        .bind
        .is_some()
        .then(|| payment.at.checked_add_days(Days::new(u64::from(version.rules.hold_days))))
        .flatten();
    Ok(Conversion {
        payment: payment.key.clone(),
        aliases: payment.aliases.iter().cloned().collect(),
        posted: payment.posted.map(|posted| posted.conversion),
        customer: payment.person.clone(),
        kind: payment.kind(),
        source: if payment.posted.is_some() { ConversionSource::Api } else { ConversionSource::Stripe },
        status,
        reason,
        bind: judgement.bind,
        currency,
        collected: money.gross,
        base: money.base,
        commission,
        clawed_back,
        held,
        paid: payment.posted.is_some_and(|posted| posted.paid),
        rule: version.id,
        occurred_at: payment.at,
        release_at,
        event: payment.event.to_owned(),
        explanation: Explanation {
            candidates: judgement.candidates,
            decision: judgement.decision,
            arithmetic: book.lines,
        },
    })
}

/// What a payment is judged by, beside itself.
struct Terms<'a> {
    ordinal: Option<&'a Ordinal>,
    rules: &'a [RuleVersion],
    directory: &'a Directory,
    /// The evidence that affiliate and customer are one person.
    own: Option<String>,
    /// What a person decided.
    verdict: Option<&'a Verdict>,
}

/// How a commission stands, disputes and refunds aside (SEMANTICS 14, 16). Each with its reason.
enum Stand {
    /// As the rules say.
    ByTheRules,
    /// All that is left is held.
    Held(String),
    /// Nothing is owed.
    Rejected(String),
    /// A person lifted what had been held or rejected.
    Released(String),
}

impl Stand {
    /// A person's verdict goes before what the rules make of a purchase of the affiliate's own. Where
    /// nobody earns there is nothing to decide.
    fn of(terms: &Terms<'_>, self_referral: SelfReferral, attributed: bool) -> Self {
        let own =
            terms.own.as_ref().map(|evidence| format!("as a purchase of the affiliate's own: {evidence}"));
        match (terms.verdict, own) {
            _ if !attributed => Self::ByTheRules,
            (Some(Verdict { ruling: Ruling::Hold, word, .. }), _) => Self::Held(word.to_string()),
            (Some(Verdict { ruling: Ruling::Reject, word, .. }), _) => {
                Self::Rejected(format!("rejected {word}"))
            }
            (Some(Verdict { ruling: Ruling::Release, word, .. }), None) => Self::Released(word.to_string()),
            (Some(Verdict { ruling: Ruling::Release, word, .. }), Some(own)) => {
                Self::Released(format!("{word}; it had been held {own}"))
            }
            (None, Some(own)) => match self_referral {
                SelfReferral::Hold => Self::Held(own),
                SelfReferral::Reject => Self::Rejected(format!("rejected {own}")),
            },
            (None, None) => Self::ByTheRules,
        }
    }
}

/// Whether the customer is the affiliate, and how that is known (SEMANTICS 16).
fn own_purchase(
    people: &People,
    payment: &Payment<'_>,
    judgement: &Judgement,
    directory: &Directory,
) -> Option<String> {
    let affiliate = directory.affiliates.get(&judgement.bind.as_ref()?.affiliate)?;
    let person = people.by_anchor.get(payment.person.as_ref()?)?;
    let theirs = mailbox(&affiliate.email);
    let former: BTreeSet<String> = affiliate.addresses.iter().map(|address| mailbox(address)).collect();
    let mut addresses = person.emails().filter_map(|key| key.as_str().strip_prefix("email:"));
    let (address, whose) = addresses.find_map(|address| {
        let mailbox = mailbox(address);
        let now = (mailbox == theirs).then_some("the mailbox");
        now.or_else(|| former.contains(&mailbox).then_some("a former mailbox")).map(|whose| (address, whose))
    })?;
    // Of a Stripe customer it holds for every payment, whatever address was given at this one.
    let of = match person.stripe_customers().next() {
        Some(customer) => format!("the customer ({customer})"),
        None => "the customer".to_owned(),
    };
    Some(format!("{of} has the address {address}, {whose} of affiliate {}", affiliate.id))
}

fn currency_of(payment: &Payment<'_>) -> Currency {
    let posted = || payment.posted.and_then(|posted| Currency::parse(&posted.currency).ok());
    payment.money.map(|money| money.currency).or_else(posted).unwrap_or(Currency::USD)
}

enum Earned {
    Amount(i64),
    /// Nothing, and why.
    Nothing(Option<String>),
}

/// The original commission (SEMANTICS 9, 10). `None` is an overflow.
fn earned(
    payment: &Payment<'_>,
    money: Collected,
    ordinal: Option<&Ordinal>,
    version: &RuleVersion,
    own: Option<Commission>,
    book: &mut Book,
) -> Option<Earned> {
    if let Some(object) = &payment.no_commission {
        return Some(Earned::Nothing(Some(format!("{object} says commission: false"))));
    }
    if let Some(value) = payment.posted.and_then(|posted| posted.value) {
        book.line("commission", "named over the API".to_owned(), value);
        return Some(Earned::Amount(value.max(0)));
    }
    if payment.kind() == ConversionKind::Signup {
        return Some(Earned::Nothing(Some("a signup earns nothing by the programme's rules".to_owned())));
    }
    book.line(
        "base",
        if money.base == money.gross {
            "what was collected".to_owned()
        } else {
            format!("{} collected, without its share of tax and shipping", book.money(money.gross))
        },
        money.base,
    );
    if money.base <= 0 {
        return Some(Earned::Nothing(Some("nothing is left without tax and shipping".to_owned())));
    }
    let Some(ordinal) = ordinal else {
        return Some(Earned::Nothing(Some("the customer says commission: false".to_owned())));
    };
    if let Some(reason) = beyond(version.rules.recurring, ordinal, payment.at) {
        return Some(Earned::Nothing(Some(reason)));
    }
    // The affiliate's own terms go before the programme's (SEMANTICS 8).
    let (rate, whose) = match own {
        Some(own) => (own, "the affiliate's own "),
        None => (version.rules.commission, ""),
    };
    match rate {
        Commission::Percent { basis_points } => {
            let commission = basis_points.of(money.base)?;
            let how = format!("{whose}{rate} of {}, half to even", book.money(money.base));
            book.line("commission", how, commission);
            Some(Earned::Amount(commission))
        }
        Commission::Flat { currency, .. } if currency != money.currency => {
            Some(Earned::Nothing(Some(format!(
                "the programme pays {currency}, the payment is in {}, and nothing is converted",
                money.currency
            ))))
        }
        Commission::Flat { minor, capped_at_base, .. } => {
            let capped = capped_at_base && minor > money.base;
            let commission = if capped { money.base } else { minor };
            let how = if capped { "a fixed amount, at most the base" } else { "a fixed amount a payment" };
            let how = if own.is_some() { format!("{how}, by {whose}terms") } else { how.to_owned() };
            book.line("commission", how, commission);
            Some(Earned::Amount(commission))
        }
    }
}

/// Why a payment lies beyond the programme's limits, if it does.
fn beyond(recurring: Recurring, ordinal: &Ordinal, at: DateTime<Utc>) -> Option<String> {
    match recurring {
        Recurring::All => None,
        Recurring::First => (ordinal.n > 1).then(|| "only the first payment earns".to_owned()),
        Recurring::Payments(most) => (ordinal.n > most)
            .then(|| format!("payment {} of the customer: only the first {most} earn", ordinal.n)),
        Recurring::Months(months) => {
            // Calendar months, clamped to the month's end.
            let end = ordinal.first_paid_at.checked_add_months(Months::new(months));
            end.is_some_and(|end| at >= end).then(|| {
                format!(
                    "more than {months} months after the first payment of {}",
                    ordinal.first_paid_at.format("%Y-%m-%d")
                )
            })
        }
    }
}

struct Reversal {
    clawed_back: i64,
    held: i64,
}

/// What is taken back and held (SEMANTICS 11, 12), always from the original commission. `None` is
/// an overflow.
fn reversal(payment: &Payment<'_>, money: Collected, commission: i64, book: &mut Book) -> Option<Reversal> {
    if commission <= 0 {
        return Some(Reversal { clawed_back: 0, held: 0 });
    }
    if payment.posted.is_some_and(|posted| posted.deleted) {
        book.line("taken back", "the conversion was deleted".to_owned(), commission);
        return Some(Reversal { clawed_back: commission, held: 0 });
    }
    if money.gross <= 0 {
        return Some(Reversal { clawed_back: 0, held: 0 });
    }
    let share = |minor: i64| ratio_half_even(commission, minor.min(money.gross), money.gross);
    let clawed_back = share(payment.reversed)?;
    if clawed_back > 0 {
        let how = format!(
            "{} of {} went back, half to even of the original commission",
            book.money(payment.reversed.min(money.gross)),
            book.money(money.gross)
        );
        book.line("taken back", how, clawed_back);
    }
    let held = share(payment.disputed)?.min(commission.checked_sub(clawed_back)?);
    if held > 0 {
        let how = format!("{} of {} is disputed", book.money(payment.disputed), book.money(money.gross));
        book.line("held", how, held);
    }
    Some(Reversal { clawed_back, held })
}

/// Collects the arithmetic, line by line.
struct Book {
    currency: Currency,
    lines: Vec<Arithmetic>,
}

impl Book {
    fn line(&mut self, what: &str, how: String, minor: i64) {
        self.lines.push(Arithmetic { what: what.to_owned(), how, minor });
    }

    fn money(&self, minor: i64) -> Money {
        Money { minor, currency: self.currency }
    }
}

/// The customer that a person is; `None` while all there is of them waits for a payment.
fn customer(person: &Person, payments: &[Payment<'_>], binds: &Binds) -> Option<Customer> {
    let first_seen_at = person.first_seen_at?;
    let paid = |payment: &&Payment<'_>| {
        payment.person.as_ref() == Some(&person.anchor)
            && payment.kind() == ConversionKind::Purchase
            && payment.money.is_some()
    };
    let first_paid = payments.iter().filter(paid).map(|payment| payment.at).min();
    let converted_at = first_paid.into_iter().chain(person.converted_at).min();
    let bind = binds.of_person.get(&person.anchor).cloned();
    let status = match (&bind, converted_at) {
        (Some(_), Some(_)) => CustomerStatus::Converted,
        (Some(_), None) => CustomerStatus::Pending,
        (None, Some(_)) => CustomerStatus::Direct,
        (None, None) => CustomerStatus::DirectSignup,
    };
    let least = |kind: KeyKind| person.keys.iter().find(|key| key.kind() == kind).cloned();
    Some(Customer {
        anchor: person.anchor.clone(),
        keys: person.keys.iter().cloned().collect(),
        email: person.email.clone(),
        stripe_customer: least(KeyKind::StripeCustomer),
        external_id: least(KeyKind::User)
            .and_then(|key| key.as_str().strip_prefix("user:").map(ToOwned::to_owned)),
        status,
        bind,
        converted_at,
        first_seen_at,
    })
}
