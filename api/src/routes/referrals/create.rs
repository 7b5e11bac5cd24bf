//! `POST /api/v1/referrals`

mod known;
mod request;

use super::Referral;
use crate::answer::{Data, json};
use crate::auth::Caller;
use crate::error::{ApiError, ErrorBody};
use crate::input::Fields;
use crate::openapi::{Creating, Idempotent, Patience};
use crate::prefer;
use crate::state::AppState;
use crate::verdicts::Verdict;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::SubsecRound;
use domain::command::Command;
use domain::fact::ReferralRegistered;
use domain::ids::Realm;
use known::Known;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use queue::enqueue;
use queue::envelope::{Envelope, Source};
use request::{PostReferral, Posted};
use store::customers::{self, Customer};
use store::registrations::{self, NamedAffiliate, NewRegistration};
use store::{PgConnection, StoreError};

/// Register a referral
///
/// It is stored at once and settled by a worker, usually within milliseconds. The answer waits for that for a second,
/// or as long as `Prefer: wait=N` says. What is said again is the same referral; an id or an affiliate that is new is
/// added to it. The first affiliate keeps it.
#[utoipa::path(
    post,
    path = "/referrals",
    operation_id = "create_referral",
    tag = "Referrals",
    request_body = PostReferral,
    params(
        Patience,
        Idempotent,
    ),
    responses(
        Creating,
        (status = 201, description = "Registered", body = Data<Referral>),
        (status = 202, description = "Stored, not settled yet", body = Data<Referral>),
        (status = 200, description = "Nothing of it was new", body = Data<Referral>),
        (status = 409, description = "It is bound to another affiliate; or as for any Idempotency-Key", body = ErrorBody<'static>),
    ),
)]
pub(crate) async fn create(
    State(state): State<AppState>,
    caller: Caller,
    headers: HeaderMap,
    fields: Fields,
) -> Result<Response, ApiError> {
    let (posted, warnings) = Posted::read(fields)?;
    let accepted = accept(&state, caller.realm, posted).await?;
    let verdict = match &accepted.registration {
        Some(id) => state.verdicts.wait(caller.realm, event_id(*id), prefer::wait(&headers)).await,
        None => Verdict::Settled,
    };
    let posted = &accepted.posted;
    let found = find(&mut *state.pool.acquire().await?, caller.realm, posted).await?;
    let (settled, referral) = match (verdict, found, accepted.customer) {
        (Verdict::Settled, Some(customer), _) => (true, customer.into()),
        (_, _, Some(customer)) => (false, customer.into()),
        (_, _, None) => (false, Referral::unsettled(posted.who(), accepted.affiliate, state.clock.now())),
    };
    let status = match (accepted.is_new, settled) {
        (_, false) => StatusCode::ACCEPTED,
        (true, true) => StatusCode::CREATED,
        (false, true) => StatusCode::OK,
    };
    let location = format!("/api/v1/referrals/{}", utf8_percent_encode(&posted.email, NON_ALPHANUMERIC));
    Ok(([(header::LOCATION, location)], json(status, &Data::warned(referral, warnings))).into_response())
}

struct Accepted {
    posted: Posted,
    affiliate: Option<NamedAffiliate>,
    /// The referral as it stood.
    customer: Option<Customer>,
    /// What to wait for, if there is anything.
    registration: Option<i64>,
    is_new: bool,
}

async fn accept(state: &AppState, realm: Realm, posted: Posted) -> Result<Accepted, ApiError> {
    let mut transaction = state.pool.begin().await?;
    let affiliate = affiliate(&mut transaction, realm, &posted).await?;
    registrations::lock(&mut transaction, realm, &posted.email).await?;
    // What was said is read first: of what a worker has settled by then, the customer is seen below.
    let said = registrations::list(&mut transaction, realm, &posted.email).await?;
    let by_key = customers::find_by_keys(&mut transaction, realm, &posted.keys()).await?;
    let known = Known::new(&posted, by_key, said);
    if let Some(affiliate) = &affiliate {
        known.must_not_be_anothers(&posted, affiliate)?;
    }
    let is_new = !known.covers(&posted, affiliate.as_ref());
    let posted = known.complete(posted);
    let registration = if is_new {
        Some(register(&mut transaction, state, realm, &posted, affiliate.as_ref(), known.first()).await?)
    } else {
        known.unsettled().map(|said| said.id)
    };
    transaction.commit().await?;
    Ok(Accepted { posted, affiliate, customer: known.customer, registration, is_new })
}

/// The affiliate that was named, or that there is none.
async fn affiliate(
    connection: &mut PgConnection,
    realm: Realm,
    posted: &Posted,
) -> Result<Option<NamedAffiliate>, ApiError> {
    let Some((field, name)) = &posted.affiliate else { return Ok(None) };
    let found = registrations::find_affiliate(connection, realm, name).await?;
    let unknown = || match name {
        registrations::AffiliateName::Id(id) => ApiError::unknown(field, format!("Unknown affiliate: {id}")),
        registrations::AffiliateName::Code(folded) => {
            let code = posted.referral_code.as_deref().unwrap_or(folded.as_str());
            ApiError::unknown(field, format!("Unknown referral code: {code}"))
        }
    };
    found.ok_or_else(unknown).map(Some)
}

/// Keeps what was said and puts its command on the queue, both or neither.
async fn register(
    transaction: &mut PgConnection,
    state: &AppState,
    realm: Realm,
    posted: &Posted,
    affiliate: Option<&NamedAffiliate>,
    first: Option<i64>,
) -> Result<i64, ApiError> {
    let new = NewRegistration {
        first_id: first,
        email: &posted.email,
        stripe_customer_id: posted.stripe_customer_id.as_deref(),
        external_id: posted.external_id.as_deref(),
        affiliate: affiliate.map(|affiliate| affiliate.id),
        converted: posted.converted,
    };
    let id = registrations::add(transaction, realm, &new).await?;
    let now = state.clock.now().trunc_subsecs(6);
    let referral = ReferralRegistered {
        who: posted.who(),
        // By its code, which never changes hands: the affiliate's current one may change.
        affiliate: None,
        referral_code: affiliate.map(|affiliate| affiliate.code.clone()),
        occurred_at: now,
        first,
        converted: posted.converted,
    };
    let command = Command::Referral { id, revision: 0, accepted_at: now, referral };
    let body = serde_json::to_vec(&command).map_err(ApiError::internal)?;
    let envelope = Envelope::new(Source::Api, realm, body.into(), now);
    enqueue(transaction, state.publisher.prefix(), &envelope).await?;
    Ok(id)
}

/// The referral by the strongest key that leads to one.
async fn find(
    connection: &mut PgConnection,
    realm: Realm,
    posted: &Posted,
) -> Result<Option<Customer>, StoreError> {
    let keys = posted.keys();
    let mut found = customers::find_by_keys(connection, realm, &keys).await?;
    found.sort_by_key(|(key, _)| keys.iter().position(|known| known == key));
    Ok(found.into_iter().next().map(|(_, customer)| customer))
}

/// What the command of a registration is called in the inbox.
fn event_id(registration: i64) -> String {
    format!("referral:{registration}:0")
}
