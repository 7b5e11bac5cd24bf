//! Holding, releasing or rejecting the commission of a payment.

use super::{Decided, decide};
use crate::{Error, Outbox};
use domain::{
    command::Command,
    decision::{Audit, Ruling, Verdict},
    ids::Realm,
    key::Key,
};
use store::{PgConnection, decisions::DecisionKind};

/// Decides what becomes of a payment's commission. The payment is one that [`super::payment`] found.
///
/// # Errors
/// Those of the database.
pub async fn rule(
    connection: &mut PgConnection,
    outbox: Outbox<'_>,
    (realm, payment): (Realm, Key),
    ruling: Ruling,
    audit: Audit,
) -> Result<Decided, Error> {
    let what = match ruling {
        Ruling::Hold => "held",
        Ruling::Release => "released",
        Ruling::Reject => "rejected",
    };
    let verdict = Verdict { payment: payment.clone(), ruling, audit: audit.clone() };
    let subject = (DecisionKind::Verdict, payment, what.to_owned());
    let command = |id, accepted_at| Command::Verdict { id, accepted_at, verdict };
    decide(connection, outbox, realm, subject, audit, command).await
}
