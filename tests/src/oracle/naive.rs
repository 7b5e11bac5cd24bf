//! SEMANTICS a second time: straight through the history, slow and plain.
//!
//! It reads what happened, never what was told of it, and has its own arithmetic. The numbers in the
//! comments are those of SEMANTICS.

mod attribution;
mod commission;
mod moment;
mod money;
mod payments;
mod people;
mod reversal;
mod touches;
mod words;

use super::model::{History, Time};
use super::verdict::Verdicts;

/// What the history comes to.
#[must_use]
pub fn judge(history: &History) -> Verdicts {
    let people = people::people(history);
    let payments = payments::payments(history, &people);
    let binds = attribution::attribute(history, &people, &payments);
    let mut verdicts = Verdicts::default();
    for (place, person) in people.iter().enumerate() {
        let bind = binds.of_person[place].as_ref();
        verdicts.customers.insert(person.name.clone(), bind.map(attribution::Bind::verdict));
    }
    for (place, mut verdict) in commission::verdicts(history, &people, &payments, &binds) {
        let payment = &payments[place];
        for said in payment.told.iter().flat_map(|told| &told.paid) {
            // 13. What stood when it was said to be paid has left; of several words the one that says most counts.
            let then = (*said).max(payment.at);
            if let Some((affiliate, stood)) = stood_at(history, &people, &payment.key, then) {
                let left = verdict.left.entry(affiliate).or_default();
                *left = (*left).max(stood);
            }
        }
        verdict.left.retain(|_, left| *left > 0);
        verdicts.payments.insert(payment.key.clone(), verdict);
    }
    verdicts
}

/// What a payment owed at a moment, and to whom.
fn stood_at(history: &History, people: &[people::Person], key: &str, then: Time) -> Option<(i64, i64)> {
    let past = moment::at(history, then);
    let mut payments = payments::payments(&past, people);
    for payment in payments.iter_mut().filter(|payment| payment.key != key && payment.news > then) {
        payment.only_as_known(&past, then);
    }
    let is_known = |payment: &payments::Payment<'_>| {
        payment.news <= then || payment.told.is_some() || payment.checkout.is_some()
    };
    payments.retain(|payment| payment.key == key || is_known(payment));
    let binds = attribution::attribute(&past, people, &payments);
    let verdicts = commission::verdicts(&past, people, &payments, &binds);
    let (_, stood) = verdicts.into_iter().find(|(place, _)| payments[*place].key == key)?;
    Some((stood.affiliate?, stood.earned - stood.taken_back - stood.held))
}
