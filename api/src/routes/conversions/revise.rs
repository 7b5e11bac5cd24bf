//! Changing a conversion: the next revision of its command, through the queue like the first.

use super::Conversion;
use super::get::{find, unknown};
use crate::answer::{Data, json};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::Warnings;
use crate::prefer;
use crate::state::AppState;
use app::completion::Completion;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{SubsecRound, TimeDelta};
use domain::command::Command;
use domain::fact::ConversionChange;
use domain::ids::{ConversionId, Realm};
use domain::key::Key;
use queue::enqueue;
use queue::envelope::{Envelope, Source};
use store::PgConnection;
use store::conversions::{self, Revision};

/// How often a change is tried when others come between.
const ATTEMPTS: usize = 5;

/// What a request changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Change {
    /// What it says of the conversion.
    pub(super) says: ConversionChange,
    /// Another reference, which `says` has as a name of the payment.
    pub(super) reference: Option<String>,
    /// What was not understood.
    pub(super) warnings: Warnings,
}

/// Applies a change and waits for the verdict. `change` says what is to change of a conversion; when that is nothing,
/// nothing is sent round.
pub(super) async fn revise(
    state: &AppState,
    caller: Caller,
    headers: &HeaderMap,
    id: ConversionId,
    change: impl Fn(&Revision) -> Result<Change, ApiError>,
) -> Result<Response, ApiError> {
    let Stored { id, event, warnings } = store(state, caller.realm, id, change).await?;
    let verdict = match event {
        Some(event) => state.completions.wait(caller.realm, event, prefer::wait(headers)).await,
        None => Completion::Settled,
    };
    let conversion: Conversion = find(state, caller.realm, id).await?;
    let status = match verdict {
        Completion::Settled => StatusCode::OK,
        Completion::Pending => StatusCode::ACCEPTED,
    };
    let location = format!("/api/v1/conversions/{id}");
    Ok(([(header::LOCATION, location)], json(status, &Data::warned(conversion, warnings))).into_response())
}

struct Stored {
    id: ConversionId,
    /// What to wait for, if there is anything.
    event: Option<String>,
    warnings: Warnings,
}

async fn store(
    state: &AppState,
    realm: Realm,
    id: ConversionId,
    change: impl Fn(&Revision) -> Result<Change, ApiError>,
) -> Result<Stored, ApiError> {
    for _ in 0..ATTEMPTS {
        let mut transaction = state.pool.begin().await?;
        let standing =
            conversions::for_change(&mut transaction, realm, id).await?.ok_or_else(|| unknown(id))?;
        let Change { says, reference, warnings } = change(&standing)?;
        let id = standing.posted.conversion;
        if says.is_empty() {
            return Ok(Stored { id, event: None, warnings });
        }
        if let Some(name) = &says.reference {
            reserve(&mut transaction, realm, id, name, reference.as_deref()).await?;
        }
        let reference = reference.or(standing.reference);
        let revision = standing.revision.saturating_add(1);
        // After the word before it, also when another machine's clock accepted that.
        let after = standing.said_at.map(|said_at| said_at + TimeDelta::microseconds(1));
        let now = state.clock.now().trunc_subsecs(6);
        let accepted_at = after.map_or(now, |after| after.max(now));
        let conversion = says.made_to(standing.posted);
        let command = Command::Conversion { revision, accepted_at, conversion, change: Some(says) };
        let reference = reference.as_deref();
        if conversions::revise(&mut transaction, realm, id, reference, standing.revision, &command).await? {
            let body = serde_json::to_vec(&command).map_err(ApiError::internal)?;
            let envelope = Envelope::new(Source::Api, realm, body.into(), state.clock.now());
            enqueue(&mut transaction, state.publisher.prefix(), &envelope).await?;
            transaction.commit().await?;
            return Ok(Stored { id, event: Some(command.event_id()), warnings });
        }
    }
    Err(ApiError::unavailable("The conversion keeps changing: send it again"))
}

/// Keeps a reference for a conversion, so that whoever posts under it adds to the same payment.
async fn reserve(
    connection: &mut PgConnection,
    realm: Realm,
    id: ConversionId,
    name: &Key,
    reference: Option<&str>,
) -> Result<(), ApiError> {
    match conversions::reserve_name(connection, realm, id, name).await? {
        None => Ok(()),
        Some(other) => Err(ApiError::Conflict(format!(
            "reference: {} belongs to conversion {other}",
            reference.unwrap_or_default()
        ))),
    }
}
