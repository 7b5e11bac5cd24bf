//! What is wrong with a deployment, as far as it can be seen from inside, each with what to mend.

mod endpoint;
mod queue;

pub use endpoint::{AtStripe, Reached, endpoints};
pub use queue::{broker, queue, workers};

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::Realm;
use serde::Serialize;
use store::doctor::{self as figures, Received};
use store::schema::{self as schemas, Schema};
use store::{PgConnection, StoreError, program_rules};

/// Stripe's signatures are refused when clocks are five minutes apart; a minute is on the way there.
const SKEW: TimeDelta = TimeDelta::seconds(60);

/// The oldest API version whose payloads are tried with each change.
const OLDEST_VERSION: &str = "2020-08-27";

/// Events of which one tells a payment.
const PAYMENTS: [&str; 4] =
    ["invoice.paid", "checkout.session.completed", "payment_intent.succeeded", "charge.succeeded"];

/// Events that say what went back.
const REFUNDS: [&str; 3] = ["refund.created", "refund.updated", "charge.refunded"];

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// As it should be.
    Ok,
    /// Something is lost, or will be.
    Warning,
    /// Nothing works before it is mended.
    Failure,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    /// Of which project and mode, when it is not the deployment's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<Realm>,
    /// How it came out.
    pub health: Health,
    /// What was seen.
    pub says: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

/// What Stripe says to a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Nobody asked: nothing is found of it.
    Unasked,
    /// There is none: why, and what to do.
    Absent(String),
    /// It reads all that it should, but for these, each with Stripe's words.
    Present(Vec<(String, String)>),
}

/// Looks at what is the whole deployment's: its schema, its clocks, and, where the schema is this program's, its queue.
///
/// # Errors
/// [`StoreError`]
pub async fn of_deployment(
    connection: &mut PgConnection,
    now: DateTime<Utc>,
) -> Result<(Schema, Vec<Finding>), StoreError> {
    let found = schemas::compare(connection).await?;
    let mut findings = vec![schema(found), clocks(now, figures::clock(connection).await?)];
    if found == Schema::Current {
        findings.push(queue(figures::oldest_due(connection).await?));
    }
    Ok((found, findings))
}

/// Looks at one project and mode, as far as the database tells of it.
///
/// # Errors
/// [`StoreError`]
pub async fn of_one(connection: &mut PgConnection, of: Realm) -> Result<Vec<Finding>, StoreError> {
    let mut findings = vec![rules(of, program_rules::list(connection, of.project).await?.len())];
    findings.extend(realm(of, &figures::received(connection, of).await?, &KeyState::Unasked));
    Ok(findings)
}

/// The deployment's schema.
#[must_use]
pub fn schema(schema: Schema) -> Finding {
    let finding = |health, says: &str, mend: Option<&str>| whole("schema", health, says.to_owned(), mend);
    match schema {
        Schema::Current => finding(Health::Ok, "the database has this version's tables", None),
        Schema::Behind => finding(Health::Failure, "migrations are missing", Some("run `tributary migrate`")),
        Schema::Ahead => finding(
            Health::Failure,
            "a newer tributary migrated the database",
            Some("use that version everywhere"),
        ),
    }
}

/// The clocks of this machine and the database.
#[must_use]
pub fn clocks(here: DateTime<Utc>, database: DateTime<Utc>) -> Finding {
    let apart = (here - database).abs();
    if apart < SKEW {
        return whole("clock", Health::Ok, "this machine and the database agree".to_owned(), None);
    }
    let says = format!("this machine and the database are {} s apart", apart.num_seconds());
    whole("clock", Health::Failure, says, Some("let NTP set both: Stripe's signatures hold for five minutes"))
}

/// A project without rules earns nobody anything.
#[must_use]
pub fn rules(of: Realm, versions: usize) -> Finding {
    let project = of.project;
    if versions == 0 {
        let mend = format!("tributary project update {project} --commission 20%");
        return of_realm("rules", of, Health::Failure, "the project has no rules".to_owned(), Some(mend));
    }
    let says = count(i64::try_from(versions).unwrap_or(i64::MAX), "version", "versions");
    of_realm("rules", of, Health::Ok, says, None)
}

/// A project and mode, from what it has received and what its key may read.
#[must_use]
pub fn realm(of: Realm, received: &Received, key: &KeyState) -> Vec<Finding> {
    let mut found = vec![secret(of, received)];
    found.extend(key_findings(of, key));
    if received.secrets > 0 {
        found.extend(types(of, received));
    }
    found.extend(losses(of, received));
    found
}

