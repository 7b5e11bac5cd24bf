//! Objects of Stripe's that are older than its events, against what the ledger was made of. It reports, and changes nothing: what is
//! missing there `backfill` reads.

use super::Failure;
use chrono::{DateTime, SubsecRound, Utc};
use domain::fact::{Fact, FactBody, SessionMode, SessionPaymentStatus};
use domain::ids::Realm;
use domain::key::Key;
use serde::Serialize;
use std::collections::BTreeMap;
use store::{PgConnection, reconciliations};
use stripe::client::{Lists, Span};
use stripe::event::{self, Outcome};
use stripe::history::List;
use stripe::metadata::MetadataKeys;

/// The lists that tell of money, and of what went back.
const LISTS: [List; 8] = [
    List::CheckoutSessions,
    List::Invoices,
    List::PaymentIntents,
    List::Charges,
    List::Refunds,
    List::Disputes,
    List::CreditNotes,
    List::FraudWarnings,
];

/// What was compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Objects that tell of money.
    pub seen: usize,
    /// Those of which nothing is known, by list.
    pub missing: BTreeMap<&'static str, Vec<String>>,
}

impl Compared {
    /// How many are missing.
    #[must_use]
    pub fn count(&self) -> usize {
        self.missing.values().map(Vec::len).sum()
    }
}

/// Compares what was made in a span of time. What tells nothing of money is passed over.
///
/// # Errors
/// [`Failure`]
pub async fn compare_objects(
    connection: &mut PgConnection,
    lists: &Lists,
    realm: Realm,
    span: Span,
    keys: &MetadataKeys,
    now: DateTime<Utc>,
) -> Result<Compared, Failure> {
    let mut compared = Compared::default();
    for list in LISTS {
        let mut after: Option<String> = None;
        loop {
            let page = lists.page(list, span, after.as_deref()).await?;
            let mut wanted: BTreeMap<String, Wanted> = BTreeMap::new();
            for object in &page.objects {
                let Ok(told) = list.tell(object, now.trunc_subsecs(0)) else { continue };
                for told in told {
                    let reading = event::read(&told.body, realm.mode, keys, told.at);
                    let Ok(Outcome::Facts { facts, .. }) = reading.map(|reading| reading.outcome) else {
                        continue;
                    };
                    let money = facts.iter().filter_map(|fact| Some((fact, money(fact)?)));
                    wanted.extend(money.map(|(fact, payment)| {
                        (fact.natural_key.clone(), Wanted { object: told.object.clone(), payment })
                    }));
                }
            }
            compared.seen += wanted.len();
            let asked: Vec<(&str, Option<&Key>)> =
                wanted.iter().map(|(fact, wanted)| (fact.as_str(), wanted.payment.as_ref())).collect();
            for fact in reconciliations::unknown(connection, realm, &asked).await? {
                let objects = compared.missing.entry(list.as_str()).or_default();
                objects.extend(wanted.get(&fact).map(|wanted| wanted.object.clone()));
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(compared)
}

/// What has to be known of an object.
struct Wanted {
    object: String,
    /// The payment that it is, which may be known by another of its objects.
    payment: Option<Key>,
}

/// Of a fact that tells of money, or of what went back: the payment that it is, if it is one. A checkout whose money is an invoice's,
/// or that took none, tells of none.
#[expect(clippy::option_option, reason = "no money, money that is no payment, a payment")]
fn money(fact: &Fact) -> Option<Option<Key>> {
    match &fact.body {
        FactBody::Session(session) => {
            let paid = session.mode == SessionMode::Payment
                && session.payment_status == SessionPaymentStatus::Paid
                && session.invoice.is_none();
            paid.then(|| Some(session.session.clone()))
        }
        FactBody::Invoice(invoice) => Some(Some(invoice.invoice.clone())),
        FactBody::Intent(intent) => Some(Some(intent.payment_intent.clone())),
        FactBody::Charge(charge) => Some(Some(charge.charge.clone())),
        FactBody::Refund(_) | FactBody::Dispute(_) | FactBody::CreditNote(_) | FactBody::FraudWarning(_) => {
            Some(None)
        }
        _ => None,
    }
}
