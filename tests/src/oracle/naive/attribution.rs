//! Whom each customer is bound to, and who earns of each payment (3, 4).

use super::payments::Payment;
use super::people::Person;
use super::touches::{Found, Judged, Met, code_of_subscription, codes_of_customer, rules_at};
use crate::oracle::model::{History, Lock, LockedTo, Time, Whom};
use crate::oracle::verdict::BindVerdict;

/// A tie to an affiliate.
#[derive(Clone, Debug)]
pub(super) struct Bind {
    pub(super) affiliate: usize,
    method: &'static str,
    since: Time,
    /// The coupon that bound, when it was one.
    pub(super) coupon: Option<String>,
}

impl Bind {
    fn found(found: Found, since: Time) -> Self {
        Self { affiliate: found.affiliate, method: found.method, since, coupon: found.coupon }
    }

    /// Of somebody whom a person or a back end named.
    fn named(affiliate: usize, method: &'static str, since: Time) -> Self {
        Self { affiliate, method, since, coupon: None }
    }

    pub(super) fn verdict(&self) -> BindVerdict {
        BindVerdict { affiliate: id(self.affiliate), method: self.method.to_owned(), since: self.since }
    }
}

/// An affiliate's id: the place, counted from 1.
pub(super) fn id(place: usize) -> i64 {
    i64::try_from(place).unwrap() + 1
}

/// Every person's bind and every payment's, by place.
pub(super) struct Binds {
    pub(super) of_person: Vec<Option<Bind>>,
    pub(super) of_payment: Vec<Option<Bind>>,
}

/// A time at which a customer is judged.
#[derive(Clone, Debug)]
struct Moment {
    at: Time,
    what: What,
    /// Whom it would bind.
    bind: Option<Bind>,
}

/// What makes a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// The customer did something; what stays unattributed waits for a mapping until then.
    Act(Time),
    /// A code appeared on the customer between acts, which binds what waits.
    Code,
    /// Somebody with the same address was bound, which binds what waits.
    EmailMatch,
}