fn secret(of: Realm, received: &Received) -> Finding {
    let Realm { project, mode } = of;
    if received.secrets == 0 {
        let mend =
            format!("tributary project update {project} --mode {mode} --stripe-webhook-secret whsec_…");
        return of_realm(
            "webhook secret",
            of,
            Health::Failure,
            "no webhook is accepted".to_owned(),
            Some(mend),
        );
    }
    if received.other_mode > 0 {
        let events = count(received.other_mode, "event", "events");
        let says = format!("{events} of the other mode came with a secret of this one");
        let mend = "give each mode the secret of its own endpoint at Stripe".to_owned();
        return of_realm("webhook secret", of, Health::Failure, says, Some(mend));
    }
    if let Some(refused) = received.refused {
        let webhooks = count(refused.count, "webhook was", "webhooks were");
        let says = format!(
            "{webhooks} refused in a week, the last at {}: no secret of the project proves them",
            refused.last_at.format("%Y-%m-%d %H:%M UTC")
        );
        let mend = format!(
            "compare the endpoint's whsec_… at Stripe with the project's, and add it: tributary project update {project} --mode \
             {mode} --stripe-webhook-secret whsec_…"
        );
        return of_realm("webhook secret", of, Health::Warning, says, Some(mend));
    }
    of_realm("webhook secret", of, Health::Ok, format!("{} valid", received.secrets), None)
}

fn key_findings(of: Realm, key: &KeyState) -> Vec<Finding> {
    match key {
        KeyState::Unasked => Vec::new(),
        KeyState::Absent(why) => {
            vec![of_realm(
                "stripe key",
                of,
                Health::Warning,
                "nothing can be fetched".to_owned(),
                Some(why.clone()),
            )]
        }
        KeyState::Present(refused) if refused.is_empty() => {
            vec![of_realm("stripe key", of, Health::Ok, "it reads all that is needed".to_owned(), None)]
        }
        KeyState::Present(refused) => {
            let refusal = |(what, words): &(String, String)| {
                let mend = format!("give the key the right to read {what}, at Stripe");
                of_realm("stripe key", of, Health::Warning, format!("{what}: {words}"), Some(mend))
            };
            refused.iter().map(refusal).collect()
        }
    }
}

/// Whether the types come without which something is lost.
fn types(of: Realm, received: &Received) -> Vec<Finding> {
    let comes = |wanted: &[&str]| {
        received.types.iter().any(|(name, _)| wanted.contains(&name.trim_start_matches("v1.")))
    };
    let absent = |check, what: &str, wanted: &[&str]| {
        let mend = format!("let the endpoint at Stripe send {} (docs/STRIPE.md)", wanted.join(", "));
        of_realm(check, of, Health::Warning, format!("no event of the last 30 days tells {what}"), Some(mend))
    };
    let mut found = Vec::new();
    if !comes(&PAYMENTS) {
        found.push(absent("payments", "a payment", &PAYMENTS));
    } else if !comes(&REFUNDS) {
        found.push(absent("refunds", "a refund", &REFUNDS));
    }
    if !received.types.is_empty() {
        let thin = received.types.iter().any(|(name, _)| name.starts_with("v1."));
        let form = if thin { "thin ones among them" } else { "all of them snapshots" };
        let says = format!(
            "{} of events in 30 days, {form}; API {}",
            count(i64::try_from(received.types.len()).unwrap_or(i64::MAX), "type", "types"),
            match received.versions.as_slice() {
                [] => "versions are not told".to_owned(),
                [one] => format!("version {one}"),
                several => format!("versions {}", several.join(", ")),
            }
        );
        found.push(of_realm("events", of, Health::Ok, says, None));
        let old = |version: &&String| version.as_str() < OLDEST_VERSION;
        if let Some(old) = received.versions.iter().find(old) {
            let says =
                format!("events come in API version {old}; the oldest that is tried is {OLDEST_VERSION}");
            let mend = format!(
                "make the endpoint anew, which cannot change its version: delete it at Stripe, then tributary project \
                 connect-stripe {} --mode {}",
                of.project, of.mode
            );
            found.push(of_realm("api version", of, Health::Warning, says, Some(mend)));
        }
    }
    found
}

