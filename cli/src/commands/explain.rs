//! `tributary explain`

use crate::{context::Context, output};
use anyhow::{bail, ensure};
use clap::Args;
use domain::{
    fact::Fact,
    ids::{ConversionId, Mode, ProjectId, Realm},
    money::{Currency, Money},
    settle::{Bind, CandidateStory, Explanation},
};
use serde::Serialize;
use std::fmt::{self, Formatter};
use store::{
    PgConnection, StoreError,
    overview::{self, Overview},
    thin_events::{self, WaitingEvent},
};
use webconsole::picture;

/// Options of `explain`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ExplainArgs {
    /// A payment by any of its ids (in_…, pi_…, ch_…, cs_…, your own reference), a customer (cus_…, an e-mail address, your
    /// own id), or a conversion's number
    #[arg(value_name = "cus_…|in_…|ID")]
    subject: String,
    /// Look in this project only
    #[arg(long, value_name = "ID")]
    project: Option<i64>,
    /// As a picture (SVG), of one payment
    #[arg(long, conflicts_with = "json")]
    svg: bool,
}

const EXAMPLES: &str = "\
Examples:
  tributary explain in_1NqX3F2eZvKYlo2C     one payment: who was considered, who won and why, the arithmetic
  tributary explain pi_3MtwBwLkdIwHu7ix     the same payment, by another of its ids
  tributary explain order-4711              a conversion, by your own reference
  tributary explain cus_OzX4k2Q             every payment of a customer
  tributary explain nora@example.com        the same, by address
  tributary explain re_3MtwBwLkdIwHu7ix     the payment of a refund, or that the refund waits for it
  tributary explain 42                      a conversion, by its number
  tributary explain in_1NqX3F2eZvKYlo2C --svg > payment.svg";

#[derive(Serialize)]
#[serde(transparent)]
struct Stories(Vec<Story>);

#[derive(Serialize)]
struct Story {
    conversion_id: ConversionId,
    project_id: ProjectId,
    mode: Mode,
    payment: String,
    r#type: String,
    status: String,
    reason: Option<String>,
    occurred_at: String,
    customer: Option<String>,
    affiliate: Option<String>,
    currency: Currency,
    /// Minor units, as all sums here.
    base: i64,
    commission: i64,
    taken_back: i64,
    held: i64,
    attribution: Option<Bind>,
    explanation: Option<Explanation>,
}

/// Tells it.
pub(super) async fn run(args: &ExplainArgs, context: &Context) -> anyhow::Result<()> {
    let mut connection = context.database().await?.acquire().await?;
    let subject = args.subject.trim();
    let project = args.project.map(ProjectId);
    let mut found = match subject.parse() {
        Ok(id) => overview::of(&mut connection, &[ConversionId(id)]).await?,
        Err(_) => Vec::new(),
    };
    found.retain(|story| project.is_none_or(|project| story.realm.project == project));
    if found.is_empty() {
        // A reference may be a number, too.
        let ids = overview::by_name(&mut connection, project, subject).await?;
        found = overview::of(&mut connection, &ids).await?;
    }
    if args.svg {
        return drawn(&mut connection, found).await;
    }
    if !found.is_empty() {
        return context.print(&Stories(found.into_iter().map(Story::from).collect()));
    }
    let told = overview::told(&mut connection, project, subject).await?;
    let waiting = thin_events::about(&mut connection, project, subject).await?;
    ensure!(!told.is_empty() || !waiting.is_empty(), "nothing is known of {subject:?}");
    // A refund or a dispute is part of the story of its payment.
    let ids = payments_of(&mut connection, &told).await?;
    if !ids.is_empty() {
        let found = overview::of(&mut connection, &ids).await?;
        return context.print(&Stories(found.into_iter().map(Story::from).collect()));
    }
    let told = told.into_iter().map(WaitingItem::from).chain(waiting.into_iter().map(WaitingItem::from));
    context.print(&Waiting(told.collect()))
}

/// One payment as the console shows it.
async fn drawn(connection: &mut PgConnection, found: Vec<Overview>) -> anyhow::Result<()> {
    let payment = match found.as_slice() {
        [payment] => payment,
        [] => bail!("no payment has this name: without --svg it is said what is known of it"),
        several => {
            let names: Vec<&str> = several.iter().map(|one| one.payment.as_str()).collect();
            bail!("a picture is of one payment; these are {}: {}", several.len(), names.join(", "))
        }
    };
    let movements = overview::movements(connection, &[payment.id]).await?.remove(&payment.id);
    let affiliates = overview::affiliates(connection, payment.realm).await?;
    let movements = movements.unwrap_or_default();
    output::line(&picture::file(&picture::Story { payment, movements: &movements, affiliates: &affiliates }))
}

/// The payments that some facts name.
async fn payments_of(
    connection: &mut PgConnection,
    told: &[(Realm, Fact)],
) -> Result<Vec<ConversionId>, StoreError> {
    let mut payments = Vec::new();
    for (realm, fact) in told {
        for key in fact.identities.iter().filter(|key| key.names_a_payment()) {
            payments.extend(overview::payment(connection, *realm, key.as_str()).await?);
        }
    }
    payments.sort_unstable();
    payments.dedup();
    Ok(payments)
}

/// What was told of something that has become no payment.
#[derive(Serialize)]
#[serde(transparent)]
struct Waiting(Vec<WaitingItem>);

