//! What happens to a handful of customers, step by step.

use super::dice::{Dice, Words};
use super::world;
use crate::oracle::model::{
    Change, Customer, DAY, Dispute, History, Of, Referral, Refund, RefundState, START, Span, Stated,
    Subscription, Time, Who,
};
use RefundState::{Canceled, Failed, Pending, Succeeded};
use stripe::sample::Version;

/// A history in the making.
pub(super) struct Story {
    pub(super) history: History,
    /// How many steps there were, which gives each a time of day of its own.
    steps: i64,
    cast: Cast,
}

/// Whom it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cast {
    Anybody,
    /// Nobody comes after the first customer.
    OneCustomer,
    /// Many, of whom only Stripe and referrals tell.
    Crowd,
    /// Guests, most of them with one address.
    Guests,
}

impl Cast {
    /// Of how many who do something one is new.
    fn comes_once_in(self) -> usize {
        if self == Self::Crowd { 2 } else { 4 }
    }
}

/// Days in which stories begin.
const DAYS: i64 = 120;
/// Seconds of each day that belong to one step.
const SLOT: i64 = 600;

const EMAILS: [&str; 6] = [
    "dana@buyers.example",
    "eli@buyers.example",
    "Dana@Buyers.example",
    "fay@buyers.example",
    "bob+home@gmail.com",
    "ALICE@affiliates.example",
];
const CURRENCIES: [&str; 9] = ["usd", "usd", "usd", "usd", "eur", "jpy", "kwd", "isk", "ugx"];

impl Story {
    pub(super) fn new(words: Words) -> Self {
        let mut dice = Dice::new(words);
        let version = Version::ALL[5 - dice.below(6)];
        let imported_at = dice.one_in(5).then_some(START + 500 * DAY);
        let history = History { version, imported_at, ..History::of(world::world(&mut dice)) };
        Self { history, steps: 0, cast: Cast::Anybody }
    }

    pub(super) fn of_one_customer(words: Words) -> Self {
        Self { cast: Cast::OneCustomer, ..Self::new(words) }
    }

    pub(super) fn of_guests(words: Words) -> Self {
        Self { cast: Cast::Guests, ..Self::new(words) }
    }

    pub(super) fn is_of_guests(&self) -> bool {
        self.cast == Cast::Guests
    }

    /// The address that a guest gives.
    pub(super) fn guests_email(&self, dice: &mut Dice) -> String {
        if self.is_of_guests() && !dice.one_in(6) { EMAILS[0].to_owned() } else { Self::email(dice) }
    }

    pub(super) fn of_a_crowd(words: Words) -> Self {
        Self { cast: Cast::Crowd, ..Self::new(words) }
    }

    /// One thing that happens, at a second of its own.
    pub(super) fn step(&mut self, words: Words) {
        let mut dice = Dice::new(words);
        let kind = dice.below(26);
        self.steps += 1;
        let at = START + dice.number(DAYS) * DAY + 3_600 + self.steps * SLOT;
        match kind {
            16 | 17 | 23 if self.cast == Cast::Crowd => {
                self.new_customer(&mut dice, at);
            }
            0..=3 | 7..=9 | 16 | 17 | 23 if self.cast == Cast::Guests => self.checkout(&mut dice, at),
            0..=3 => self.invoice(&mut dice, at),
            4..=6 => self.checkout(&mut dice, at),
            7..=9 => self.subscribe(&mut dice, at),
            10..=13 => self.refund(&mut dice, at),
            14 => self.dispute(&mut dice, at),
            15 => self.change(&mut dice, at),
            16 | 17 => self.post(&mut dice, at),
            18 => self.refer(&mut dice, at),
            19 | 20 => self.intent(&mut dice, at),
            21 => self.credit(&mut dice, at),
            22 => self.warn(&mut dice, at),
            23 => self.lock(&mut dice, at),
            24 => self.decide(&mut dice, at),
            _ if self.cast == Cast::OneCustomer && !self.history.customers.is_empty() => {}
            _ => {
                self.new_customer(&mut dice, at);
            }
        }
    }

    pub(super) fn version(&self, dice: &mut Dice) -> Version {
        // Some objects came before an upgrade of the API's version, or after.
        if dice.one_in(6) { Version::ALL[dice.below(6)] } else { self.history.version }
    }

