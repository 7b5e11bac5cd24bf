//! A large history, quickly: some customers are settled as events are, and the database copies them.

use super::workload::CODE;
use app::projects::{self, Created, NewProject};
use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use common::intake::{self, ReadEvent};
use domain::{
    fact::{SessionMode, SessionPaymentStatus},
    ids::{Mode, ProjectId, Realm},
    money::BasisPoints,
    rules::{Commission, Rules},
};
use indicatif::ProgressBar;
use queue::envelope::Source;
use serde::Serialize;
use serde_json::Value;
use std::{fmt, time::Instant};
use store::{
    Connection, PgConnection, PgPool,
    affiliates::{self, NewAffiliate},
    copies::{self, Template},
    databases, notifications,
    settlement::{self, InboxEvent, Item},
};
use stripe::metadata::MetadataKeys;
use stripe::sample::{Sample, Version};

/// Customers that are settled for the copies to be made of.
const TEMPLATE: u64 = 100;
/// Payments that one transaction copies.
const CHUNK: u64 = 20_000;

/// How much.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Size {
    /// Customers, rounded up to whole hundreds
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..=500_000_000))]
    pub(crate) customers: u64,
    /// Payments of each of them, a month apart
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1_000))]
    pub(crate) payments: u64,
}

impl Size {
    fn copies(self) -> u32 {
        u32::try_from(self.customers.div_ceil(TEMPLATE)).unwrap_or(copies::MOST)
    }
}

/// What was made.
#[derive(Debug, Serialize)]
pub(crate) struct Seeded {
    project_id: ProjectId,
    mode: Mode,
    api_key: String,
    webhook_path: String,
    customers: u64,
    payments: u64,
    rows: u64,
    /// Of the whole database.
    database_bytes: i64,
    seconds: f64,
}

/// Makes a project with its history, in chunks that are committed one after the other.
pub(crate) async fn fill(pool: &PgPool, size: Size, progress: &ProgressBar) -> anyhow::Result<Seeded> {
    let began = Instant::now();
    let mut connection = pool.acquire().await?;
    let copies = size.copies();
    progress.set_length(u64::from(copies) * TEMPLATE * size.payments);
    progress.set_message("payments");
    let (created, template) = template(&mut connection, size).await?;
    progress.set_position(TEMPLATE * size.payments);
    let chunk = u32::try_from(CHUNK / (TEMPLATE * size.payments)).unwrap_or(1).max(1);
    let (mut rows, mut done) = (0, 0);
    // The template is one of them.
    while done + 1 < copies {
        let last = (done + chunk).min(copies - 1);
        let mut transaction = connection.begin().await?;
        rows += template.copy(&mut transaction, done + 1, last).await?;
        transaction.commit().await?;
        done = last;
        progress.set_position(u64::from(done + 1) * TEMPLATE * size.payments);
    }
    template.finish(&mut connection).await?;
    Ok(Seeded {
        project_id: created.project_id,
        mode: created.mode,
        api_key: created.api_key,
        webhook_path: created.webhook_path,
        customers: u64::from(copies) * TEMPLATE,
        payments: u64::from(copies) * TEMPLATE * size.payments,
        rows,
        database_bytes: databases::size(&mut connection).await?,
        seconds: began.elapsed().as_secs_f64(),
    })
}

