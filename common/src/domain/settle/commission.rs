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
use super::outcome::{
    Conversion, ConversionSource, ConversionStatus, Customer, CustomerStatus, Explanation, Settlement,
};
use super::payments::{Collected, Payment};
use super::people::{People, Person};
use super::{SettleError, rules_at};
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

/// Puts people, payments and binds together.
pub(super) fn settlement(
    people: &People,
    payments: &[Payment<'_>],
    mut binds: Binds,
    rules: &[RuleVersion],
    directory: &Directory,
) -> Result<Settlement, SettleError> {
    let ordinals = ordinal::ordinals(people, payments, &binds);
    let mut conversions = Vec::new();
    for payment in payments {
        let judgement = binds.of_payment.remove(&payment.key).unwrap_or_default();
        if payment.money.is_some() || payment.posted.is_some() {
            let own = own_purchase(people, payment, &judgement, directory);
            let terms = Terms { ordinal: ordinals.get(&payment.key), rules, directory, own };
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

    let self_referral = version.rules.self_referral;
    let earned = match (&judgement.bind, &terms.own) {
        (Some(_), Some(evidence)) if self_referral == SelfReferral::Reject => {
            Earned::Nothing(Some(format!("a purchase of the affiliate's own: {evidence}")))
        }
        (Some(bind), _) => {
            let affiliate = terms.directory.affiliates.get(&bind.affiliate);
            let own = affiliate.and_then(|affiliate| affiliate.commission_at(payment.at));
            let sale = Sale { payment, money, ordinal: terms.ordinal, rules: &version.rules, bind, own };
            earned::earned(&sale, &mut book).ok_or_else(overflow)?
        }
        (None, _) => Earned::Nothing(judgement.reason.clone()),
    };
    let (commission, mut reason) = match earned {
        Earned::Amount(minor) => (minor, None),
        Earned::Nothing(reason) => (0, reason),
    };
    let Reversal { clawed_back, mut held } =
        reversal::reversal(payment, money, commission, &mut book).ok_or_else(overflow)?;
    let left = commission.checked_sub(clawed_back).ok_or_else(overflow)?;
    if let (Some(warning), 1..) = (payment.warning, left) {
        held = left;
        let how = format!("an early fraud warning of the card's issuer, {}", warning.warning);
        reason = Some(format!("held for {how}"));
        book.line("held", how, left);
    }
    if let (Some(evidence), 1..) = (&terms.own, left) {
        held = left;
        book.line("held", format!("a purchase of the affiliate's own: {evidence}"), left);
        reason = Some(format!("held as a purchase of the affiliate's own: {evidence}"));
    }
    let deleted = payment.posted.is_some_and(|posted| posted.deleted);
    let status = if deleted || (commission > 0 && left == 0) {
        ConversionStatus::Reversed
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
    let mut addresses = person.emails().filter_map(|key| key.as_str().strip_prefix("email:"));
    let same = addresses.find(|address| mailbox(address) == theirs)?;
    Some(format!("the customer's address {same} is the mailbox of affiliate {}", affiliate.id))
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
