//! What was told of something that has become no payment, in words.

use super::money;
use domain::decision::{Lock, LockedTo, Ruling, Verdict};
use domain::fact::{
    CreditNoteStatus, DisputeStatus, Fact, FactBody, Invoiced, PostedWord, ReferralRegistered, RefundStatus,
    SessionCompleted, SessionMode, SessionPaymentStatus,
};
use domain::key::Key;

/// What a fact says, and what it waits for when it does.
pub(super) fn in_words(fact: &Fact) -> String {
    match &fact.body {
        FactBody::Customer(customer) => {
            let deleted = if customer.deleted { "deleted at Stripe" } else { "known" };
            format!("customer {} is {deleted}; no payment of theirs has come", customer.customer)
        }
        FactBody::Address(address) => {
            format!("customer {} has the address {}", address.customer, address.email)
        }
        FactBody::CommissionFlag(flag) => {
            let says = if flag.forbids { "says" } else { "does no more say" };
            format!("{} {says} commission: false", flag.object)
        }
        FactBody::Subscription(subscription) => {
            format!(
                "subscription {} is {}; no invoice of it was paid",
                subscription.subscription, subscription.status
            )
        }
        FactBody::Session(session) => {
            format!("checkout session {}: {}", session.session, session_in_words(session))
        }
        FactBody::Invoice(invoice) if invoice.amount_paid <= 0 => {
            format!("invoice {} collected nothing, as in a trial or with a discount of 100%", invoice.invoice)
        }
        FactBody::Invoice(invoice) => {
            format!("invoice {} collected {}", invoice.invoice, money(&invoice.currency, invoice.amount_paid))
        }
        FactBody::InvoiceLines(fetched) => {
            format!("invoice {} has {} lines, fetched from Stripe", fetched.invoice, fetched.lines.len())
        }
        FactBody::Intent(intent) => format!(
            "payment intent {} collected {}{}",
            intent.payment_intent,
            money(&intent.currency, intent.amount_received),
            invoiced_in_words(&intent.invoiced)
        ),
        FactBody::Charge(charge) => format!(
            "charge {} collected {}{}",
            charge.charge,
            money(&charge.currency, charge.amount_captured),
            invoiced_in_words(&charge.invoiced)
        ),
        FactBody::Alias(alias) => format!("{} are one payment", list(&alias.objects, " and ")),
        FactBody::Touch(touch) => format!("{} names the code {:?}", touch.object, touch.value),
        FactBody::Refund(refund) => {
            let status = match refund.status {
                RefundStatus::Pending => "is pending and takes nothing back yet",
                RefundStatus::Succeeded => "takes its share back as soon as its payment is known",
                RefundStatus::Failed => "has failed and takes nothing back",
                RefundStatus::Canceled => "was canceled and takes nothing back",
            };
            let amount = money(&refund.currency, refund.amount);
            format!("refund {} of {amount} {status}{}", refund.refund, waits(fact))
        }
        FactBody::ChargeRefunded(refunded) => {
            let amount = money(&refunded.currency, refunded.amount_refunded);
            format!("of charge {} {amount} went back in all{}", refunded.charge, waits(fact))
        }
        FactBody::Balance(moved) => format!("{} is {} in the account's balance", moved.object, moved.money),
        FactBody::Dispute(dispute) => {
            let status = match dispute.status {
                DisputeStatus::Warning => "is an inquiry, which holds nothing",
                DisputeStatus::Open => "is open",
                DisputeStatus::Released => "was won or closed",
                DisputeStatus::Lost => "was lost",
            };
            let amount = money(&dispute.currency, dispute.amount);
            format!("dispute {} over {amount} {status}{}", dispute.dispute, waits(fact))
        }
        FactBody::CreditNote(note) => {
            let status = match note.status {
                CreditNoteStatus::Issued => "holds",
                CreditNoteStatus::Voided => "was voided",
            };
            let amount = money(&note.currency, note.post_payment);
            format!("credit note {} of {amount} {status}{}", note.credit_note, waits(fact))
        }
        FactBody::Apart(apart) => {
            format!("Stripe knows no payment or invoice that {} belongs to", apart.object)
        }
        FactBody::FraudWarning(seen) => {
            let actionable = if seen.actionable { "stands" } else { "was dealt with" };
            format!("early fraud warning {} {actionable}{}", seen.warning, waits(fact))
        }
        FactBody::Posted(posted) => word(posted),
        FactBody::Referral(referral) => {
            let named = named_in_words(referral);
            format!("registered as a referral {named}; no payment of theirs has come")
        }
        FactBody::Lock(lock) => locked(lock),
        FactBody::Verdict(verdict) => ruled(verdict),
    }
}

