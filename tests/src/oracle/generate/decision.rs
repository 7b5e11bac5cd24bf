//! Decisions of people.

use super::dice::Dice;
use super::story::Story;
use crate::oracle::model::{Lock, LockedTo, Reference, Ruling, Time, Verdict, Whom};

impl Story {
    /// A customer or an address is locked, or not any more.
    pub(super) fn lock(&mut self, dice: &mut Dice, at: Time) {
        let told: Vec<usize> =
            (0..self.history.customers.len()).filter(|place| self.history.customers[*place].told).collect();
        let whom = match dice.place(&told) {
            Some(place) if !dice.one_in(3) => Whom::Customer(told[place]),
            Some(_) | None => Whom::Email(Self::email(dice)),
        };
        let to = match dice.below(5) {
            0..=2 => LockedTo::Affiliate(dice.below(3)),
            3 => LockedTo::Nobody,
            _ => LockedTo::Released,
        };
        let id = i64::try_from(self.history.locks.len()).unwrap() + 1;
        self.history.locks.push(Lock { id, whom, at, to });
    }

    /// The commission of a payment is held, released or rejected.
    pub(super) fn decide(&mut self, dice: &mut Dice, at: Time) {
        let invoices = self.history.invoices.iter().map(|invoice| invoice.id.clone());
        let checkouts = self.history.checkouts.iter();
        let checkouts =
            checkouts.filter(|checkout| checkout.money.is_some()).map(|checkout| checkout.id.clone());
        let intents = self.history.intents.iter().map(|intent| intent.charge.clone());
        let posts = self.history.posts.iter().filter_map(|post| match &post.reference {
            Reference::Own(reference) => Some(format!("external:{reference}")),
            Reference::None | Reference::Stripe(_) => None,
        });
        let keys: Vec<String> = invoices.chain(checkouts).chain(intents).chain(posts).collect();
        let Some(place) = dice.place(&keys) else { return };
        let ruling = dice.pick(&[Ruling::Hold, Ruling::Release, Ruling::Reject]);
        let id = i64::try_from(self.history.verdicts.len()).unwrap() + 1;
        self.history.verdicts.push(Verdict { id, payment: keys[place].clone(), at, ruling });
    }
}
