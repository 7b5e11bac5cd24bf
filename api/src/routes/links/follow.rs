//! Following a link.

use super::visitor::Visitor;
use crate::error::{ApiError, ErrorBody};
use crate::input::{Query, Segment};
use crate::openapi::Following;
use crate::state::AppState;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::code::FoldedCode;
use domain::ids::ProjectId;
use store::PgConnection;
use store::clicks::{self, NewClick, Recorded};
use store::links::{self, Found, Link, Strength};

/// The longest path below the landing URL that is read.
const MAX_PATH: usize = 512;

/// Follow an affiliate's link
///
/// Counts a click and redirects to the project's landing URL with the referral code and the click's id:
/// `?ref=CODE&click_id=clk_…`. Give either to Stripe as `client_reference_id` or in metadata. Crawlers, previews
/// and `HEAD` are sent there with the code alone, uncounted; the link of an inactive affiliate leads there with
/// neither. Nothing in the request can lead to another site.
#[utoipa::path(
    get,
    path = "/r/{code}",
    operation_id = "follow_link",
    tag = "Clicks",
    params(
        ("code" = String, Path, description = "A referral code, in any case", example = "PARTNER1"),
        ("project" = Option<i64>, Query, minimum = 1, description = "Needed where several projects have the code"),
        (
            "path" = Option<String>,
            Query,
            max_length = 512,
            description = "A page below the landing URL: plain names between slashes",
            example = "pricing",
        ),
    ),
    responses(
        Following,
        (status = 302, description = "The landing URL with the code", headers(("Location" = String))),
        (
            status = 404,
            description = "No project with a landing URL has this code, or several have it and none is named",
            body = ErrorBody<'static>,
        ),
    ),
    security(()),
)]
pub(crate) async fn follow(
    State(state): State<AppState>,
    method: Method,
    headers: HeaderMap,
    Segment(code): Segment,
    Query(mut query): Query,
) -> Result<Response, ApiError> {
    let _place = state.places.for_request()?;
    let project = query.id("project").map(ProjectId);
    let path = query.text("path", MAX_PATH);
    query.finish()?;
    let unknown = || ApiError::NotFound("No programme has this link".to_owned());
    let code = FoldedCode::new(&code).filter(|code| !code.as_str().contains('\0')).ok_or_else(unknown)?;
    let mut connection = state.pool.acquire().await?;
    let link = match links::find(&mut connection, &code, project).await? {
        Found::One(link) => link,
        Found::None => return Err(unknown()),
        Found::Several => {
            return Err(ApiError::NotFound(
                "Several programmes have this code: the link has to name its own, as in ?project=1"
                    .to_owned(),
            ));
        }
    };
    let page = match &path {
        None => link.landing_url.clone(),
        Some(path) => link.landing_url.below(path).ok_or_else(|| {
            ApiError::field("path", "path must be plain names between slashes, such as en/pricing")
        })?,
    };
    let location = match (link.strength, Visitor::of(&method, &headers)) {
        (Strength::Idle, _) => page.to_string(),
        (Strength::Binding, Visitor::Program) => page.with_code(&link.code, None),
        (Strength::Binding, Visitor::Person) => {
            let click = count(&mut connection, &state, &link, &code, page.as_str()).await?;
            page.with_code(&link.code, click.as_deref())
        }
    };
    let headers = [(header::LOCATION, location.as_str()), (header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::FOUND, headers).into_response())
}

/// The click's id; none when the affiliate was closed in this moment.
async fn count(
    connection: &mut PgConnection,
    state: &AppState,
    link: &Link,
    code: &FoldedCode,
    page: &str,
) -> Result<Option<String>, ApiError> {
    // The id is new, so no checkout can have named it: nobody is judged again.
    let new = NewClick { code, click_id: None, url: Some(page), occurred_at: state.clock.now() };
    Ok(match clicks::record(connection, link.realm, &new).await? {
        Recorded::New(click) | Recorded::Known(click) => Some(click.click_id),
        Recorded::UnknownCode => None,
    })
}