fn locked(lock: &Lock) -> String {
    match lock.to {
        LockedTo::Affiliate(id) => format!("{} is locked to affiliate {id} {}", lock.customer, lock.word),
        LockedTo::Nobody => format!("{} is locked to nobody {}", lock.customer, lock.word),
        LockedTo::Released => format!("{} was unlocked {}", lock.customer, lock.word),
    }
}

fn ruled(verdict: &Verdict) -> String {
    let ruling = match verdict.ruling {
        Ruling::Hold => "held",
        Ruling::Release => "released",
        Ruling::Reject => "rejected",
    };
    format!("{} is {ruling} {}, as soon as it is a payment", verdict.payment, verdict.word)
}

fn named_in_words(referral: &ReferralRegistered) -> String {
    match (&referral.referral_code, referral.affiliate) {
        (Some(code), _) => format!("with the code {code:?}"),
        (None, Some(affiliate)) => format!("for affiliate {affiliate}"),
        (None, None) => "without a code".to_owned(),
    }
}

fn session_in_words(session: &SessionCompleted) -> String {
    match (session.mode, session.payment_status, &session.invoice) {
        (SessionMode::Setup, _, _) => "it stores a payment method and collects nothing".to_owned(),
        (_, SessionPaymentStatus::Unpaid, _) => "its delayed payment has not been collected yet".to_owned(),
        (_, SessionPaymentStatus::NoPaymentRequired, _) => {
            "it collects nothing, as in a trial or with a discount of 100%".to_owned()
        }
        (_, SessionPaymentStatus::Paid, Some(invoice)) => {
            format!("its money is invoice {invoice}, which has not come")
        }
        (SessionMode::Subscription, SessionPaymentStatus::Paid, None) => {
            "its money is the subscription's first invoice, which has not come".to_owned()
        }
        (SessionMode::Payment, SessionPaymentStatus::Paid, None) => {
            let total = session.currency.as_deref().map(|currency| money(currency, session.amount_total));
            format!("it collected {}", total.unwrap_or_else(|| "nothing".to_owned()))
        }
    }
}

/// Why money that was collected is no payment of its own.
fn invoiced_in_words(invoiced: &Invoiced) -> String {
    match invoiced {
        Invoiced::Never => String::new(),
        Invoiced::Hinted => ", for an invoice that has not come: it waits for it".to_owned(),
        Invoiced::Unsaid => ", and does not say whether for an invoice".to_owned(),
        Invoiced::By { invoice } => format!(", for invoice {invoice}, which has not come: it waits for it"),
    }
}

fn waits(fact: &Fact) -> String {
    match fact.links.as_slice() {
        [] => ": it names no payment".to_owned(),
        links => format!(": it waits for the payment of {}", list(links, " or ")),
    }
}

fn list(keys: &[Key], between: &str) -> String {
    keys.iter().map(Key::as_str).collect::<Vec<_>>().join(between)
}

fn word(PostedWord { conversion, change, .. }: &PostedWord) -> String {
    let said = if change.is_some() { "was changed" } else { "was posted" };
    format!("conversion {} {said} as {}", conversion.conversion, conversion.payment)
}
