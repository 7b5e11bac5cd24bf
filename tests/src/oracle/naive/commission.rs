//! What each payment earns, and what of it was taken back or is held (8–12, 14–16).

use super::attribution::{Binds, id};
use super::money::{floor, half_even};
use super::payments::Payment;
use super::people::Person;
use super::touches::rules_at;
use crate::oracle::model::{Earns, History, Limit, Line, Ruling, Time};
use crate::oracle::verdict::PaymentVerdict;
use chrono::{DateTime, Datelike, Days, Months};
use std::collections::BTreeMap;

pub(super) fn verdicts(
    history: &History,
    people: &[Person],
    payments: &[Payment<'_>],
    binds: &Binds,
) -> Vec<(usize, PaymentVerdict)> {
    let counted = (0..payments.len()).filter(|place| payments[*place].counts());
    counted.map(|place| (place, verdict(history, people, payments, binds, place))).collect()
}

fn verdict(
    history: &History,
    people: &[Person],
    payments: &[Payment<'_>],
    binds: &Binds,
    place: usize,
) -> PaymentVerdict {
    let payment = &payments[place];
    let rules = rules_at(&history.world, payment.at);
    let bind = binds.of_payment[place].as_ref();
    let own_purchase = bind.is_some_and(|bind| is_own(history, people, payment, bind.affiliate));
    // 14, 16. A person's word goes before what the rules make of purchases of one's own and of warnings.
    let ruling = payment.ruling.filter(|_| bind.is_some());
    let rejected = ruling == Some(Ruling::Reject) || (ruling.is_none() && own_purchase && rules.reject_own);
    let doubtful = bind.is_some() && (own_purchase || payment.warned);
    let all_held = ruling == Some(Ruling::Hold) || (ruling.is_none() && doubtful);
    let earned = if bind.is_none() || rejected { 0 } else { earned(history, people, payments, binds, place) };
    let deleted = payment.told.as_ref().is_some_and(|told| told.deleted);
    let (currency, collected) = match (payment.money, &payment.told) {
        (Some((currency, collected, _)), _) => (currency, collected),
        (None, Some(told)) => (told.currency, 0),
        (None, None) => ("usd", 0),
    };
    // 11. A share of the original commission; 12. never more than all of it.
    let share = |minor: i64| {
        if collected > 0 { half_even(earned, minor.min(collected), collected) } else { 0 }
    };
    let taken_back = if deleted { earned } else { share(payment.gone) };
    let left = earned - taken_back;
    let mut held = share(payment.disputed).min(left);
    if all_held {
        held = left;
    }
    let status = if deleted || (earned > 0 && left == 0) {
        "reversed"
    } else if rejected {
        "rejected"
    } else if bind.is_none() {
        "unattributed"
    } else if left > 0 && held == left {
        "held"
    } else {
        "attributed"
    };
    PaymentVerdict {
        customer: payment.person.map(|person| people[person].name.clone()),
        affiliate: bind.map(|bind| id(bind.affiliate)),
        status,
        currency: currency.to_owned(),
        base: payment.base(),
        earned,
        taken_back,
        held,
        left: BTreeMap::new(),
        release: bind.map(|_| payment.at + i64::from(rules.hold_days) * 86_400),
    }
}

/// The original commission.
fn earned(
    history: &History,
    people: &[Person],
    payments: &[Payment<'_>],
    binds: &Binds,
    place: usize,
) -> i64 {
    let payment = &payments[place];
    if skips(history, people, payment) {
        return 0;
    }
    // 15. A commission named in another currency than the payment's is no number of it.
    let told = payment.told.as_ref();
    let currency = payment.money.map(|(currency, ..)| currency).or(told.map(|told| told.currency));
    if let Some((value, _)) = told.and_then(|told| told.value).filter(|(_, named)| Some(*named) == currency) {
        return value.max(0);
    }
    if !payment.is_purchase() || payment.base() <= 0 {
        return 0;
    }
    // 10. The rank among the customer's positive attributed payments, and the time of the first.
    let mut ranked: Vec<usize> = (0..payments.len())
        .filter(|other| {
            let other_payment = &payments[*other];
            other_payment.person == payment.person
                && other_payment.is_purchase()
                && other_payment.base() > 0
                && binds.of_payment[*other].is_some()
                && !skips(history, people, other_payment)
        })
        .collect();
    ranked.sort_by_key(|other| (payments[*other].at, payments[*other].key.clone()));
    let rank = 1 + ranked.iter().position(|other| *other == place).unwrap();
    let first = payments[ranked[0]].at;
    let rules = rules_at(&history.world, payment.at);
    let limits =
        [Some(rules.limit), rules.max_payments.map(Limit::Payments), rules.max_months.map(Limit::Months)];
    let within = |limit: Limit| match limit {
        Limit::All => true,
        Limit::First => rank == 1,
        Limit::Payments(most) => rank <= usize::try_from(most).unwrap(),
        Limit::Months(months) => payment.at < months_later(first, months),
    };
    if !limits.into_iter().flatten().all(within) {
        return 0;
    }
    let (currency, _, base) = payment.money.unwrap();
    let bind = binds.of_payment[place].as_ref().unwrap();
    let affiliate = &history.world.affiliates[bind.affiliate];
    // 8. The affiliate's own, else the coupon's or the code's: for the payment as a whole.
    let own = affiliate.own.filter(|(from, _)| *from <= payment.at).map(|(_, earns)| earns);
    let code = bind.coupon.as_ref().unwrap_or(&affiliate.code).to_lowercase();
    let by_code = rules.codes.iter().find(|(named, _)| named.to_lowercase() == code).map(|(_, earns)| *earns);
    // Else the group's, the tier's, the first payment's, the programme's.
    let belongs = |list: &[(Vec<usize>, Earns)]| {
        list.iter().find(|(members, _)| members.contains(&bind.affiliate)).map(|(_, earns)| *earns)
    };
    let rest = belongs(&rules.groups)
        .or_else(|| belongs(&rules.tiers))
        .or_else(|| rules.first.filter(|_| rank == 1))
        .unwrap_or(rules.earns);
    let lines = payment.invoice.map_or(&[][..], |invoice| &invoice.lines);
    let sum: i64 = lines.iter().map(|line| line.amount).sum();
    let earned = match own.or(by_code) {
        Some(earns) => rate(earns, base, currency, None),
        None if rules.products.is_empty() || sum <= 0 => rate(rest, base, currency, None),
        // 7. By lines, each by what it sold.
        None => lines
            .iter()
            .zip(split(base, lines))
            .map(|(line, base)| {
                let sells = |(names, _): &&(Vec<&str>, Earns)| {
                    names.contains(&line.product) || names.contains(&line.price)
                };
                let earns = rules.products.iter().find(sells).map_or(rest, |(_, earns)| *earns);
                rate(earns, base, currency, Some(line.quantity))
            })
            .sum(),
    };
    let most = rules.most.filter(|(_, of)| *of == currency).map_or(i64::MAX, |(most, _)| most);
    earned.max(0).min(most)
}

/// 9. What a base earns; a fixed amount for each unit of a line, and once for a whole payment.
fn rate(earns: Earns, base: i64, currency: &str, quantity: Option<i64>) -> i64 {
    match earns {
        Earns::Percent(basis_points) => half_even(base, i64::from(basis_points), 10_000),
        // 15. Nothing is converted silently.
        Earns::Flat { currency: other, .. } if other != currency => 0,
        Earns::Flat { .. } if quantity.is_some() && base <= 0 => 0,
        Earns::Flat { minor, capped, .. } => {
            let full = minor * quantity.unwrap_or(1);
            if capped { full.min(base.max(0)) } else { full }
        }
    }
}

/// 7. A base over lines by largest remainder: all rounded down, then one more for those that lost most.
fn split(base: i64, lines: &[Line]) -> Vec<i64> {
    let sum: i64 = lines.iter().map(|line| line.amount).sum();
    let mut parts: Vec<i64> = lines.iter().map(|line| floor(base, line.amount, sum)).collect();
    let exact = |place: usize| i128::from(base) * i128::from(lines[place].amount);
    let lost: Vec<i128> =
        (0..lines.len()).map(|place| exact(place) - i128::from(parts[place]) * i128::from(sum)).collect();
    while parts.iter().sum::<i64>() < base {
        let waits = |place: &usize| parts[*place] == floor(base, lines[*place].amount, sum);
        // Of two that lost the same, the earlier.
        let most = (0..lines.len()).filter(waits).min_by_key(|place| (-lost[*place], *place)).unwrap();
        parts[most] += 1;
    }
    parts
}

/// 6. Metadata `commission: false` on customer, subscription, invoice, session or charge.
fn skips(history: &History, people: &[Person], payment: &Payment<'_>) -> bool {
    let customer = payment.person.is_some_and(|person| {
        let theirs = history.customers.iter().filter(|customer| people[person].ids.contains(&customer.id));
        theirs.filter(|customer| customer.told).any(|customer| customer.forbids_at(payment.at))
    });
    let subscription = payment.invoice.and_then(|invoice| invoice.subscription);
    customer
        || subscription.is_some_and(|place| history.subscriptions[place].forbids_at(payment.at))
        || payment.invoice.is_some_and(|invoice| invoice.no_commission || invoice.charge_says_no)
        || payment.checkout.is_some_and(|checkout| checkout.no_commission || checkout.charge_says_no)
        || payment.intent.is_some_and(|intent| intent.no_commission)
}

/// 16. Whether the customer's mailbox is the affiliate's.
fn is_own(history: &History, people: &[Person], payment: &Payment<'_>, affiliate: usize) -> bool {
    let theirs = mailbox(&history.world.affiliates[affiliate].email);
    // 13. What became known after it was said to be paid changes nothing of it.
    let paid =
        payment.told.as_ref().and_then(|told| told.paid.iter().map(|said| (*said).max(payment.at)).min());
    let known =
        |(email, since): (&String, &Time)| mailbox(email) == theirs && paid.is_none_or(|paid| *since <= paid);
    payment.person.is_some_and(|person| people[person].emails.iter().any(known))
}

/// Case, plus-tag, and dots where the provider ignores them.
fn mailbox(address: &str) -> String {
    let address = address.trim().to_lowercase();
    let (name, host) = address.rsplit_once('@').unwrap_or((&address, ""));
    let name = name.split('+').next().unwrap_or_default();
    match host {
        "gmail.com" | "googlemail.com" => format!("{}@gmail.com", name.replace('.', "")),
        _ => format!("{name}@{host}"),
    }
}

/// 10. So many calendar months later: the same day, or the month's last.
fn months_later(at: Time, months: u32) -> Time {
    let time = DateTime::from_timestamp(at, 0).unwrap();
    let first_of_month = time.date_naive() - Days::new(u64::from(time.day0()));
    let target = first_of_month + Months::new(months);
    let days_of_target = u32::try_from(((target + Months::new(1)) - target).num_days()).unwrap();
    let day = target + Days::new(u64::from(time.day().min(days_of_target) - 1));
    day.and_time(time.time()).and_utc().timestamp()
}