pub(super) fn attribute(history: &History, people: &[Person], payments: &[Payment<'_>]) -> Binds {
    let own: Vec<Vec<Moment>> =
        (0..people.len()).map(|person| moments(history, people, payments, person)).collect();
    // 4 a. A lock goes before everything.
    let locks: Vec<Option<Option<Bind>>> = people.iter().map(|person| lock(history, person)).collect();
    let bind = |place: usize, moments: &[Moment]| locks[place].clone().unwrap_or_else(|| first_bind(moments));
    // 4 g comes last: first everybody by what they bring along themselves.
    let first: Vec<Option<Bind>> =
        own.iter().enumerate().map(|(place, moments)| bind(place, moments)).collect();
    let mut of_person = Vec::new();
    for (place, mut moments) in own.into_iter().enumerate() {
        add_by_email(people, &first, place, &mut moments);
        of_person.push(bind(place, &moments));
    }
    let of_payment = payments
        .iter()
        .map(|payment| {
            if let Some(locked) = payment.person.and_then(|person| locks[person].clone()) {
                return locked;
            }
            let rules = rules_at(&history.world, payment.at);
            let mine = candidates(history, people, payment);
            // What a back end names for this very conversion is its decision.
            if let Some(named) = mine.into_iter().find(|candidate| candidate.class == NAMED) {
                return Some(named.bind);
            }
            // 3. A bind holds for what was paid since, and for what waited for it.
            let bind = of_person[payment.person?].clone()?;
            (bind.since <= payment.at + i64::from(rules.back_bind_days) * 86_400).then_some(bind)
        })
        .collect();
    Binds { of_person, of_payment }
}

/// 4 a. The last lock that names the person: the bind it makes, or that there is none.
#[expect(clippy::option_option, reason = "no lock, a lock to nobody, a lock to somebody")]
fn lock(history: &History, person: &Person) -> Option<Option<Bind>> {
    let names = |lock: &&Lock| match &lock.whom {
        Whom::Customer(place) => person.ids.contains(&history.customers[*place].id),
        Whom::Email(email) => person.emails.contains_key(&email.trim().to_lowercase()),
    };
    let lock = history.locks.iter().filter(names).max_by_key(|lock| lock.id)?;
    match lock.to {
        LockedTo::Affiliate(affiliate) => Some(Some(Bind::named(affiliate, "lock", lock.at))),
        LockedTo::Nobody => Some(None),
        LockedTo::Released => None,
    }
}

/// 4 b. The first bind wins.
fn first_bind(moments: &[Moment]) -> Option<Bind> {
    let mut moments: Vec<&Moment> = moments.iter().collect();
    moments.sort_by_key(|moment| (moment.at, !matches!(moment.what, What::Act(_))));
    let mut waiting_until: Option<Time> = None;
    for moment in &moments {
        let counts = match moment.what {
            What::Act(_) => true,
            What::Code | What::EmailMatch => waiting_until.is_some_and(|until| moment.at <= until),
        };
        if counts && moment.bind.is_some() {
            return moment.bind.clone();
        }
        if let What::Act(until) = moment.what {
            waiting_until = waiting_until.max(Some(until));
        }
    }
    // Nothing waits, so the first code that appeared holds from its own time on.
    moments.iter().filter(|moment| moment.what == What::Code).find_map(|moment| moment.bind.clone())
}

/// 4 g. The exact address, when exactly one who is bound carries it.
fn add_by_email(people: &[Person], first: &[Option<Bind>], place: usize, moments: &mut Vec<Moment>) {
    // From when both have the address and the bind is there.
    let shared = |other: usize| {
        let both =
            |email: &String| Some(people[place].has_since(email)?.max(people[other].has_since(email)?));
        people[place].emails.keys().filter_map(both).min()
    };
    let matches: Vec<Bind> = (0..people.len())
        .filter(|other| *other != place)
        .filter_map(|other| {
            let bind = first[other].clone()?;
            Some(Bind { method: "email", since: bind.since.max(shared(other)?), ..bind })
        })
        .collect();
    let only_one_at = |at: Time| {
        let mut by_then = matches.iter().filter(|bind| bind.since <= at);
        let one = by_then.next()?;
        by_then.next().is_none().then(|| one.clone())
    };
    for moment in moments.iter_mut().filter(|moment| matches!(moment.what, What::Act(_))) {
        moment.bind = moment.bind.take().or_else(|| only_one_at(moment.at));
    }
    for one in &matches {
        let bind = only_one_at(one.since);
        moments.push(Moment { at: one.since, what: What::EmailMatch, bind });
    }
}

/// When a person is judged by what they bring along: at each payment and completed checkout, at each
/// registered referral, and when a code appears on them or their subscriptions.
fn moments(history: &History, people: &[Person], payments: &[Payment<'_>], place: usize) -> Vec<Moment> {
    let mut moments = Vec::new();
    let back_bind = |at: Time| i64::from(rules_at(&history.world, at).back_bind_days) * 86_400;
    for payment in payments.iter().filter(|payment| payment.person == Some(place)) {
        let at = payment.acted();
        let bind = candidates(history, people, payment).into_iter().next().map(|candidate| candidate.bind);
        moments.push(Moment { at, what: What::Act(payment.at + back_bind(at)), bind });
    }
    let concerns = |id: &str| people[place].ids.contains(id);
    for referral in history.referrals.iter().filter(|referral| concerns(&format!("referral:{}", referral.id)))
    {
        let at = referral.at;
        let judged = judged(history, at, history.receipt(at));
        let bind = named(judged, referral.affiliate, referral.code.as_deref())
            .map(|affiliate| Bind::named(affiliate, "api", at));
        moments.push(Moment { at, what: What::Act(at + back_bind(at)), bind });
    }
    for (at, received, code) in codes_around(history, &people[place]) {
        let found = judged(history, at, received).find(Met::Code(code));
        let bind = found.map(|found| Bind::found(found, at));
        moments.push(Moment { at, what: What::Code, bind });
    }
    moments
}

/// Codes on the person's Stripe customers and subscriptions: since when, received when.
fn codes_around<'a>(history: &'a History, person: &Person) -> Vec<(Time, Time, &'a str)> {
    let customers =
        (0..history.customers.len()).filter(|place| person.ids.contains(&history.customers[*place].id));
    let subscriptions = (0..history.subscriptions.len())
        .filter(|place| person.ids.contains(&history.subscriptions[*place].id));
    let on_customers = customers
        .flat_map(|place| codes_of_customer(history, place))
        .map(|(at, code)| (at, history.receipt(at), code));
    on_customers.chain(subscriptions.filter_map(|place| code_of_subscription(history, place))).collect()
}

fn judged(history: &History, at: Time, received: Time) -> Judged<'_> {
    Judged { world: &history.world, rules: rules_at(&history.world, at), at, settled: at, received }
}

