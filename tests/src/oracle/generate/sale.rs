//! Sales: checkouts and invoices.

use super::dice::Dice;
use super::story::Story;
use super::world;
use crate::oracle::model::{Checkout, CheckoutMode, DAY, Invoice, Line, PaidBy, Settled, Time};

const PRODUCTS: [(&str, &str); 4] = [
    ("prod_team", "price_team_month"),
    ("prod_team", "price_team_year"),
    ("prod_books", "price_book"),
    ("prod_support", "price_support"),
];

/// Minor units of a price: usual, or small enough to make rounding matter.
fn price(dice: &mut Dice) -> i64 {
    if dice.one_in(5) { 1 + dice.number(9) } else { 1 + dice.number(20_000) }
}

impl Story {
    /// An invoice of its own or of a subscription that is there.
    pub(super) fn invoice(&mut self, dice: &mut Dice, at: Time) {
        if let Some(place) = dice.place(&self.history.subscriptions)
            && !dice.one_in(3)
        {
            let customer = self.history.subscriptions[place].customer;
            let created = self.history.subscriptions[place].created;
            // Nothing is billed before it is there.
            let at = if at < created { at + ((created - at) / DAY + 1) * DAY } else { at };
            self.add_invoice(dice, customer, Some(place), at);
        } else {
            let customer = self.customer(dice, at);
            self.add_invoice(dice, customer, None, at);
        }
    }

    /// A new subscription, with its first invoice and perhaps its checkout.
    pub(super) fn subscribe(&mut self, dice: &mut Dice, at: Time) {
        let customer = self.customer(dice, at);
        let subscription = self.subscription(dice, customer, at);
        // A delayed method pays the first invoice days after the checkout.
        let delayed = dice.one_in(6);
        let paid_at = if delayed { at + 3 * DAY } else { at };
        let invoice = self.add_invoice(dice, customer, Some(subscription), paid_at);
        // Nothing is settled at once.
        if self.history.invoices[invoice].paid == 0 {
            self.history.invoices[invoice].at = at;
        }
        if dice.one_in(4) {
            return;
        }
        let first = &self.history.invoices[invoice];
        let settled = match first.paid > 0 {
            true if delayed => Settled::Later(Some(paid_at + 2)),
            true => Settled::Paid,
            false => Settled::Free,
        };
        let (currency, total, tax, shipping) = (first.currency, first.total(), first.tax, first.shipping);
        let email = self.history.customers[customer].email_at(at).map(str::to_owned);
        let mode = CheckoutMode::Subscription { subscription, invoice };
        self.add_checkout(
            dice,
            at + 2,
            (Some(customer), email),
            mode,
            settled,
            (currency, total, tax, shipping),
        );
    }

    /// A checkout without a subscription: paid, paid later, for nothing, or to store a card.
    pub(super) fn checkout(&mut self, dice: &mut Dice, at: Time) {
        let guest = self.is_of_guests() || dice.one_in(3);
        let customer = if guest { None } else { Some(self.customer(dice, at)) };
        let email = match customer {
            Some(place) => self.history.customers[place].email_at(at).map(str::to_owned),
            None => (!dice.one_in(5)).then(|| self.guests_email(dice)),
        };
        let (mode, settled) = match dice.below(8) {
            0..=3 => (CheckoutMode::Payment, Settled::Paid),
            4 => (CheckoutMode::Payment, Settled::Later(Some(at + 3 * DAY))),
            5 => (CheckoutMode::Payment, Settled::Later(None)),
            6 => (CheckoutMode::Payment, Settled::Free),
            _ => (CheckoutMode::Setup, Settled::Free),
        };
        let free = settled == Settled::Free;
        let net = if free { 0 } else { price(dice) };
        let tax = if !free && dice.one_in(3) { net / 5 } else { 0 };
        let shipping = if !free && dice.one_in(4) { 1 + dice.number(900) } else { 0 };
        let currency = Self::currency(dice);
        self.add_checkout(
            dice,
            at,
            (customer, email),
            mode,
            settled,
            (currency, net + tax + shipping, tax, shipping),
        );
    }

