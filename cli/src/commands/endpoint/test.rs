//! `tributary endpoint test`

use super::{EndpointArgs, outgoing};
use crate::context::Context;
use anyhow::bail;
use app::endpoints;
use chrono::Utc;
use clap::{
    Args,
    builder::{PossibleValuesParser, TypedValueParser},
};
use common::config::NotifyArgs;
use domain::ids::EndpointId;
use domain::notification::Event;
use serde::Serialize;
use std::fmt;

/// Options of `endpoint test`.
#[derive(Args)]
pub(crate) struct TestArgs {
    #[command(flatten)]
    endpoint: EndpointArgs,
    /// What it is to look like
    #[arg(long, value_name = "EVENT", value_parser = event(), default_value_t = Event::ReferralSignedUp)]
    event: Event,
    #[command(flatten)]
    notify: NotifyArgs,
}

fn event() -> impl TypedValueParser<Value = Event> {
    let words = PossibleValuesParser::new(Event::ALL.iter().map(|event| event.as_str()));
    words.map(|word| Event::parse(&word).unwrap_or(Event::ReferralSignedUp))
}

#[derive(Serialize)]
struct Tested {
    id: String,
    endpoint_id: EndpointId,
    delivered: bool,
    status_code: Option<u16>,
    error: Option<String>,
    duration_ms: u128,
    answer: Option<String>,
    endpoint_status: &'static str,
    parked: i64,
}

/// Sends it; fails when it was not taken.
pub(super) async fn run(args: &TestArgs, context: &Context) -> anyhow::Result<()> {
    let pool = context.database().await?;
    let (realm, id) = args.endpoint.find(&mut *pool.acquire().await?).await?;
    let outgoing = outgoing(&args.notify)?;
    let tested = endpoints::test(&pool, &outgoing, realm, id, args.event, Utc::now()).await?;
    let error = tested.error.clone();
    context.print(&Tested {
        id: tested.id,
        endpoint_id: id,
        delivered: tested.delivered,
        status_code: tested.status_code,
        error: tested.error,
        duration_ms: tested.duration.as_millis(),
        answer: tested.answer,
        endpoint_status: tested.endpoint.status.as_str(),
        parked: tested.endpoint.parked,
    })?;
    match error {
        Some(error) => bail!("endpoint {id} did not take it: {error}"),
        None => Ok(()),
    }
}

impl fmt::Display for Tested {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, endpoint_id, duration_ms, endpoint_status, parked, .. } = self;
        let outcome = self.status_code.map_or_else(|| "nothing".to_owned(), |code| code.to_string());
        write!(
            f,
            "Sent {id}; endpoint {endpoint_id} answered {outcome} after {duration_ms} ms and is {endpoint_status}."
        )?;
        if let Some(answer) = self.answer.as_deref().filter(|answer| !answer.is_empty()) {
            write!(f, "\n\n{answer}")?;
        }
        if self.delivered && *parked > 0 {
            write!(
                f,
                "\n\n`tributary endpoint redeliver {endpoint_id} --failed` sends {parked} that are parked."
            )?;
        }
        Ok(())
    }
}
