//! An endpoint as it is shown.

use crate::output;
use domain::ids::EndpointId;
use serde::Serialize;
use std::fmt;
use store::webhook_endpoints::Endpoint;

/// An endpoint as it is shown.
#[derive(Serialize)]
pub(super) struct EndpointItem {
    pub(super) id: EndpointId,
    url: String,
    description: Option<String>,
    events: Vec<String>,
    pub(super) status: &'static str,
    ordered: bool,
    timeout_seconds: i16,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    failing_since: Option<String>,
    disabled_reason: Option<String>,
    pending: i64,
    pub(super) parked: i64,
    created_at: String,
}

impl EndpointItem {
    /// With the secret that was just made.
    pub(super) fn with_secret(endpoint: Endpoint, secret: &str) -> Self {
        Self { secret: Some(secret.to_owned()), ..endpoint.into() }
    }
}

impl From<Endpoint> for EndpointItem {
    fn from(endpoint: Endpoint) -> Self {
        Self {
            id: endpoint.id,
            url: endpoint.url,
            description: endpoint.description,
            events: endpoint.events,
            status: endpoint.status.as_str(),
            ordered: endpoint.ordered,
            timeout_seconds: endpoint.timeout_seconds,
            secret: None,
            failing_since: endpoint.failing_since.map(output::time),
            disabled_reason: endpoint.disabled_reason,
            pending: endpoint.pending,
            parked: endpoint.parked,
            created_at: output::time(endpoint.created_at),
        }
    }
}

impl fmt::Display for EndpointItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, url, events, status, timeout_seconds, pending, parked, created_at, .. } = self;
        writeln!(f, "Endpoint {id}, {url}\n")?;
        if let Some(description) = &self.description {
            writeln!(f, "  for      {description}")?;
        }
        let order = if self.ordered { ", one at a time in order" } else { "" };
        writeln!(f, "  events   {}", events.join(", "))?;
        writeln!(f, "  sent     within {timeout_seconds} s{order}")?;
        writeln!(f, "  made     {created_at}")?;
        match (&self.disabled_reason, &self.failing_since) {
            (Some(reason), _) => writeln!(f, "  status   {status}: {reason}")?,
            (None, Some(since)) => writeln!(f, "  status   {status}, failing since {since}")?,
            (None, None) => writeln!(f, "  status   {status}")?,
        }
        write!(f, "  waiting  {pending} pending, {parked} parked")?;
        if *parked > 0 {
            write!(f, "; `tributary endpoint redeliver {id} --failed` sends what is parked")?;
        }
        if let Some(secret) = &self.secret {
            write!(f, "\n\n{secret}\n\nIts secret, shown this once: keep it safe.")?;
        }
        Ok(())
    }
}

/// Several of them.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct Listed(pub(super) Vec<EndpointItem>);

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("There are no endpoints.");
        }
        let mut table = output::table(["id", "url", "events", "status", "pending", "parked"]);
        for endpoint in &self.0 {
            table.add_row([
                &endpoint.id.to_string(),
                &endpoint.url,
                &endpoint.events.join(", "),
                endpoint.status,
                &endpoint.pending.to_string(),
                &endpoint.parked.to_string(),
            ]);
        }
        table.fmt(f)
    }
}