    pub(super) fn currency(dice: &mut Dice) -> &'static str {
        dice.pick(&CURRENCIES)
    }

    pub(super) fn email(dice: &mut Dice) -> String {
        dice.pick(&EMAILS).to_owned()
    }

    /// A customer who is there already, or a new one.
    pub(super) fn customer(&mut self, dice: &mut Dice, at: Time) -> usize {
        match dice.place(&self.history.customers) {
            Some(place) if self.cast == Cast::OneCustomer || !dice.one_in(self.cast.comes_once_in()) => place,
            Some(_) | None => self.new_customer(dice, at),
        }
    }

    fn new_customer(&mut self, dice: &mut Dice, at: Time) -> usize {
        let place = self.history.customers.len();
        let version = self.version(dice);
        let is_account = version >= Version::Basil && dice.one_in(6);
        // `customer.*` tells nothing of an account.
        let told = !is_account && !dice.one_in(6);
        let email = (!dice.one_in(6)).then(|| Self::email(dice));
        let id = match dice.below(8) {
            _ if is_account => format!("acct_{place}"),
            // Accounts of old gave customers ids of their own, which may look like anything.
            0 => format!("user-{place}"),
            1 => format!("in_house-{place}"),
            _ => format!("cus_{place}"),
        };
        let created = at - 300;
        self.history.customers.push(Customer {
            id,
            version,
            created,
            is_account,
            email,
            code: world::code(dice, 5).filter(|_| told),
            no_commission: if told { Self::wish(dice, created) } else { None },
            told,
            changes: Vec::new(),
            deleted: None,
        });
        place
    }

    /// When metadata says `commission: false`: from the start or from later on, for good or for a while.
    fn wish(dice: &mut Dice, created: Time) -> Option<Span> {
        dice.one_in(12).then(|| {
            // A second that nothing else has: steps have tens of them.
            let from = if dice.one_in(2) { created } else { created + dice.number(60) * DAY + 7 };
            let until = dice.one_in(3).then(|| from + (1 + dice.number(40)) * DAY + 7);
            Span { from, until }
        })
    }

    /// A later address, a later code, or the end of a customer.
    fn change(&mut self, dice: &mut Dice, at: Time) {
        let Some(place) = dice.place(&self.history.customers) else { return };
        let customer = &mut self.history.customers[place];
        let since = customer.changes.last().map_or(customer.created, |change| change.at);
        if !customer.told || customer.deleted.is_some() {
            return;
        }
        let at = at.max(since + DAY);
        if dice.one_in(5) {
            customer.deleted = Some(at);
            return;
        }
        let email = dice.one_in(2).then(|| Self::email(dice));
        let code = world::code(dice, 2);
        customer.changes.push(Change { at, email, code });
    }

    /// A subscription, without its first invoice.
    pub(super) fn subscription(&mut self, dice: &mut Dice, customer: usize, at: Time) -> usize {
        let place = self.history.subscriptions.len();
        let version = self.version(dice);
        self.history.subscriptions.push(Subscription {
            id: format!("sub_{place}"),
            version,
            customer,
            created: at - 200,
            code: world::code(dice, 4),
            no_commission: Self::wish(dice, at - 200),
            told: !dice.one_in(4),
            // A second that nothing else has.
            renewed: (1..=i64::try_from(dice.below(3)).unwrap()).map(|n| at + n * 20 * DAY + 11).collect(),
            cancelled: dice.one_in(4).then_some(at + 45 * DAY),
        });
        place
    }

    pub(super) fn payment(&self, dice: &mut Dice) -> Option<(Of, i64)> {
        let checkouts = self.history.checkouts.iter().enumerate();
        let checkouts = checkouts.map(|(place, one)| (Of::Checkout(place), one.took_money(), one.takes()));
        let invoices = self.history.invoices.iter().enumerate();
        let invoices =
            invoices.map(|(place, one)| (Of::Invoice(place), one.money.is_some(), one.collected()));
        let intents = self.history.intents.iter().enumerate();
        let intents = intents.map(|(place, one)| (Of::Intent(place), true, one.amount));
        let payments: Vec<(Of, i64)> = checkouts
            .chain(invoices)
            .chain(intents)
            .filter(|(_, took_money, _)| *took_money)
            .map(|(payment, _, amount)| (payment, amount))
            .collect();
        dice.place(&payments).map(|place| payments[place])
    }

    /// A refund, all or part of what was paid; more than that may be asked for in several.
    fn refund(&mut self, dice: &mut Dice, at: Time) {
        let Some((of, paid)) = self.payment(dice) else { return };
        let amount = match dice.below(4) {
            0 => 1 + paid / 2,
            1 => paid,
            2 => 1 + paid / 100,
            _ => 1 + dice.number(paid),
        };
        let states: &[RefundState] = match dice.below(10) {
            0..=3 => &[Succeeded],
            4 => &[Pending, Succeeded],
            5 => &[Succeeded, Failed],
            6 => &[Pending],
            7 => &[Pending, Failed, Succeeded],
            8 => &[Succeeded, Failed, Succeeded],
            _ => &[Pending, Canceled],
        };
        let states: Vec<(Time, RefundState)> =
            (0..).map(|n| at + n * DAY).zip(states.iter().copied()).collect();
        let sure = matches!(states.as_slice(), [(_, Succeeded)]);
        // An endpoint asks for refunds or it does not. Then nobody can know that one failed.
        let told = match self.history.refunds.iter().find(|refund| refund.of == of) {
            Some(other) => other.told,
            None => !(sure && dice.one_in(3)),
        };
        if !told && !sure {
            return;
        }
        let in_all = !told || dice.one_in(3);
        self.history.refunds.push(Refund {
            id: format!("re_{}", self.history.refunds.len()),
            of,
            amount,
            states,
            told,
            in_all_at: in_all.then_some(at + 5),
        });
    }

    fn dispute(&mut self, dice: &mut Dice, at: Time) {
        let Some((of, paid)) = self.payment(dice) else { return };
        let amount = if dice.one_in(2) { 1 + dice.number(paid) } else { paid };
        let states: &[&'static str] = dice.pick(&[
            &["needs_response"][..],
            &["needs_response", "under_review", "lost"],
            &["needs_response", "under_review", "won"],
            &["warning_needs_response"],
            &["warning_needs_response", "warning_under_review", "warning_closed"],
            &["needs_response", "lost"],
            &["warning_needs_response", "needs_response"],
            // 12. Its last word is the latest, in both directions.
            &["needs_response", "lost", "won"],
            &["warning_needs_response", "warning_closed", "needs_response"],
            &["needs_response", "won", "needs_response"],
            &["needs_response", "lost", "won", "under_review", "lost"],
        ]);
        let states = (0..).map(|n| at + n * 9 * DAY).zip(states.iter().copied()).collect();
        let id = format!("du_{}", self.history.disputes.len());
        // Nothing is sold in pounds.
        let abroad = |all| Stated::Abroad { currency: "gbp", all };
        let terms = match dice.below(5) {
            0 => abroad(None),
            // A charge has one balance transaction.
            1 => abroad(self.told_in_pounds(of).or(Some(1 + dice.number(2 * paid)))),
            _ => Stated::AsPaid,
        };
        self.history.disputes.push(Dispute { id, of, amount, stated: terms, states });
    }

    /// What a charge is in pounds, where an earlier dispute told it.
    fn told_in_pounds(&self, of: Of) -> Option<i64> {
        let mut earlier = self.history.disputes.iter().filter(|dispute| dispute.of == of);
        earlier.find_map(|dispute| match dispute.stated {
            Stated::Abroad { all, .. } => all,
            Stated::AsPaid => None,
        })
    }

    pub(super) fn who(&self, dice: &mut Dice) -> Who {
        let mut who = Who::default();
        match dice.below(5) {
            0 => who.customer = dice.place(&self.history.customers),
            1 => who.email = Some(Self::email(dice)),
            2 => who.user = Some(format!("u{}", dice.below(3))),
            3 => {
                who.customer = dice.place(&self.history.customers);
                who.user = Some(format!("u{}", dice.below(3)));
            }
            _ => {
                who.email = Some(Self::email(dice));
                who.user = Some(format!("u{}", dice.below(3)));
            }
        }
        who
    }

    fn refer(&mut self, dice: &mut Dice, at: Time) {
        let mut who = self.who(dice);
        if dice.one_in(2) || (who.customer.is_none() && who.user.is_none()) {
            who.email = Some(Self::email(dice));
        }
        let by_code = dice.one_in(3);
        self.history.referrals.push(Referral {
            id: i64::try_from(self.history.referrals.len()).unwrap() + 1,
            who,
            at,
            affiliate: (!by_code).then(|| dice.below(3)),
            code: if by_code { world::code(dice, 1) } else { None },
        });
    }
}
