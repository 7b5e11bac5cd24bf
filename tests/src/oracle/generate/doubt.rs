//! Money of its own, credit for it, and warnings about it.

use super::dice::Dice;
use super::story::Story;
use super::world;
use crate::oracle::model::{CreditNote, DAY, Intent, Of, Time, Warning};

impl Story {
    /// A payment intent, or a charge of old, of which nothing else knows.
    pub(super) fn intent(&mut self, dice: &mut Dice, at: Time) {
        let customer = if dice.one_in(3) { None } else { Some(self.customer(dice, at)) };
        let email = if customer.is_none() && !dice.one_in(4) { Some(Self::email(dice)) } else { None };
        let place = self.history.intents.len();
        let version = self.version(dice);
        self.history.intents.push(Intent {
            intent: (!dice.one_in(4)).then(|| format!("pi_p{place}")),
            charge: format!("ch_p{place}"),
            version,
            at,
            customer,
            email,
            currency: Self::currency(dice),
            amount: 1 + dice.number(20_000),
            code: world::code(dice, 2),
            no_commission: dice.one_in(20),
        });
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