#[derive(Serialize)]
struct WaitingItem {
    project_id: ProjectId,
    mode: Mode,
    occurred_at: String,
    event: String,
    kind: &'static str,
    says: String,
}

impl From<(Realm, Fact)> for WaitingItem {
    fn from((realm, fact): (Realm, Fact)) -> Self {
        Self {
            project_id: realm.project,
            mode: realm.mode,
            occurred_at: output::time(fact.at),
            kind: fact.body.kind(),
            says: fact.in_words(),
            event: fact.event,
        }
    }
}

impl From<WaitingEvent> for WaitingItem {
    fn from(waiting: WaitingEvent) -> Self {
        let WaitingEvent { realm, event_id, event_type, object, reason, received_at, .. } = waiting;
        let object = object.map(|object| format!(" of {object}")).unwrap_or_default();
        Self {
            project_id: realm.project,
            mode: realm.mode,
            occurred_at: output::time(received_at),
            event: event_id,
            kind: "thin_event",
            says: format!("a thin event, {event_type}{object}, waits: {reason}"),
        }
    }
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "No payment has come of it yet. What was told, in order of time:")?;
        for WaitingItem { project_id, mode, occurred_at, event, says, .. } in &self.0 {
            writeln!(f, "  {occurred_at}  {says}")?;
            writeln!(f, "  {:24}  by {event}, project {project_id} in {mode} mode", "")?;
        }
        Ok(())
    }
}

impl From<Overview> for Story {
    fn from(row: Overview) -> Self {
        Self {
            conversion_id: row.id,
            project_id: row.realm.project,
            mode: row.realm.mode,
            payment: row.payment,
            r#type: row.kind,
            status: row.status,
            reason: row.reason,
            occurred_at: output::time(row.occurred_at),
            customer: row.customer.and_then(|customer| customer.email.or(customer.code)),
            affiliate: row.affiliate.and_then(|affiliate| affiliate.email),
            currency: row.base.currency,
            base: row.base.minor,
            commission: row.commission.minor,
            taken_back: row.taken_back.minor,
            held: row.held.minor,
            attribution: row.bind,
            explanation: row.explanation,
        }
    }
}

impl Story {
    fn money(&self, minor: i64) -> String {
        Money { minor, currency: self.currency }.to_string()
    }

    /// How what is owed comes about, when it is not simply what was earned.
    fn in_sum(&self) -> Option<String> {
        let less = [(self.taken_back, "taken back"), (self.held, "held")];
        let less: Vec<String> = less
            .iter()
            .filter(|(minor, _)| *minor != 0)
            .map(|(minor, what)| format!("{} {what}", self.money(*minor)))
            .collect();
        (!less.is_empty())
            .then(|| format!("{} earned, less {}", self.money(self.commission), less.join(" and ")))
    }
}

impl fmt::Display for Stories {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (n, story) in self.0.iter().enumerate() {
            if n > 0 {
                writeln!(f)?;
            }
            story.fmt(f)?;
        }
        Ok(())
    }
}

/// Whether a bind's evidence is one of the candidates.
fn told_among(candidates: &[CandidateStory], bind: &Bind) -> bool {
    candidates.iter().any(|candidate| candidate.evidence == bind.evidence)
}

impl fmt::Display for Story {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { conversion_id, project_id, mode, payment, status, occurred_at, .. } = self;
        writeln!(f, "{payment}  {status}")?;
        writeln!(f, "  conversion {conversion_id} of project {project_id} in {mode} mode, {occurred_at}")?;
        writeln!(f, "  customer   {}", self.customer.as_deref().unwrap_or("a guest"))?;
        writeln!(f, "  affiliate  {}", self.affiliate.as_deref().unwrap_or("nobody"))?;
        let decision = self.explanation.as_ref().map_or("", |told| &told.decision);
        // Where nobody earns the decision gives the reason.
        if let Some(reason) = self.reason.as_ref().filter(|reason| !decision.contains(reason.as_str())) {
            writeln!(f, "  reason     {reason}")?;
        }
        let Some(Explanation { candidates, decision, rules, arithmetic }) = &self.explanation else {
            return Ok(());
        };
        writeln!(f, "  decision   {decision}")?;
        // A bind that was made at another payment has its evidence there.
        if let Some(bind) = self.attribution.as_ref().filter(|bind| !told_among(candidates, bind)) {
            let (method, evidence, day) =
                (bind.method.in_words(), &bind.evidence, output::day(bind.bound_at));
            writeln!(f, "  bound by   {method} on {} ({}), {day}", evidence.object, evidence.event)?;
        }
        for candidate in candidates {
            let object = &candidate.evidence.object;
            let on = if object.is_empty() { String::new() } else { format!(" on {object}") };
            writeln!(f, "  candidate  {}{on}: {}", candidate.in_words(), candidate.verdict)?;
        }
        for rule in rules {
            writeln!(f, "  rule       {rule}")?;
        }
        for line in arithmetic {
            writeln!(f, "  {:<10} {:>14}  {}", line.what, self.money(line.minor), line.how)?;
        }
        let owed = self.commission.saturating_sub(self.taken_back).saturating_sub(self.held);
        match self.in_sum() {
            Some(sum) => writeln!(f, "  {:<10} {:>14}  {sum}", "owed", self.money(owed)),
            None => writeln!(f, "  {:<10} {:>14}", "owed", self.money(owed)),
        }
    }
}
