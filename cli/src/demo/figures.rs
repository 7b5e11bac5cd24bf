//! The report's figures.

use crate::output;
use domain::{
    ids::AffiliateId,
    money::{Currency, Money},
    settle::{CandidateStory, Explanation, Method},
};
use serde::Serialize;
use std::collections::BTreeMap;
use store::overview::Overview;

/// An affiliate's sums in one currency. Minor units.
#[derive(Serialize)]
pub(super) struct Earning {
    pub(super) affiliate: String,
    pub(super) email: String,
    pub(super) currency: Currency,
    pub(super) customers: usize,
    pub(super) payments: usize,
    pub(super) base: i64,
    pub(super) commission: i64,
    pub(super) taken_back: i64,
    pub(super) earned: i64,
}

/// What was earned from a customer in one currency. Minor units.
#[derive(Serialize)]
pub(super) struct Customer {
    #[serde(rename = "customer")]
    pub(super) name: String,
    pub(super) affiliate: Option<String>,
    pub(super) currency: Currency,
    pub(super) payments: usize,
    pub(super) base: i64,
    pub(super) earned: i64,
    pub(super) why: String,
}

/// One payment. Minor units.
#[derive(Serialize)]
pub(super) struct Payment {
    pub(super) date: String,
    /// `in_…` and so on.
    #[serde(rename = "payment")]
    pub(super) key: String,
    pub(super) customer: String,
    pub(super) affiliate: Option<String>,
    pub(super) status: String,
    pub(super) currency: Currency,
    pub(super) base: i64,
    pub(super) commission: i64,
    pub(super) taken_back: i64,
    pub(super) why: String,
}

/// The sums of each affiliate and currency.
pub(super) fn earnings(rows: &[Overview]) -> Vec<Earning> {
    let mut groups: BTreeMap<(AffiliateId, &str), Vec<&Overview>> = BTreeMap::new();
    for row in rows {
        if let Some(affiliate) = &row.affiliate {
            groups.entry((affiliate.id, row.base.currency.as_str())).or_default().push(row);
        }
    }
    groups.into_values().filter_map(|rows| earning(&rows)).collect()
}

fn earning(rows: &[&Overview]) -> Option<Earning> {
    let first = rows.first()?;
    let affiliate = first.affiliate.as_ref()?;
    let sum = |amount: fn(&Overview) -> Money| rows.iter().map(|row| amount(row).minor).sum::<i64>();
    let mut customers: Vec<_> = rows.iter().map(|row| row.customer.as_ref().map(|named| named.id)).collect();
    customers.sort_unstable();
    customers.dedup();
    let (commission, taken_back) = (sum(|row| row.commission), sum(|row| row.taken_back));
    Some(Earning {
        affiliate: affiliate.code.clone().unwrap_or_default(),
        email: affiliate.email.clone().unwrap_or_default(),
        currency: first.base.currency,
        customers: customers.len(),
        payments: rows.len(),
        base: sum(|row| row.base),
        commission,
        taken_back,
        earned: commission - taken_back,
    })
}

/// The sums of each customer and currency, in order of their first payments.
pub(super) fn customers(rows: &[Overview]) -> Vec<Customer> {
    let mut groups: Vec<Vec<&Overview>> = Vec::new();
    for row in rows {
        let who = |row: &Overview| (row.customer.as_ref().map(|named| named.id), row.base.currency);
        let group = groups.iter_mut().find(|group| group.first().is_some_and(|first| who(first) == who(row)));
        match group {
            Some(group) => group.push(row),
            None => groups.push(vec![row]),
        }
    }
    groups.iter().filter_map(|rows| customer(rows)).collect()
}

fn customer(rows: &[&Overview]) -> Option<Customer> {
    let first = payment(rows.first()?);
    let sum = |amount: fn(&Overview) -> Money| rows.iter().map(|row| amount(row).minor).sum::<i64>();
    let taken_back = sum(|row| row.taken_back);
    let mut why = vec![first.why];
    why.extend(rows.iter().find_map(|row| came_too_late(row)));
    if taken_back != 0 {
        let money = Money { minor: taken_back, currency: first.currency };
        why.push(format!("{} taken back", money.to_decimal()));
    }
    Some(Customer {
        name: first.customer,
        affiliate: first.affiliate,
        currency: first.currency,
        payments: rows.len(),
        base: sum(|row| row.base),
        earned: sum(|row| row.commission) - taken_back,
        why: why.join("; "),
    })
}

/// One payment with its reason.
pub(super) fn payment(row: &Overview) -> Payment {
    let name = |email: &Option<String>, code: &Option<String>| email.clone().or_else(|| code.clone());
    Payment {
        date: output::day(row.occurred_at),
        key: row.payment.clone(),
        customer: row.customer.as_ref().and_then(|who| name(&who.email, &who.code)).unwrap_or_default(),
        affiliate: row.affiliate.as_ref().and_then(|affiliate| affiliate.code.clone()),
        status: row.status.clone(),
        currency: row.base.currency,
        base: row.base.minor,
        commission: row.commission.minor,
        taken_back: row.taken_back.minor,
        why: why(row),
    }
}

/// Method and evidence in a few words.
fn why(row: &Overview) -> String {
    let Some(bind) = &row.bind else {
        return row.reason.clone().unwrap_or_default();
    };
    let won = |story: &&CandidateStory| story.verdict == "won" && story.evidence == bind.evidence;
    let why = match candidates(row).iter().find(won) {
        Some(story) => {
            let value = bind.coupon_code.as_deref().unwrap_or(&story.value);
            found(bind.method, value, &short(&bind.evidence.object))
        }
        None => format!("bound since {} by {}", output::day(bind.bound_at), bind.method.in_words()),
    };
    match &row.reason {
        Some(reason) => format!("{why}; {reason}"),
        None => why,
    }
}

/// A code that would have won, had nobody been there before.
fn came_too_late(row: &Overview) -> Option<String> {
    let lost = candidates(row).iter().find(|story| story.verdict.ends_with("bound already"))?;
    Some(format!("{} came too late", lost.value))
}

fn candidates(row: &Overview) -> &[CandidateStory] {
    row.explanation.as_ref().map(|Explanation { candidates, .. }| candidates.as_slice()).unwrap_or_default()
}

/// What was found where.
fn found(method: Method, value: &str, object: &str) -> String {
    match method {
        Method::Lock => format!("{object} locked to {value}"),
        Method::Api => format!("{value}, named over the API"),
        Method::Metadata => format!("code {value} in metadata of {object}"),
        Method::ClientReferenceId => format!("client_reference_id {value} on {object}"),
        Method::PromotionCode => format!("promotion code {value} on {object}"),
        Method::Coupon => format!("coupon {value} on {object}"),
        Method::Email => format!("the e-mail address of a referral, on {object}"),
    }
}

/// The beginning of a Stripe id, enough to find it.
fn short(id: &str) -> String {
    const SHOWN: usize = 12;
    match id.get(..SHOWN) {
        Some(beginning) if id.len() > SHOWN + 1 => format!("{beginning}…"),
        _ => id.to_owned(),
    }
}
