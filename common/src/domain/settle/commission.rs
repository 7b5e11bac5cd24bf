//! What each payment earns, and what of it was taken back or is held.
//!
//! ```text
//! ordinal ─▶ limits ─▶ choice ─▶ lines ─▶ rate ─▶ earned ─▶ reversal
//! ```

mod book;
mod choice;
mod earned;
mod limits;
mod lines;
mod ordinal;
mod rate;
mod reversal;

use super::attribution::{Binds, Judgement};
use super::decisions::Decisions;
use super::outcome::{
    Conversion, ConversionSource, ConversionStatus, Customer, CustomerStatus, Explanation, Settlement,
};
use super::payments::{Collected, Payment};
use super::people::{People, Person};
use super::{SettleError, rules_at};
use crate::domain::decision::{Ruling, Verdict};
use crate::domain::directory::Directory;
use crate::domain::fact::ConversionKind;
use crate::domain::key::{KeyKind, mailbox};
use crate::domain::money::Currency;
use crate::domain::rules::{RuleVersion, SelfReferral};
use book::Book;
use chrono::Days;
use earned::{Earned, Sale};
use ordinal::Ordinal;
use reversal::Reversal;
use std::collections::BTreeSet;

/// Puts people, payments and binds together.
pub(super) fn settlement(
    people: &People,
    payments: &[Payment<'_>],
    mut binds: Binds,
    rules: &[RuleVersion],
    directory: &Directory,
    decisions: &Decisions<'_>,
) -> Result<Settlement, SettleError> {
    let ordinals = ordinal::ordinals(people, payments, &binds);
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
    let mut book = Book::new(currency);

    let earned = match &judgement.bind {
        Some(bind) => {
            let affiliate = terms.directory.affiliates.get(&bind.affiliate);
            let own = affiliate.and_then(|affiliate| affiliate.commission_at(payment.at));
            let sale = Sale { payment, money, ordinal: terms.ordinal, rules: &version.rules, bind, own };
            earned::earned(&sale, &mut book).ok_or_else(overflow)?
        }
        None => Earned::Nothing(judgement.reason.clone()),
    };
    let (mut commission, mut reason) = match earned {
        Earned::Amount(minor) => (minor, None),
        Earned::Nothing(reason) => (0, reason),
    };
    let stand = Stand::of(payment, terms, version.rules.self_referral, judgement.bind.is_some());
    if let Stand::Rejected(why) = &stand {
        // What would have been earned stays in the arithmetic.
        if commission != 0 {
            book.line("rejected", why.clone(), commission);
        }
        commission = 0;
        reason = Some(why.clone());
    }
    let Reversal { clawed_back, mut held } =
        reversal::reversal(payment, money, commission, &mut book).ok_or_else(overflow)?;
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
            rules: book.rules,
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
    /// A person's verdict goes before what the rules make of a purchase of the affiliate's own and of
    /// an early fraud warning. Where nobody earns there is nothing to decide.
    fn of(payment: &Payment<'_>, terms: &Terms<'_>, self_referral: SelfReferral, attributed: bool) -> Self {
        if !attributed {
            return Self::ByTheRules;
        }
        let warning = payment
            .warning
            .map(|seen| format!("for an early fraud warning of the card's issuer, {}", seen.warning));
        let own =
            terms.own.as_ref().map(|evidence| format!("as a purchase of the affiliate's own: {evidence}"));
        let verdict = terms.verdict.map(|Verdict { ruling, word, .. }| (ruling, word.to_string()));
        match (verdict, own) {
            (Some((Ruling::Hold, word)), _) => Self::Held(word),
            (Some((Ruling::Reject, word)), _) => Self::Rejected(format!("rejected {word}")),
            (Some((Ruling::Release, word)), own) => Self::Released(match grounds(warning, own) {
                Some(grounds) => format!("{word}; it had been held {grounds}"),
                None => word,
            }),
            (None, Some(own)) if self_referral == SelfReferral::Reject => {
                Self::Rejected(format!("rejected {own}"))
            }
            (None, own) => grounds(warning, own).map_or(Self::ByTheRules, Self::Held),
        }
    }
}

/// All that a commission is held for, in one phrase.
fn grounds(warning: Option<String>, own: Option<String>) -> Option<String> {
    let grounds: Vec<String> = warning.into_iter().chain(own).collect();
    (!grounds.is_empty()).then(|| grounds.join(", and "))
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
