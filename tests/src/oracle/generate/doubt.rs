//! Money of its own, credit for it, and warnings about it.

use super::dice::Dice;
use super::story::Story;
use super::world;
use crate::oracle::model::{CreditNote, DAY, Intent, Invoice, Of, Time, Warning};

impl Story {
    /// A payment intent, or a charge of old, of which nothing else knows.
    pub(super) fn intent(&mut self, dice: &mut Dice, at: Time) {
        let twin = if dice.one_in(4) { self.twin(dice) } else { None };
        let customer = match twin {
            Some((customer, ..)) => Some(customer),
            None if self.is_of_guests() || dice.one_in(3) => None,
            None => Some(self.customer(dice, at)),
        };
        let email = if customer.is_none() && !dice.one_in(4) { Some(self.guests_email(dice)) } else { None };
        let place = self.history.intents.len();
        let version = self.version(dice);
        // More than any refund is of: what was released is told apart by its amount.
        let uncaptured = if dice.one_in(4) { 30_000 + dice.number(900) } else { 0 };
        self.history.intents.push(Intent {
            intent: (!dice.one_in(4)).then(|| format!("pi_p{place}")),
            charge: format!("ch_p{place}"),
            version,
            at: twin.map_or(at, |(_, _, _, then)| then),
            customer,
            email,
            payer: dice.one_in(4).then(|| Self::email(dice)),
            currency: twin.map_or_else(|| Self::currency(dice), |(_, currency, ..)| currency),
            amount: twin.map_or_else(|| 1 + dice.number(20_000), |(_, _, amount, _)| amount),
            uncaptured,
            release: (uncaptured > 0 && dice.one_in(2)).then(|| format!("re_released{place}")),
            code: world::code(dice, 2),
            no_commission: dice.one_in(20),
        });
    }

    /// Customer, currency, sum and time of a purchase that is much like an invoice that was paid, though no
    /// part of it.
    fn twin(&self, dice: &mut Dice) -> Option<(usize, &'static str, i64, Time)> {
        let nth = i64::try_from(self.history.intents.len()).unwrap();
        let invoices: Vec<&Invoice> =
            self.history.invoices.iter().filter(|invoice| invoice.paid > 0).collect();
        let invoice = invoices[dice.place(&invoices)?];
        Some((invoice.customer, invoice.currency, invoice.collected(), invoice.at + 40 + nth))
    }

    /// A credit note on a paid invoice, given by a refund, by other means, or by both.
    pub(super) fn credit(&mut self, dice: &mut Dice, at: Time) {
        let invoices = &self.history.invoices;
        let paid: Vec<usize> = (0..invoices.len()).filter(|place| invoices[*place].paid > 0).collect();
        let Some(place) = dice.place(&paid) else { return };
        let invoice = paid[place];
        let refunds = self.history.refunds.iter().enumerate();
        let refunds: Vec<usize> = refunds
            .filter(|(_, refund)| refund.of == Of::Invoice(invoice) && refund.told)
            .map(|(place, _)| place)
            .collect();
        let refund = dice.place(&refunds).filter(|_| !dice.one_in(2)).map(|place| refunds[place]);
        let given = refund.map_or(0, |place| self.history.refunds[place].amount);
        let amount = given + dice.number(self.history.invoices[invoice].paid);
        self.history.credit_notes.push(CreditNote {
            id: format!("cn_{}", self.history.credit_notes.len()),
            invoice,
            at,
            amount,
            refund,
            voided: dice.one_in(4).then_some(at + DAY),
        });
    }

    /// An early fraud warning.
    pub(super) fn warn(&mut self, dice: &mut Dice, at: Time) {
        let Some((of, _)) = self.payment(dice) else { return };
        let id = format!("issfr_{}", self.history.warnings.len());
        let over = dice.one_in(3).then_some(at + DAY);
        self.history.warnings.push(Warning { id, of, at, over });
    }
}
