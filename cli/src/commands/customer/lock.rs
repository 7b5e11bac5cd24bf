//! `tributary customer lock`

use super::known;
use crate::{
    commands::decision::DecisionArgs,
    context::{self, Context},
};
use anyhow::{Context as _, bail};
use chrono::Utc;
use clap::Args;
use domain::{
    command::Command,
    decision::{Lock, LockedTo},
    ids::{AffiliateId, Realm},
};
use store::{
    PgConnection, affiliates,
    decisions::{DecisionKind, NewDecision},
    registrations::{self, AffiliateName},
};

/// Options of `customer lock`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct LockArgs {
    /// The customer, by Stripe's id, by address (then everybody who has it), or by your own id
    #[arg(value_name = "cus_…|EMAIL|ID")]
    customer: String,
    /// Whom to: an affiliate, or that nobody earns
    #[arg(long, value_name = "ID|EMAIL|none")]
    affiliate: String,
    #[command(flatten)]
    decision: DecisionArgs,
}

const EXAMPLES: &str = "\
Examples:
  tributary customer lock cus_OzX4k2Q --project 1 --affiliate 7 --reason 'agreed by mail on 3 May'
  tributary customer lock nora@example.com --project 1 --affiliate none --reason 'our own staff' --wait

All payments of the customer are judged again, those of the past as well. A lock goes before everything else;
the latest one on a customer stands.";

/// Locks one.
pub(super) async fn run(args: &LockArgs, context: &Context) -> anyhow::Result<()> {
    let pool = context.database().await?;
    let mut connection = pool.acquire().await?;
    context::project(&mut connection, args.decision.project()).await?;
    let (realm, customer, note) = match known(&args.decision, &mut connection, &args.customer).await? {
        Ok((realm, customer)) => (realm, customer, None),
        Err(named) => {
            let note = format!("Nothing is known of {named} yet: the lock waits for them.");
            (args.decision.realm_of_the_unknown(&named)?, named, Some(note))
        }
    };
    let to = whom(&mut connection, realm, &args.affiliate).await?;
    drop(connection);
    let decided = match to.affiliate() {
        Some(id) => format!("locked to affiliate {id}"),
        None => "locked to nobody".to_owned(),
    };
    let word = args.decision.word(Utc::now())?;
    let new = NewDecision { kind: DecisionKind::Lock, subject: &customer, decided: &decided, word: &word };
    let lock = Lock { customer: customer.clone(), to, word: word.clone() };
    let command = |id, accepted_at| Command::Lock { id, accepted_at, lock };
    args.decision.decide(context, &pool, realm, new, note, command).await
}

async fn whom(connection: &mut PgConnection, realm: Realm, named: &str) -> anyhow::Result<LockedTo> {
    let named = named.trim();
    if named.eq_ignore_ascii_case("none") {
        return Ok(LockedTo::Nobody);
    }
    let found = if let Ok(id) = named.parse() {
        let by_id = AffiliateName::Id(AffiliateId(id));
        registrations::find_affiliate(connection, realm, &by_id).await?.map(|affiliate| affiliate.id)
    } else if named.contains('@') {
        affiliates::find_by_email(connection, realm, named).await?.map(|affiliate| affiliate.id)
    } else {
        bail!("--affiliate is an id, an address or none, not {named:?}")
    };
    let id = found.with_context(|| {
        format!("project {} has no affiliate {named} in {} mode, or closed it", realm.project, realm.mode)
    })?;
    Ok(LockedTo::Affiliate(id))
}
