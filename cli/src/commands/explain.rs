//! `tributary explain`

use crate::{context::Context, output};
use anyhow::ensure;
use clap::Args;
use common::{
    domain::{
        ids::{ConversionId, Mode, ProjectId},
        money::{Currency, Money},
        settle::{Bind, Explanation},
    },
    store::overview::{self, Overview},
};
use serde::Serialize;
use std::fmt::{self, Formatter};

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
}

const EXAMPLES: &str = "\
Examples:
  tributary explain in_1NqX3F2eZvKYlo2C     one payment: who was considered, who won and why, the arithmetic
  tributary explain pi_3MtwBwLkdIwHu7ix     the same payment, by another of its ids
  tributary explain order-4711              a conversion, by your own reference
  tributary explain cus_OzX4k2Q             every payment of a customer
  tributary explain nora@example.com        the same, by address
  tributary explain 42                      a conversion, by its number";

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
    ensure!(!found.is_empty(), "nothing is known of {subject:?}");
    context.print(&Stories(found.into_iter().map(Story::from).collect()))
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

impl fmt::Display for Story {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { conversion_id, project_id, mode, payment, status, occurred_at, .. } = self;
        writeln!(f, "{payment}  {status}")?;
        writeln!(f, "  conversion {conversion_id} of project {project_id} in {mode} mode, {occurred_at}")?;
        writeln!(f, "  customer   {}", self.customer.as_deref().unwrap_or("a guest"))?;
        writeln!(f, "  affiliate  {}", self.affiliate.as_deref().unwrap_or("nobody"))?;
        if let Some(reason) = &self.reason {
            writeln!(f, "  reason     {reason}")?;
        }
        let Some(Explanation { candidates, decision, rules, arithmetic }) = &self.explanation else {
            return Ok(());
        };
        writeln!(f, "  decision   {decision}")?;
        for candidate in candidates {
            let (method, object) = (candidate.method.in_words(), &candidate.evidence.object);
            writeln!(f, "  candidate  {method} {:?} on {object}: {}", candidate.value, candidate.verdict)?;
        }
        for rule in rules {
            writeln!(f, "  rule       {rule}")?;
        }
        for line in arithmetic {
            writeln!(f, "  {:<10} {:>14}  {}", line.what, self.money(line.minor), line.how)?;
        }
        Ok(())
    }
}