/// Settles the template as a worker would, a customer at a time.
async fn template(connection: &mut PgConnection, size: Size) -> anyhow::Result<(Created, Template)> {
    let mut transaction = connection.begin().await?;
    notifications::keep_quiet(&mut transaction).await?;
    let new = NewProject {
        name: "Seeded by tributary bench",
        rules: &Rules::of(Commission::Percent { basis_points: BasisPoints(2_000) }),
        mode: Mode::Test,
        webhook_secret: None,
        landing_url: None,
    };
    let created = projects::create(&mut transaction, new).await?;
    let realm = Realm { project: created.project_id, mode: created.mode };
    let affiliate = NewAffiliate::named("bench@affiliate.example", CODE);
    affiliates::create(&mut transaction, realm, &affiliate).await?;
    let begins = Utc::now() - TimeDelta::days(30) * i32::try_from(size.payments).unwrap_or(i32::MAX);
    let keys = MetadataKeys::default();
    for customer in 0..TEMPLATE {
        let items = (0..=size.payments)
            .map(|number| {
                let body = if number == 0 {
                    checkout(customer, begins)
                } else {
                    invoice(customer, number - 1, begins)
                };
                let told = intake::read(Source::Stripe, body.as_bytes(), realm, Utc::now(), &keys)?;
                Ok(item(realm, told, body))
            })
            .collect::<anyhow::Result<Vec<Item>>>()?;
        settlement::settle_batch(&mut transaction, &items).await?;
    }
    let template = Template::of(&mut transaction, created.project_id).await?;
    transaction.commit().await?;
    Ok((created, template))
}

fn item(realm: Realm, told: ReadEvent, body: String) -> Item {
    let event = InboxEvent {
        account: told.account,
        event_id: told.event_id,
        source: Source::Stripe.as_str(),
        event_type: told.event_type,
        api_version: told.api_version,
        occurred_at: told.occurred_at,
        received_at: Utc::now(),
        ignored: told.ignored,
        traceparent: None,
        body: body.into(),
    };
    Item { realm, event, facts: told.facts }
}

/// The checkout that begins the subscription; every fourth customer came by the affiliate's link.
fn checkout(customer: u64, begins: DateTime<Utc>) -> String {
    let body = sample(customer, 0, begins)
        .checkout_session_completed(SessionMode::Subscription, SessionPaymentStatus::Paid);
    marked(body, customer, "checkout")
}

fn invoice(customer: u64, payment: u64, begins: DateTime<Utc>) -> String {
    let body = sample(customer, payment, begins).invoice_paid();
    marked(body, customer, &format!("paid{payment}"))
}

/// Every id and address in it carries the template's mark.
fn sample(customer: u64, payment: u64, begins: DateTime<Utc>) -> Sample {
    let name = format!("{}{customer}", copies::mark(0));
    let first = begins + TimeDelta::seconds(i64::try_from(customer).unwrap_or_default());
    let mut sample = Sample::new(customer, Version::Dahlia, first);
    sample.at = first + TimeDelta::days(30) * i32::try_from(payment).unwrap_or(i32::MAX);
    sample.customer = Some(format!("cus_{name}"));
    sample.email = format!("{name}@example.com");
    sample.subscription = format!("sub_{name}");
    sample.session = format!("cs_test_{name}");
    sample.invoice = format!("in_{name}p{payment}");
    sample.payment_intent = format!("pi_{name}p{payment}");
    sample.charge = format!("ch_{name}p{payment}");
    sample.subtotal = 1_900 + i64::try_from(customer * 70).unwrap_or_default();
    if payment > 0 {
        "subscription_cycle".clone_into(&mut sample.billing_reason);
    }
    if customer.is_multiple_of(4) {
        sample.client_reference_id = Some(CODE.to_owned());
        sample.subscription_metadata = vec![("referral_code".to_owned(), CODE.to_owned())];
    }
    sample
}

/// The same body under an event's id that carries the mark.
fn marked(body: String, customer: u64, what: &str) -> String {
    let id =
        serde_json::from_str::<Value>(&body).ok().and_then(|event| Some(event["id"].as_str()?.to_owned()));
    match id {
        Some(id) => body.replace(&id, &format!("evt_{}{customer}{what}", copies::mark(0))),
        None => body,
    }
}

impl fmt::Display for Seeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { project_id, customers, payments, rows, database_bytes, seconds, .. } = self;
        writeln!(f, "Project {project_id} has {customers} customers and {payments} payments now.")?;
        writeln!(
            f,
            "{rows} rows were copied in {seconds:.0} s; the database has {} MiB.",
            database_bytes / 1_048_576
        )?;
        writeln!(f, "API key       {}", self.api_key)?;
        write!(f, "Webhook path  {}", self.webhook_path)
    }
}
