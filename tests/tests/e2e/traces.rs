//! A webhook's way as a collector of traces gets it, from processes of their own.

use anyhow::{Context, Result, ensure};
use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use chrono::Utc;
use cli::demo::programme::WEBHOOK_SECRET;
use domain::fact::{SessionMode, SessionPaymentStatus};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::{Span, span::Link};
use prost::Message;
use serde_json::json;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use stripe::sample::{Sample, Version};
use stripe::signature;
use tests::deployment::{self, Deployment};
use tests::launch::Launch;
use tests::receiver::{Manner, Receiver};
use tests::stores::Backend;
use tests::wait::until;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The trace that the caller of the webhook is in, and its span there.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

/// Takes what is exported.
struct Collector {
    url: String,
    taken: Arc<Mutex<Vec<Bytes>>>,
    task: JoinHandle<()>,
}

impl Collector {
    async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let taken: Arc<Mutex<Vec<Bytes>>> = Arc::default();
        let take = async |State(taken): State<Arc<Mutex<Vec<Bytes>>>>, body: Bytes| {
            taken.lock().unwrap_or_else(PoisonError::into_inner).push(body);
            StatusCode::OK
        };
        let router = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&taken));
        let task = tokio::spawn(async move {
            // It ends with the test.
            drop(axum::serve(listener, router).await);
        });
        Ok(Self { url, taken, task })
    }

    fn bodies(&self) -> Vec<Bytes> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Each span, with the name of the service that made it.
    fn spans(&self) -> Result<Vec<(String, Span)>> {
        let mut spans = Vec::new();
        for body in self.bodies() {
            for of_service in ExportTraceServiceRequest::decode(body)?.resource_spans {
                let resource = of_service.resource.context("no resource")?;
                let name = resource.attributes.into_iter().find(|one| one.key == "service.name");
                let name = format!("{:?}", name.context("no name")?.value);
                let of_scope = of_service.scope_spans.into_iter().flat_map(|scope| scope.spans);
                spans.extend(of_scope.map(|span| (name.clone(), span)));
            }
        }
        Ok(spans)
    }

    /// The first span of a name, when there is one, from a service.
    fn span(&self, name: &str, service: &str) -> Result<Span> {
        let found = self.spans()?.into_iter().find(|(by, span)| span.name == name && by.contains(service));
        Ok(found.with_context(|| format!("no span {name} of {service}"))?.1)
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A program that tells a collector soon.
fn traced(program: &str, deployment: &Deployment, collector: &str) -> Result<Launch> {
    let launch = Launch::of(program, deployment)?.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector);
    Ok(launch.env("OTEL_BSP_SCHEDULE_DELAY", "50").env("NOTIFY_ALLOW_NETWORKS", "127.0.0.0/8"))
}

async fn the_way_of_a_webhook(backend: Backend) -> Result<()> {
    deployment::on(backend, async |deployment| {
        let collector = Collector::start().await?;
        let (api, api_process) = traced("tributary-api", deployment, &collector.url)?.serve().await?;
        let worker = traced("tributary-worker", deployment, &collector.url)?.start()?;
        let entered = deployment.programme().await?;
        let receiver = Receiver::start(Manner::Takes, 1).await?;
        let http = tests::stripe::client()?;
        let endpoint = json!({"url": receiver.url(), "events": ["*"]});
        let made = http.post(format!("http://{api}/api/v1/webhook-endpoints")).bearer_auth(&entered.api_key);
        made.json(&endpoint).send().await?.error_for_status()?;

        let sale = Sample {
            client_reference_id: Some("ANNA".to_owned()),
            name: "Zoë Müller".to_owned(),
            ..Sample::new(1, Version::Dahlia, Utc::now())
        };
        let session = sale.checkout_session_completed(SessionMode::Subscription, SessionPaymentStatus::Paid);
        for body in [session, sale.invoice_paid()] {
            let signed = signature::sign(WEBHOOK_SECRET, Utc::now(), body.as_bytes());
            let path = format!("http://{api}/webhooks/stripe/{}", entered.realm.project);
            let request = http.post(path).header("stripe-signature", signed);
            let request = request.header("traceparent", format!("00-{TRACE}-{CALLER}-01"));
            request.body(body).send().await?.error_for_status()?;
        }

        let (webhook, publish, settle, notify) = until("the whole way is told", async || {
            let webhook = collector.span("webhook", "tributary-api")?;
            let publish = collector.span("publish", "tributary-api")?;
            let settle = collector.spans()?.into_iter().map(|(_, span)| span).find(|span| {
                let of_publish = |link: &Link| link.span_id == publish.span_id;
                span.name == "settle" && span.links.iter().any(of_publish)
            });
            let settle = settle.context("nothing was settled of it")?;
            let notify = collector.span("notify", "tributary-worker")?;
            Ok((webhook, publish, settle, notify))
        })
        .await?;
        ensure!(
            (hex::encode(&webhook.trace_id), hex::encode(&webhook.parent_span_id))
                == (TRACE.to_owned(), CALLER.to_owned())
        );
        ensure!((&publish.trace_id, &publish.parent_span_id) == (&webhook.trace_id, &webhook.span_id));
        ensure!(settle.trace_id != webhook.trace_id && settle.parent_span_id.is_empty(), "{settle:?}");
        let batches = collector.spans()?;
        let mut settled = batches.iter().filter(|(_, span)| span.name == "settle");
        let of_batch = settled.find(|(_, batch)| {
            (&notify.trace_id, &notify.parent_span_id) == (&batch.trace_id, &batch.span_id)
        });
        ensure!(of_batch.is_some(), "{notify:?}");

        for name in ["Zoë", "example.com", WEBHOOK_SECRET, &entered.api_key] {
            let told = |body: &Bytes| body.windows(name.len()).any(|part| part == name.as_bytes());
            ensure!(!collector.bodies().iter().any(told), "{name} is told to the collector");
        }
        ensure!(api_process.stop().await?.success() && worker.stop().await?.success());
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_of_a_webhook_is_told_over_postgres() -> Result<()> {
    the_way_of_a_webhook(Backend::Postgres).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_of_a_webhook_is_told_over_rabbitmq() -> Result<()> {
    the_way_of_a_webhook(Backend::RabbitMq).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_hangs_holds_up_nobody() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        // It takes connections and never answers.
        let silent = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", silent.local_addr()?);
        let (api, api_process) = traced("tributary-api", deployment, &url)?.serve().await?;
        let worker = traced("tributary-worker", deployment, &url)?.start()?;
        let entered = deployment.programme().await?;
        let http = tests::stripe::client()?;
        for n in 1..=20 {
            let body = Sample::new(n, Version::Dahlia, Utc::now()).customer_created();
            tests::stripe::post(&http, api, &entered, &body).await?.error_for_status()?;
        }
        deployment.settled(entered.realm, 20).await?;
        for mut process in [api_process, worker] {
            process.terminate().await?;
            ensure!(process.ended(Duration::from_secs(10)).await?.success());
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_address_of_a_collector_that_is_none_is_said() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let launch = Launch::of("tributary-worker", deployment)?;
        let (status, said) = launch.env("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4317").said().await?;
        ensure!(!status.success() && said.contains("OTEL_EXPORTER_OTLP_ENDPOINT"), "{said}");
        Ok(())
    })
    .await
}
