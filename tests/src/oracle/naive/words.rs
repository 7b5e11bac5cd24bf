//! What back ends said of one payment, under whichever of its ids, one word after the other (3, 4, 13).

use crate::oracle::model::{History, Post, Revision, Time};

/// All of it together.
#[derive(Clone, Debug)]
pub(super) struct Told<'a> {
    pub(super) signup: bool,
    pub(super) currency: &'static str,
    /// The commission that was named, and in which currency.
    pub(super) value: Option<(i64, &'static str)>,
    pub(super) base: Option<i64>,
    pub(super) affiliate: Option<usize>,
    pub(super) code: Option<&'a str>,
    pub(super) coupon: Option<&'a str>,
    pub(super) deleted: bool,
    /// When it was said to be paid, since it was last said not to be.
    pub(super) paid: Vec<Time>,
    /// The last post's own time.
    pub(super) at: Time,
    /// When the first word was accepted.
    pub(super) first: Time,
}

/// What was said under these ids; none when nobody said anything.
pub(super) fn told<'a>(history: &'a History, ids: &[String]) -> Option<Told<'a>> {
    let posts = history.posts.iter().filter(|post| ids.contains(&post.key()));
    // A post counts from its own time on, a change from when it was said; of two at once, the id decides.
    let mut words: Vec<(Time, String, usize, &Post, &Revision)> = posts
        .flat_map(|post| {
            let timed = move |(n, said): (usize, &'a Revision)| {
                (if n == 0 { post.at } else { said.at }, post.key(), n, post, said)
            };
            post.revisions.iter().enumerate().map(timed)
        })
        .collect();
    words.sort_by(|a, b| (a.0, &a.1, a.2).cmp(&(b.0, &b.1, b.2)));
    let first = words.iter().map(|word| word.4.at).min()?;
    let (_, _, _, post, _) = words.first()?;
    let mut told = Told {
        signup: post.signup,
        currency: post.currency,
        value: None,
        base: None,
        affiliate: None,
        code: None,
        coupon: None,
        deleted: false,
        paid: Vec::new(),
        at: post.at,
        first,
    };
    for (_, _, n, post, said) in words {
        if n == 0 {
            told.signup = post.signup;
            told.at = post.at;
            // Who names nobody says nothing about whose it is.
            if post.affiliate.is_some() || post.code.is_some() {
                told.affiliate = post.affiliate;
                told.code = post.code.as_deref();
            }
            told.coupon = post.coupon.as_deref().or(told.coupon);
        }
        let value = said.value.map(|value| (value, post.currency));
        told.value = if said.by_rules { None } else { value.or(told.value) };
        told.base = said.base.or(told.base);
        // The sale's currency is its own; without a sale it is that of whatever was named last, and a change says it anew.
        if said.base.is_some() || (value.is_some() && (n > 0 || told.base.is_none())) {
            told.currency = post.currency;
        }
        told.deleted |= said.deleted;
        match said.paid {
            Some(true) => told.paid.push(said.at),
            Some(false) => told.paid.clear(),
            None => {}
        }
    }
    Some(told)
}
