//! Misconfigurations made on purpose, each of which `tributary doctor` names, with what to mend. Clocks that are apart are tried
//! where the finding is made (`app::doctor`).

use anyhow::{Context, Result, ensure};
use app::provider_keys;
use chrono::Utc;
use domain::ids::Realm;
use domain::provider::Provider;
use queue::{
    Prefix, enqueue_all,
    envelope::{Envelope, Source},
};
use serde_json::{Value, json};
use stripe::sample::{Sample, Version};
use stripe::signature;
use tests::deployment::{self, Deployment};
use tests::fake_stripe::{Account, FakeStripe, Faults};
use tests::launch::Launch;
use tests::stores::Backend;
use tests::stripe::{client, post_signed};
use tests::wait::until;

/// What a doctor says.
struct Visit {
    findings: Vec<Value>,
    ends_well: bool,
}

impl Visit {
    /// Sees that the check named something, with these words in what was seen and in what is to be done.
    fn names(&self, check: &str, health: &str, seen: &str, mend: &str) -> Result<()> {
        let found = self.findings.iter().find(|finding| {
            finding["check"] == check
                && finding["health"] == health
                && finding["says"].as_str().is_some_and(|says| says.contains(seen))
                && finding["mend"].as_str().is_some_and(|words| words.contains(mend))
        });
        ensure!(found.is_some(), "{check}: {:#}", json!(self.findings));
        ensure!(health != "failure" || !self.ends_well, "it exits with 0");
        Ok(())
    }

    fn finds_nothing_in(&self, check: &str) -> Result<()> {
        let found =
            self.findings.iter().find(|finding| finding["check"] == check && finding["health"] != "ok");
        ensure!(found.is_none(), "{found:?}");
        Ok(())
    }
}

async fn visit(deployment: &Deployment, arguments: &[&str], settings: &[(&str, &str)]) -> Result<Visit> {
    let launch = Launch::of("tributary", deployment)?.arg("doctor").arg("--json");
    let launch = arguments.iter().fold(launch, |launch, argument| launch.arg(argument));
    let launch = settings.iter().fold(launch, |launch, (name, value)| launch.env(name, value));
    let (status, answer, said) = launch.answered().await?;
    let findings = serde_json::from_str(&answer).with_context(|| format!("{answer}{said}"))?;
    Ok(Visit { findings, ends_well: status.success() })
}

async fn with_key(deployment: &Deployment) -> Result<Realm> {
    let realm = deployment.programme().await?.realm;
    let sealer = provider_keys::sealer(None);
    let mut connection = deployment.pool.acquire().await?;
    provider_keys::keep(&mut connection, realm, Provider::Stripe, "rk_test_1", &sealer).await?;
    Ok(realm)
}

