//! What back ends post: sales of their own, and payments that Stripe tells as well, under any of their ids.

use super::dice::Dice;
use super::story::Story;
use super::world;
use crate::oracle::model::{DAY, Of, Post, Reference, Revision, Time, Who};

/// A payment of Stripe's, as a back end knows it.
struct Known {
    ids: Vec<String>,
    customer: Option<usize>,
    currency: &'static str,
}

impl Story {
    pub(super) fn post(&mut self, dice: &mut Dice, at: Time) {
        let id = i64::try_from(self.history.posts.len()).unwrap() + 1;
        let mut signup = dice.one_in(4);
        let (mut reference, mut who) = match dice.below(3) {
            1 => (Reference::None, self.who(dice)),
            _ => (Reference::Own(format!("order-{id}")), self.who(dice)),
        };
        let mut currency = Self::currency(dice);
        if dice.one_in(2)
            && let Some(known) = self.known(dice)
            && let Some(id) = self.unused(dice, &known.ids)
        {
            signup = false;
            // Once in a while the caller's books are in another currency.
            if !dice.one_in(6) {
                currency = known.currency;
            }
            reference = Reference::Stripe(id);
            let user = dice.one_in(2).then(|| format!("u{}", dice.below(3)));
            who = Who { customer: known.customer, email: None, user };
        }
        let base = (!signup || dice.one_in(3)).then(|| 1 + dice.number(20_000));
        let value = dice.one_in(3).then(|| dice.number(3_000));
        let paid = dice.one_in(5).then_some(true);
        let mut revisions = vec![Revision { at, value, base, paid, ..Revision::default() }];
        let mut later = at;
        for _ in 0..dice.below(4) {
            later += dice.pick(&[60, 5 * DAY, 40 * DAY]);
            revisions.push(change(dice, later, revisions[0]));
        }
        let names = dice.below(5);
        self.history.posts.push(Post {
            id,
            reference,
            who,
            signup,
            at,
            currency,
            affiliate: (names == 3).then(|| dice.below(3)),
            code: if names == 4 { world::code(dice, 1) } else { None },
            coupon: dice
                .one_in(5)
                .then(|| dice.pick(&["ALICE20", "bob10", "LATE", "OLD", "NOBODY"]).to_owned()),
            revisions,
        });
    }

    fn known(&self, dice: &mut Dice) -> Option<Known> {
        let history = &self.history;
        let both = |money: Option<&(String, String)>| {
            money
                .into_iter()
                .flat_map(|(intent, charge)| [intent.clone(), charge.clone()])
                .collect::<Vec<_>>()
        };
        Some(match self.payment(dice)?.0 {
            Of::Invoice(place) => {
                let invoice = &history.invoices[place];
                let ids = [vec![invoice.id.clone()], both(invoice.money.as_ref())].concat();
                Known { ids, customer: Some(invoice.customer), currency: invoice.currency }
            }
            Of::Checkout(place) => {
                let checkout = &history.checkouts[place];
                let ids = [both(checkout.money.as_ref()), vec![checkout.id.clone()]].concat();
                Known { ids, customer: checkout.customer, currency: checkout.currency }
            }
            Of::Intent(place) => {
                let intent = &history.intents[place];
                let ids = intent.intent.iter().chain([&intent.charge]).cloned().collect();
                Known { ids, customer: intent.customer, currency: intent.currency }
            }
        })
    }

    /// One of these ids, under which nobody has posted anything yet.
    fn unused(&self, dice: &mut Dice, ids: &[String]) -> Option<String> {
        let used = |id: &String| self.history.posts.iter().any(|post| post.key() == *id);
        let unused: Vec<&String> = ids.iter().filter(|id| !used(id)).collect();
        dice.place(&unused).map(|place| unused[place].clone())
    }
}

fn change(dice: &mut Dice, at: Time, first: Revision) -> Revision {
    let nothing = Revision { at, ..Revision::default() };
    match dice.below(7) {
        0 => Revision { base: first.base.map(|base| base / 2), ..nothing },
        1 => Revision { value: Some(dice.number(3_000)), ..nothing },
        2 => Revision { by_rules: true, ..nothing },
        3 | 4 => Revision { paid: Some(true), ..nothing },
        5 => Revision { paid: Some(false), ..nothing },
        _ => Revision { deleted: true, ..nothing },
    }
}