fn losses(of: Realm, received: &Received) -> Vec<Finding> {
    let Realm { project, mode } = of;
    let warning = |check, says: String, mend: String| of_realm(check, of, Health::Warning, says, Some(mend));
    let mut found = Vec::new();
    if received.thin_waiting > 0 {
        let mend = received.thin_reason.clone().unwrap_or_default();
        let says = count(received.thin_waiting, "thin event waits", "thin events wait");
        found.push(warning("thin events", says, mend));
    }
    if !received.unknown_codes.is_empty() {
        let codes: Vec<String> =
            received.unknown_codes.iter().map(|(code, count)| format!("{code} ({count})")).collect();
        let mend = "enter them as codes or coupons of an affiliate, if they are somebody's".to_owned();
        found.push(warning("codes", format!("nobody has {}", codes.join(", ")), mend));
    }
    if received.dead_letters > 0 {
        let mend = "tributary dead-letters list".to_owned();
        found.push(warning("dead letters", count(received.dead_letters, "is open", "are open"), mend));
    }
    if let Some(missing) = received.missing.filter(|missing| *missing > 0) {
        let mend = "see at Stripe whether the endpoint is reached; what was missing is settled".to_owned();
        found.push(warning("reconciling", count(missing, "event had not come", "events had not come"), mend));
    }
    if let Some(since) = received.backfill_since {
        let says = format!("the reading of history that began at {} is not finished", since.date_naive());
        let mend = format!("run `tributary backfill --project {project} --mode {mode}` again");
        found.push(warning("history", says, mend));
    }
    found
}

/// A number and what it counts.
fn count(number: i64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn whole(check: &'static str, health: Health, says: String, mend: Option<&str>) -> Finding {
    Finding { check, of: None, health, says, mend: mend.map(str::to_owned) }
}

fn of_realm(check: &'static str, of: Realm, health: Health, says: String, mend: Option<String>) -> Finding {
    Finding { check, of: Some(of), health, says, mend }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::ids::{Mode, ProjectId};
    use store::refused_webhooks::Refused;

    const OF: Realm = Realm { project: ProjectId(1), mode: Mode::Live };

    fn now() -> DateTime<Utc> {
        "2026-11-26T12:00:00Z".parse().unwrap()
    }

    fn well() -> Received {
        let types = ["invoice.paid", "refund.created"].map(|name| (name.to_owned(), now()));
        Received {
            secrets: 1,
            types: types.into(),
            versions: vec!["2026-03-25.dahlia".to_owned()],
            ..Received::default()
        }
    }

    fn key() -> KeyState {
        KeyState::Present(Vec::new())
    }

    /// The checks that did not come out well.
    fn wrong(received: &Received, key: &KeyState) -> Vec<&'static str> {
        let found = realm(OF, received, key).into_iter().filter(|finding| finding.health != Health::Ok);
        found
            .map(|finding| {
                assert!(
                    finding.mend.is_some_and(|mend| !mend.is_empty()),
                    "{} says what to do",
                    finding.check
                );
                finding.check
            })
            .collect()
    }

    #[test]
    fn a_deployment_that_is_well_has_nothing_to_mend() {
        assert_eq!(wrong(&well(), &key()), [""; 0]);
        assert_eq!(schema(Schema::Current).health, Health::Ok);
        assert_eq!(clocks(now(), now() + TimeDelta::seconds(2)).health, Health::Ok);
        assert_eq!((rules(OF, 1).says.as_str(), rules(OF, 2).says.as_str()), ("1 version", "2 versions"));
    }

    #[test]
    fn each_of_these_is_named_alone() {
        let absent = KeyState::Absent("project update".to_owned());
        let refused = KeyState::Present(vec![("refunds".to_owned(), "may not".to_owned())]);
        assert_eq!(wrong(&well(), &absent), ["stripe key"]);
        assert_eq!(wrong(&well(), &refused), ["stripe key"]);
        let refused = Refused { project: OF.project, count: 4, last_at: now() };
        let cases: [(Received, &str); 10] = [
            (Received { refused: Some(refused), ..well() }, "webhook secret"),
            (Received { versions: vec!["2019-02-19".to_owned()], ..well() }, "api version"),
            (Received { secrets: 0, ..well() }, "webhook secret"),
            (Received { other_mode: 2, ..well() }, "webhook secret"),
            (Received { types: Vec::new(), ..well() }, "payments"),
            (Received { types: vec![("v1.invoice.paid".to_owned(), now())], ..well() }, "refunds"),
            (Received { unknown_codes: vec![("SUMMER".to_owned(), 4)], ..well() }, "codes"),
            (Received { dead_letters: 1, ..well() }, "dead letters"),
            (Received { missing: Some(3), ..well() }, "reconciling"),
            (Received { backfill_since: Some(now()), ..well() }, "history"),
        ];
        for (received, check) in cases {
            assert_eq!(wrong(&received, &key()), [check]);
        }
        let thin = Received { thin_waiting: 5, thin_reason: Some("no key".to_owned()), ..well() };
        assert_eq!(wrong(&thin, &key()), ["thin events"]);
    }

    #[test]
    fn what_stops_all_of_it_is_a_failure() {
        assert_eq!(schema(Schema::Behind).health, Health::Failure);
        assert_eq!(schema(Schema::Ahead).health, Health::Failure);
        assert_eq!(clocks(now(), now() - TimeDelta::minutes(4)).health, Health::Failure);
        assert_eq!(rules(OF, 0).health, Health::Failure);
    }
}
