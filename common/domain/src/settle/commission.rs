//! What each payment earns, and what of it was taken back or is held.
//!
//! ```text
//! ordinal ─▶ limits ─▶ choice ─▶ lines ─▶ rate ─▶ earned ─▶ reversal
//! ```

mod choice;
mod earned;
mod limits;
mod lines;
mod ordinal;
mod own_purchase;
mod rate;
mod reversal;
mod review;
mod worksheet;

use super::attribution::{Binds, Judgement};
use super::decisions::Decisions;
use super::outcome::{Bind, Conversion, ConversionStatus, Explanation, SaidPaid, Settlement};
use super::payments::{Collected, Payment};
use super::people::People;
use super::{SettleError, customer, rules_at};
use crate::decision::Verdict;
use crate::directory::Directory;
use crate::money::{Currency, Money};
use crate::origin::Origin;
use crate::rules::RuleVersion;
use chrono::Days;
use earned::{Earned, Sale};
pub(super) use ordinal::{Ordinal, Ordinals, is_ranked};
use reversal::Reversal;
use review::Review;
use worksheet::Worksheet;

/// Puts people, payments and binds together.
pub(super) fn settlement(
    people: &People,
    payments: &[Payment<'_>],
    binds: Binds,
    rules: &[RuleVersion],
    directory: &Directory,
    decisions: &Decisions<'_>,
) -> Result<Settlement, SettleError> {
    let ordinals = ordinal::ordinals(payments, &binds);
    let first_paid = customer::first_paid(payments);
    let customers = people.by_anchor.values().filter_map(|person| {
        let bind = binds.of_person.get(&person.anchor);
        customer::customer(person, first_paid.get(&person.anchor).copied(), bind)
    });
    Ok(Settlement {
        customers: customers.collect(),
        conversions: conversions(people, payments, binds, &ordinals, rules, directory, decisions)?,
    })
}

/// What these payments earn, in order of their keys.
pub(super) fn conversions(
    people: &People,
    payments: &[Payment<'_>],
    mut binds: Binds,
    ordinals: &Ordinals,
    rules: &[RuleVersion],
    directory: &Directory,
    decisions: &Decisions<'_>,
) -> Result<Vec<Conversion>, SettleError> {
    let mut conversions = Vec::new();
    for payment in payments {
        let judgement = binds.of_payment.remove(&payment.key).unwrap_or_default();
        if payment.money.is_some() || payment.posted.is_some() {
            let own = own_purchase::evidence(people, payment, &judgement, directory);
            let verdict = decisions.verdict_on(&payment.aliases);
            let terms = Terms { ordinal: ordinals.get(&payment.key), rules, directory, own, verdict };
            conversions.push(conversion(payment, judgement, &terms)?);
        }
    }
    conversions.sort_by(|a, b| a.payment.cmp(&b.payment));
    Ok(conversions)
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
    let mut worksheet = Worksheet::new(currency);

    let earned = match &judgement.bind {
        Some(bind) => {
            let affiliate = terms.directory.affiliates.get(&bind.affiliate);
            let own = affiliate.and_then(|affiliate| affiliate.commission_at(payment.at));
            let sale = Sale { payment, money, ordinal: terms.ordinal, rules: &version.rules, bind, own };
            earned::earned(&sale, &mut worksheet)
        }
        None => Earned::Nothing(judgement.reason.clone()),
    };
    let (mut commission, mut reason) = match earned {
        Earned::Amount(minor) => (minor, None),
        Earned::Nothing(reason) => (0, reason),
    };
    let review = Review::of(payment, terms, version.rules.self_referral, judgement.bind.is_some());
    if let Review::Rejected(why) = &review {
        // What would have been earned stays in the arithmetic.
        if commission != 0 {
            worksheet.line("rejected", why.clone(), commission);
        }
        commission = 0;
        reason = Some(why.clone());
    }
    let Reversal { clawed_back, mut held } =
        reversal::reversal(payment, money, commission, &mut worksheet).ok_or_else(overflow)?;
    let left = commission.checked_sub(clawed_back).ok_or_else(overflow)?;
    match &review {
        Review::Held(why) if left > 0 => {
            held = left;
            worksheet.line("held", why.clone(), left);
            reason = Some(format!("held {why}"));
        }
        Review::Released(why) => worksheet.line("released", why.clone(), left),
        Review::Held(_) | Review::Rejected(_) | Review::ByTheRules => {}
    }
    let posted = payment.posted.as_ref();
    let deleted = posted.is_some_and(|posted| posted.deleted);
    let status = if deleted || (commission > 0 && left == 0) {
        ConversionStatus::Reversed
    } else if matches!(review, Review::Rejected(_)) {
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
        .flatten()
        .map(|at| version.rules.payable_from.map_or(at, |from| at.max(from)));
    Ok(Conversion {
        payment: payment.key.clone(),
        aliases: payment.aliases.iter().cloned().collect(),
        posted: posted.map(|posted| posted.conversion),
        customer: payment.person.clone(),
        kind: payment.kind(),
        source: posted.map_or(payment.amount_source, |_| Origin::Api),
        amount_source: payment.amount_source,
        status,
        reason,
        said_paid: said_paid(
            payment,
            judgement.bind.as_ref(),
            Money { minor: left.saturating_sub(held), currency },
        ),
        bind: judgement.bind,
        ordinal: terms.ordinal.map(|ordinal| ordinal.n),
        currency,
        collected: money.gross,
        base: money.base,
        commission,
        clawed_back,
        held,
        paid: posted.is_some_and(|posted| !posted.paid.is_empty()),
        rule: version.id,
        occurred_at: payment.at,
        release_at,
        event: payment.event.to_owned(),
        explanation: Explanation {
            candidates: judgement.candidates,
            decision: judgement.decision,
            rules: worksheet.rules,
            arithmetic: worksheet.lines,
        },
    })
}

/// The words that it was paid, each as if it were said now.
fn said_paid(payment: &Payment<'_>, bind: Option<&Bind>, payable: Money) -> Vec<SaidPaid> {
    let words = payment.posted.iter().flat_map(|posted| &posted.paid);
    let said = words.map(|word| SaidPaid {
        event: word.event.to_owned(),
        at: word.at,
        affiliate: bind.map(|bind| bind.affiliate),
        currency: payable.currency,
        minor: payable.minor,
    });
    said.collect()
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

fn currency_of(payment: &Payment<'_>) -> Currency {
    let posted = || payment.posted.as_ref().and_then(|posted| Currency::stored(posted.currency).ok());
    payment.money.map(|money| money.currency).or_else(posted).unwrap_or(Currency::USD)
}