    fn add_checkout(
        &mut self,
        dice: &mut Dice,
        at: Time,
        (customer, email): (Option<usize>, Option<String>),
        mode: CheckoutMode,
        settled: Settled,
        (currency, total, tax, shipping): (&'static str, i64, i64, i64),
    ) {
        let place = self.history.checkouts.len();
        let takes_money =
            matches!(mode, CheckoutMode::Payment) && matches!(settled, Settled::Paid | Settled::Later(_));
        let version = self.version(dice);
        self.history.checkouts.push(Checkout {
            id: format!("cs_{place}"),
            version,
            at,
            customer,
            email,
            payer: dice.one_in(4).then(|| Self::email(dice)),
            mode,
            settled,
            currency,
            total,
            tax,
            shipping,
            reference: world::code(dice, 3),
            code: world::code(dice, 5),
            discounts: world::discounts(dice, 4),
            no_commission: dice.one_in(20),
            captured: (takes_money && dice.one_in(5)).then(|| match dice.below(3) {
                0 => 1 + dice.number(total),
                1 => total / 2 + 1,
                _ => total + dice.number(500),
            }),
            charge_says_no: takes_money && settled != Settled::Later(None) && dice.one_in(20),
            money: takes_money.then(|| (format!("pi_c{place}"), format!("ch_c{place}"))),
        });
    }

    fn add_invoice(
        &mut self,
        dice: &mut Dice,
        customer: usize,
        subscription: Option<usize>,
        at: Time,
    ) -> usize {
        let place = self.history.invoices.len();
        let mut lines = Vec::new();
        for _ in 0..=dice.below(3) {
            let (product, price_id) = dice.pick(&PRODUCTS);
            // What a proration gives back.
            let sign = if lines.is_empty() || !dice.one_in(3) { 1 } else { -1 };
            let quantity = 1 + dice.number(3);
            lines.push(Line { amount: sign * price(dice), quantity, product, price: price_id });
        }
        let trial = subscription.is_some() && dice.one_in(6);
        if trial {
            lines.truncate(1);
            lines[0].amount = 0;
        }
        let discounts = world::discounts(dice, 4);
        let sum: i64 = lines.iter().map(|line| line.amount).sum();
        let off = match dice.below(4) {
            _ if discounts.is_empty() || sum <= 0 => 0,
            0 | 1 => sum / 5,
            2 => sum,
            _ => 1,
        };
        let tax = if sum - off > 0 && dice.one_in(3) { (sum - off) / 5 } else { 0 };
        let shipping = if sum > 0 && !trial && dice.one_in(6) { 1 + dice.number(900) } else { 0 };
        let total = sum - off + tax + shipping;
        // The rest may come from the customer's balance, or never.
        let paid = match dice.below(6) {
            _ if total <= 0 => 0,
            4 => 1 + dice.number(total),
            5 => total / 3,
            _ => total,
        };
        let version = self.version(dice);
        let overpaid = if paid > 0 && paid == total && dice.one_in(8) { 1 + dice.number(3_000) } else { 0 };
        let paid_by = match dice.below(10) {
            8 => PaidBy::Described,
            9 if overpaid == 0 => PaidBy::OutOfBand,
            _ => PaidBy::Linked,
        };
        let takes_money = paid > 0 && paid_by != PaidBy::OutOfBand;
        self.history.invoices.push(Invoice {
            id: format!("in_{place}"),
            version,
            at,
            lag: dice.pick(&[1, 0, 3]),
            told_twice: dice.one_in(2),
            customer,
            subscription,
            currency: Self::currency(dice),
            lines,
            off,
            tax,
            shipping,
            paid,
            overpaid,
            paid_by,
            code: world::code(dice, 5),
            discounts,
            no_commission: dice.one_in(20),
            charge_says_no: takes_money && dice.one_in(20),
            money: takes_money.then(|| (format!("pi_i{place}"), format!("ch_i{place}"))),
        });
        place
    }
}
