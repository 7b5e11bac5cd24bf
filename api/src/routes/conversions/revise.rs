//! Changing a conversion: the next revision of its command, through the queue like the first.

use super::Conversion;
use super::get::{find, unknown};
use crate::answer::{Data, json};
use crate::auth::Caller;
use crate::error::ApiError;
use crate::input::Warnings;
use crate::prefer;
use crate::state::AppState;
use crate::verdicts::Verdict;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::command::Command;
use domain::ids::{ConversionId, Realm};
use queue::envelope::{Envelope, Source};
use store::conversions::{self, Revision};

/// How often a change is tried when others come between.
const ATTEMPTS: usize = 5;

/// Applies a change and waits for the verdict. `change` edits what the conversion says; when it
/// edits nothing, nothing is sent round.
pub(super) async fn revise(
    state: &AppState,
    caller: Caller,
    headers: &HeaderMap,
    id: ConversionId,
    change: impl Fn(&mut Revision) -> Result<Warnings, ApiError>,
) -> Result<Response, ApiError> {
    let Stored { id, event, warnings } = store(state, caller.realm, id, change).await?;
    let verdict = match event {
        Some(event) => state.verdicts.wait(caller.realm, event, prefer::wait(headers)).await,
        None => Verdict::Settled,
    };
    let conversion: Conversion = find(state, caller.realm, id).await?;
    let status = match verdict {
        Verdict::Settled => StatusCode::OK,
        Verdict::Pending => StatusCode::ACCEPTED,
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
    change: impl Fn(&mut Revision) -> Result<Warnings, ApiError>,
) -> Result<Stored, ApiError> {
    for _ in 0..ATTEMPTS {
        let mut connection = state.pool.acquire().await?;
        let standing =
            conversions::for_change(&mut connection, realm, id).await?.ok_or_else(|| unknown(id))?;
        let mut changed = standing.clone();
        let warnings = change(&mut changed)?;
        let id = standing.posted.conversion;
        if changed == standing {
            return Ok(Stored { id, event: None, warnings });
        }
        let revision = standing.revision.saturating_add(1);
        let command =
            Command::Conversion { revision, accepted_at: state.clock.now(), conversion: changed.posted };
        let reference = changed.reference.as_deref();
        if conversions::revise(&mut connection, realm, id, reference, standing.revision, &command).await? {
            drop(connection);
            publish(state, realm, id, revision, &command).await?;
            return Ok(Stored { id, event: Some(command.event_id()), warnings });
        }
    }
    Err(ApiError::unavailable("The conversion keeps changing: send it again"))
}

/// Puts the command on the queue; when nothing takes it, the workers' sweep does.
async fn publish(
    state: &AppState,
    realm: Realm,
    id: ConversionId,
    revision: i64,
    command: &Command,
) -> Result<(), ApiError> {
    let body = serde_json::to_vec(command).map_err(ApiError::internal)?;
    let envelope = Envelope::new(Source::Api, realm, body.into(), state.clock.now());
    match state.publisher.publish(envelope).await {
        Ok(_) => {
            conversions::mark_revision_published(&mut *state.pool.acquire().await?, id, revision).await?;
        }
        Err(error) => tracing::warn!(conversion.id = id.0, %error, "a change waits for the sweep"),
    }
    Ok(())
}