/// Who was named over the API, by id or by code.
fn named(judged: Judged<'_>, affiliate: Option<usize>, code: Option<&str>) -> Option<usize> {
    let by_id = affiliate.filter(|affiliate| judged.is_active(*affiliate));
    by_id.or_else(|| code.and_then(|code| judged.code(code)))
}

/// Someone who stands up, and how strongly.
struct Candidate {
    class: u8,
    /// 4 c: session, payment intent, invoice, subscription, customer.
    place: u8,
    at: Time,
    bind: Bind,
}

const NAMED: u8 = 0;
const COUPON_BEFORE_CODES: u8 = 1;
const METADATA: u8 = 2;
const REFERENCE: u8 = 3;
const COUPON: u8 = 4;

/// 4. Those who stand up for a payment, the strongest first.
fn candidates(history: &History, people: &[Person], payment: &Payment<'_>) -> Vec<Candidate> {
    // A checkout is what the customer did, and its time counts, whenever it was paid.
    let now = payment.acted();
    let judged = Judged { settled: payment.at, ..judged(history, now, payment.received) };
    let coupon = if judged.rules.coupon_first { COUPON_BEFORE_CODES } else { COUPON };
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut add = |class: u8, place: u8, at: Time, since: Time, found: Option<Found>| {
        candidates.extend(found.map(|found| Candidate { class, place, at, bind: Bind::found(found, since) }));
    };
    if let Some(told) = &payment.told {
        let found = named(judged, told.affiliate, told.code);
        let by_api = |affiliate| Found { affiliate, method: "api", coupon: None };
        add(NAMED, 0, now, now, found.map(by_api));
        add(coupon, 0, now, now, told.coupon.and_then(|code| judged.find(Met::Named(code))));
    }
    if let Some(checkout) = payment.checkout {
        add(
            METADATA,
            1,
            checkout.at,
            now,
            checkout.code.as_deref().and_then(|code| judged.find(Met::Code(code))),
        );
        let reference = checkout.reference.as_deref();
        add(REFERENCE, 1, checkout.at, now, reference.and_then(|text| judged.find(Met::Reference(text))));
        for discount in &checkout.discounts {
            add(coupon, 1, checkout.at, now, judged.find(Met::Discount(discount)));
        }
    }
    if let Some(intent) = payment.intent {
        let code = intent.code.as_deref();
        add(METADATA, 2, intent.at, now, code.and_then(|code| judged.find(Met::Code(code))));
    }
    if let Some(invoice) = payment.invoice {
        add(
            METADATA,
            3,
            invoice.at,
            now,
            invoice.code.as_deref().and_then(|code| judged.find(Met::Code(code))),
        );
        for discount in &invoice.discounts {
            add(coupon, 3, invoice.at, now, judged.find(Met::Discount(discount)));
        }
        if let Some((at, _, code)) = invoice
            .subscription
            .and_then(|place| code_of_subscription(history, place))
            .filter(|(at, ..)| *at <= now)
        {
            add(METADATA, 4, at, at, judged.find(Met::Code(code)));
        }
    }
    if let Some(person) = payment.person {
        for place in 0..history.customers.len() {
            if people[person].ids.contains(&history.customers[place].id) {
                for (at, code) in codes_of_customer(history, place) {
                    if at <= now {
                        add(METADATA, 5, at, at, judged.find(Met::Code(code)));
                    }
                }
            }
        }
    }
    // Stable: discounts of one object keep their order.
    candidates.sort_by_key(|candidate| (candidate.class, candidate.place, candidate.at));
    candidates
}