async fn settle(deployment: &Deployment, realm: Realm, bodies: &[String]) -> Result<()> {
    let queue: Prefix = deployment.prefix.parse().context("a prefix")?;
    let envelopes: Vec<Envelope> = bodies
        .iter()
        .map(|body| Envelope::new(Source::Stripe, realm, body.clone().into(), Utc::now()))
        .collect();
    let mut connection = deployment.pool.acquire().await?;
    enqueue_all(&mut connection, &queue, &envelopes.iter().collect::<Vec<_>>()).await?;
    let worker = deployment.worker();
    deployment.drained().await?;
    worker.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_tables_is_named() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let separator = if deployment.database_url.contains('?') { '&' } else { '?' };
        let empty = format!("{}{separator}options=-csearch_path%3Dnowhere", deployment.database_url);
        let visit = visit(deployment, &[], &[("DATABASE_URL", &empty)]).await?;
        visit.names("schema", "failure", "migrations are missing", "tributary migrate")
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_not_there_is_named() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        deployment.programme().await?;
        visit(deployment, &[], &[]).await?.names("worker", "failure", "no worker", "start a worker")?;
        let worker = deployment.worker();
        until("the worker is seen", async || visit(deployment, &[], &[]).await?.finds_nothing_in("worker"))
            .await?;
        worker.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_away_and_one_without_queues_are_named() -> Result<()> {
    deployment::on(Backend::RabbitMq, async |deployment| {
        let away = visit(deployment, &[], &[("AMQP_URL", "amqp://127.0.0.1:1")]).await?;
        away.names("rabbitmq", "failure", "127.0.0.1:1", "AMQP_URL")?;
        let empty = visit(deployment, &[], &[("QUEUE_PREFIX", "e2e-nobody-declared-this")]).await?;
        empty.names("rabbitmq", "failure", "e2e-nobody-declared-this.v1.events", "each declares the queues")
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_may_not_read_something_is_named() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        with_key(deployment).await?;
        let account = Account { forbidden: vec!["/v1/refunds".to_owned()], ..Account::default() };
        let fake = FakeStripe::start(account, Faults::default()).await?;
        let visit = visit(deployment, &[], &[("STRIPE_API_BASE", &fake.url)]).await?;
        visit.names("stripe key", "warning", "refunds", "the right to read refunds")
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_does_not_fit_is_named_with_how_many_webhooks_it_cost() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let entered = deployment.programme().await?;
        let (address, api) = deployment.api().await?;
        let body = Sample::new(1, Version::Dahlia, Utc::now()).invoice_paid();
        let signature = signature::sign("whsec_of_somebody_else_0123456789", Utc::now(), body.as_bytes());
        let http = client()?;
        for _ in 0..3 {
            let answer = post_signed(&http, address, &entered, body.as_bytes(), Some(&signature)).await?;
            ensure!(answer.status() == 400, "{}", answer.status());
        }
        until("they are counted", async || {
            let visit = visit(deployment, &[], &[]).await?;
            visit.names("webhook secret", "warning", "3 webhooks were refused", "--stripe-webhook-secret")
        })
        .await?;
        api.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_that_leads_elsewhere_is_named() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        deployment.programme().await?;
        let closed = visit(deployment, &["--url", "http://127.0.0.1:1"], &[]).await?;
        closed.names("endpoint", "failure", "does not lead here", "firewall")?;
        let fake = FakeStripe::start(Account::default(), Faults::default()).await?;
        let other = visit(deployment, &["--url", &fake.url], &[]).await?;
        other.names("endpoint", "failure", "something else answers", "proxy")?;
        let (address, api) = deployment.api().await?;
        let here = visit(deployment, &["--url", &format!("http://{address}")], &[]).await?;
        here.finds_nothing_in("endpoint")?;
        api.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_absent_disabled_or_incomplete_is_named() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let realm = with_key(deployment).await?;
        let (address, api) = deployment.api().await?;
        let fake = FakeStripe::start(Account::default(), Faults::default()).await?;
        let settings = [("STRIPE_API_BASE", fake.url.as_str())];
        let absent = visit(deployment, &[], &settings).await?;
        absent.names("endpoint", "warning", "no endpoint at Stripe", "connect-stripe")?;
        let url = format!("http://{address}/webhooks/stripe/{}", realm.project);
        fake.change(|account| {
            let standing =
                json!({"id": "we_1", "url": url, "status": "disabled", "enabled_events": ["invoice.paid"]});
            account.endpoints = vec![standing];
        });
        let there = visit(deployment, &[], &settings).await?;
        there.names("endpoint", "failure", "disabled the endpoint we_1", "connect-stripe")?;
        there.names("endpoint", "warning", "refund.created", "connect-stripe")?;
        fake.change(|account| {
            account.endpoints[0]["status"] = json!("enabled");
            account.endpoints[0]["enabled_events"] = json!(["*"]);
        });
        visit(deployment, &[], &settings).await?.finds_nothing_in("endpoint")?;
        api.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_matter_and_never_came_an_old_version_and_a_code_of_nobody_are_named() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let realm = deployment.programme().await?.realm;
        let sample = Sample {
            metadata: vec![("referral_code".to_owned(), "NOBODYS".to_owned())],
            ..Sample::new(1, Version::Dahlia, Utc::now())
        };
        let mut event: Value = serde_json::from_str(&sample.customer_created())?;
        event["api_version"] = json!("2019-02-19");
        event["data"]["object"]["metadata"] = json!({"referral_code": "NOBODYS"});
        settle(deployment, realm, &[event.to_string()]).await?;
        let visit = visit(deployment, &[], &[]).await?;
        visit.names("payments", "warning", "no event of the last 30 days tells a payment", "invoice.paid")?;
        visit.names("api version", "warning", "2019-02-19", "connect-stripe")?;
        visit.names("codes", "warning", "NOBODYS (1)", "enter them")
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn thin_events_that_wait_for_a_key_are_named() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let realm = deployment.programme().await?.realm;
        let thin = json!({
            "id": "evt_thin", "object": "v2.core.event", "type": "v1.invoice.paid", "livemode": false,
            "created": "2026-06-01T12:00:00.000Z", "snapshot_event": "evt_1",
            "related_object": {"id": "in_1", "type": "invoice", "url": "/v1/invoices/in_1"},
        });
        settle(deployment, realm, &[thin.to_string()]).await?;
        let visit = visit(deployment, &[], &[]).await?;
        visit.names("thin events", "warning", "1 thin event waits", "--stripe-api-key")?;
        visit.names("stripe key", "warning", "nothing can be fetched", "--stripe-api-key")
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_without_rules_and_a_mode_without_a_secret_are_named() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let realm = deployment.programme().await?.realm;
        sqlx::query("UPDATE stripe_endpoints SET revoked_at = now()").execute(&deployment.pool).await?;
        let visit = visit(deployment, &["--project", &realm.project.to_string()], &[]).await?;
        visit.names("webhook secret", "failure", "no webhook is accepted", "--stripe-webhook-secret")?;
        let one = visit.findings.iter().find(|finding| finding["check"] == "rules").context("rules")?;
        ensure!(one["says"] == "1 version", "{one}");
        Ok(())
    })
    .await
}
