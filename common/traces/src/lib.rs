//! Traces: a webhook's way through the processes, as spans for a collector that speaks OTLP (ADR 69).
//!
//! Nothing is made and nothing is sent unless [`start`] was called. A span says what was done, how long it took, for which project,
//! and nothing that a customer or a secret could be told by. What the collector does not take in time is lost; nobody waits for it.

mod collector;
mod context;

use collector::Collector;
use opentelemetry::trace::{Link, Span as _, SpanBuilder, SpanContext, SpanKind as Kind, Status, Tracer};
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SdkTracer, SdkTracerProvider, SpanLimits};
use std::sync::OnceLock;
use std::time::{Duration, SystemTime};
use tokio::runtime::Handle;

/// Where traces are sent below the collector's address.
const PATH: &str = "/v1/traces";

/// As many as a batch has messages.
const MOST_LINKS: u32 = 500;

/// What was started, once in a process.
static STARTED: OnceLock<Started> = OnceLock::new();

struct Started {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

/// Why there are no traces.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(String);

/// From now on spans are made, and sent to the collector at `endpoint`. What else is known of collectors is told by the variables
/// that all of OpenTelemetry reads: `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_TRACES_SAMPLER`,
/// `OTEL_EXPORTER_OTLP_HEADERS`. A second call changes nothing.
///
/// # Errors
/// When the address is none.
pub fn start(endpoint: &str, service: &str, runtime: Handle) -> Result<(), Unusable> {
    let address = format!("{}{PATH}", endpoint.trim().trim_end_matches('/'));
    let uri: http::Uri = address.parse().map_err(|_| Unusable("it is no address".to_owned()))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(Unusable("it begins with neither http:// nor https://".to_owned()));
    }
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Collector::new(runtime))
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(address)
        .build()
        .map_err(|error| Unusable(error.to_string()))?;
    let mut resource = Resource::builder();
    if std::env::var_os("OTEL_SERVICE_NAME").is_none_or(|name| name.is_empty()) {
        resource = resource.with_service_name(service.to_owned());
    }
    let provider = SdkTracerProvider::builder()
        .with_span_processor(BatchSpanProcessor::builder(exporter).build())
        .with_span_limits(SpanLimits { max_links_per_span: MOST_LINKS, ..SpanLimits::default() })
        .with_resource(resource.build())
        .build();
    let tracer = provider.tracer("tributary");
    // Losing a race leaves what the winner has started.
    drop(STARTED.set(Started { provider, tracer }));
    Ok(())
}

/// Sends what is left, within a time. It blocks.
pub fn stop(within: Duration) {
    if let Some(started) = STARTED.get()
        && let Err(error) = started.provider.shutdown_with_timeout(within)
    {
        tracing::debug!(%error, "the last spans were not sent");
    }
}

/// Who does something, seen from the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanKind {
    /// Somebody asked for it, and waits.
    Server,
    /// It is put on a queue.
    Producer,
    /// It was taken from a queue.
    Consumer,
    /// Somebody else is asked.
    Client,
}

/// Something that is done, until it is dropped. Nothing at all where traces are off.
#[derive(Debug, Default)]
#[must_use = "a span ends when it is dropped"]
pub struct Span(Option<opentelemetry_sdk::trace::Span>);

impl Span {
    /// One that began a while ago, as a part of what a W3C `traceparent` names; of nothing else without one.
    pub fn since(began: SystemTime, name: &'static str, kind: SpanKind, parent: Option<&str>) -> Self {
        Self::begin(parent.and_then(context::read), |builder| {
            builder.with_start_time(began).with_kind(kind.into()).with_name(name)
        })
    }

    /// One that begins now, as a part of what a `traceparent` names.
    pub fn part_of(parent: Option<&str>, name: &'static str, kind: SpanKind) -> Self {
        Self::begin(parent.and_then(context::read), |builder| builder.with_kind(kind.into()).with_name(name))
    }

    /// One that begins now and does what several others asked for.
    pub fn for_all<'a>(asked: impl Iterator<Item = &'a str>, name: &'static str, kind: SpanKind) -> Self {
        Self::begin(None, |builder| {
            let links = asked.filter_map(context::read).map(Link::with_context).collect();
            builder.with_kind(kind.into()).with_name(name).with_links(links)
        })
    }

    /// A part of it that begins now.
    pub fn part(&self, name: &'static str, kind: SpanKind) -> Self {
        let Some(span) = &self.0 else { return Self(None) };
        Self::begin(Some(span.span_context().clone()), |builder| {
            builder.with_kind(kind.into()).with_name(name)
        })
    }

    fn begin(parent: Option<SpanContext>, with: impl FnOnce(Builder) -> Builder) -> Self {
        let Some(Started { tracer, .. }) = STARTED.get() else { return Self(None) };
        let around = Context::new();
        let around = match parent {
            Some(parent) => around.with_remote_span_context(parent),
            None => around,
        };
        let Builder(builder) = with(Builder(SpanBuilder::default()));
        Self(Some(tracer.build_with_context(builder, &around)))
    }

    /// Says something of it. Neither a name nor an address of anybody, nor a secret.
    pub fn number(&mut self, key: &'static str, value: i64) {
        if let Some(span) = &mut self.0 {
            span.set_attribute(KeyValue::new(key, value));
        }
    }

    /// Says something of it, in words that are ours or an id.
    pub fn text(&mut self, key: &'static str, value: &str) {
        if let Some(span) = &mut self.0 {
            span.set_attribute(KeyValue::new(key, value.to_owned()));
        }
    }

    /// It did not work.
    pub fn failed(&mut self, why: &'static str) {
        if let Some(span) = &mut self.0 {
            span.set_status(Status::error(why));
        }
    }

    /// What names it to others, also where nobody is told of it.
    #[must_use]
    pub fn traceparent(&self) -> Option<String> {
        self.0.as_ref().map(|span| context::write(span.span_context()))
    }
}

/// With words of ours in place of OpenTelemetry's.
struct Builder(SpanBuilder);

impl Builder {
    fn with_name(self, name: &'static str) -> Self {
        Self(SpanBuilder { name: name.into(), ..self.0 })
    }

    fn with_kind(self, kind: Kind) -> Self {
        Self(self.0.with_kind(kind))
    }

    fn with_start_time(self, began: SystemTime) -> Self {
        Self(self.0.with_start_time(began))
    }

    fn with_links(self, links: Vec<Link>) -> Self {
        Self(self.0.with_links(links))
    }
}

impl From<SpanKind> for Kind {
    fn from(kind: SpanKind) -> Self {
        match kind {
            SpanKind::Server => Self::Server,
            SpanKind::Producer => Self::Producer,
            SpanKind::Consumer => Self::Consumer,
            SpanKind::Client => Self::Client,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_made_before_it_is_asked_for() {
        let mut span = Span::part_of(Some(context::TEST), "webhook", SpanKind::Server);
        span.number("tributary.project", 1);
        assert_eq!(span.traceparent(), None);
        assert_eq!(span.part("publish", SpanKind::Producer).traceparent(), None);
    }

    #[tokio::test]
    async fn an_address_that_is_none_is_refused() {
        for endpoint in ["", "localhost:4317", "ftp://collector", "http://a b"] {
            assert!(start(endpoint, "tributary", Handle::current()).is_err(), "{endpoint:?}");
        }
    }
}
