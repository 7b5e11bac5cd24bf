//! SEMANTICS a second time: straight through the history, slow and plain.
//!
//! It reads what happened, never what was told of it, and has its own arithmetic. The numbers in the
//! comments are those of SEMANTICS.

mod attribution;
mod commission;
mod money;
mod payments;
mod people;
mod reversal;
mod touches;

use super::model::History;
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
    for (place, verdict) in commission::verdicts(history, &people, &payments, &binds) {
        verdicts.payments.insert(payments[place].key.clone(), verdict);
    }
    verdicts
}
