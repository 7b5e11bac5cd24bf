//! Every page and act.

use crate::{
    assets, guard, layout, pages, portal,
    rights::{self, Right},
    state::Console,
};
use axum::{
    Router,
    extract::Request,
    handler::Handler,
    middleware::{from_fn, from_fn_with_state, map_response},
    response::Response,
    routing,
};

/// A route, for those who walk over all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Described {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// With its parameters in braces.
    pub path: &'static str,
    /// What it asks for beside being signed in.
    pub right: Option<Right>,
}

/// Routes behind the guard, each with what it asks for.
struct Routes {
    router: Router<Console>,
    described: Vec<Described>,
}

impl Routes {
    /// A page for everybody who is signed in.
    fn page<H, T>(mut self, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Console>,
        T: 'static,
    {
        self.described.push(Described { method: "GET", path, right: None });
        Self { router: self.router.route(path, routing::get(handler)), ..self }
    }

    /// A page for those who have a right.
    fn page_for<H, T>(mut self, right: Right, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Console>,
        T: 'static,
    {
        self.described.push(Described { method: "GET", path, right: Some(right) });
        let required = from_fn(move |request: Request, next| rights::require(right, request, next));
        Self { router: self.router.route(path, routing::get(handler).layer(required)), ..self }
    }

    /// What a form does.
    fn act<H, T>(mut self, right: Right, path: &'static str, handler: H) -> Self
    where
        H: Handler<T, Console>,
        T: 'static,
    {
        self.described.push(Described { method: "POST", path, right: Some(right) });
        let required = from_fn(move |request: Request, next| rights::require(right, request, next));
        Self { router: self.router.route(path, routing::post(handler).layer(required)), ..self }
    }
}

fn guarded() -> Routes {
    Routes { router: Router::new(), described: Vec::new() }
        .page("/console", pages::home::show)
        .act(Right::Own, "/console/sign-out", pages::sign_out::sign_out)
        .page("/console/{project}/{mode}", pages::overview::show)
        .page("/console/{project}/{mode}/payments", pages::payments::list::list)
        .page("/console/{project}/{mode}/payments/{id}", pages::payments::show::show)
        .page("/console/{project}/{mode}/payments/{id}/picture.svg", pages::payments::picture::file)
        .act(Right::Decide, "/console/{project}/{mode}/payments/{id}/decide", pages::payments::decide::decide)
        .page("/console/{project}/{mode}/affiliates", pages::affiliates::list::list)
        .page("/console/{project}/{mode}/affiliates/{id}", pages::affiliates::show::show)
        .page("/console/{project}/{mode}/affiliates/{id}/statement.csv", pages::affiliates::statement::file)
        .page("/console/{project}/{mode}/customers", pages::customers::list::list)
        .page("/console/{project}/{mode}/customers/{id}", pages::customers::show::show)
        .act(Right::Decide, "/console/{project}/{mode}/customers/{id}/lock", pages::customers::lock::lock)
        .page("/console/{project}/{mode}/payouts", pages::payouts::list::list)
        .act(Right::Pay, "/console/{project}/{mode}/payouts", pages::payouts::freeze::freeze)
        .page("/console/{project}/{mode}/payouts/plan", pages::payouts::plan::show)
        .page("/console/{project}/{mode}/payouts/{id}", pages::payouts::show::show)
        .act(Right::Pay, "/console/{project}/{mode}/payouts/{id}/mark-paid", pages::payouts::mark_paid::one)
        .act(Right::Pay, "/console/{project}/{mode}/payouts/{id}/cancel", pages::payouts::cancel::cancel)
        .page_for(Right::Pay, "/console/{project}/{mode}/batches/{id}/export", pages::payouts::export::export)
        .act(Right::Pay, "/console/{project}/{mode}/batches/{id}/mark-paid", pages::payouts::mark_paid::all)
        .page("/console/{project}/{mode}/decisions", pages::decisions::list)
        .page("/console/{project}/{mode}/now", pages::now::cards)
        .page("/console/{project}/{mode}/events", pages::events::list::list)
        .page("/console/{project}/{mode}/events/{id}", pages::events::show::show)
        .page("/console/{project}/{mode}/queues", pages::queues::show)
        .page("/console/{project}/{mode}/queues/now", pages::queues::now)
        .page("/console/{project}/{mode}/doctor", pages::doctor::show)
        .page("/console/{project}/{mode}/dead-letters", pages::dead_letters::list::list)
        .page_for(
            Right::DeadLetters,
            "/console/{project}/{mode}/dead-letters/all",
            pages::dead_letters::all::confirm,
        )
        .act(
            Right::DeadLetters,
            "/console/{project}/{mode}/dead-letters/all",
            pages::dead_letters::all::settle,
        )
        .page("/console/{project}/{mode}/dead-letters/{id}", pages::dead_letters::show::show)
        .act(
            Right::DeadLetters,
            "/console/{project}/{mode}/dead-letters/{id}",
            pages::dead_letters::one::settle,
        )
        .page("/console/{project}/{mode}/rules", pages::rules::show)
        .act(Right::Rules, "/console/{project}/{mode}/rules", pages::rules::change::change)
        .act(Right::Rules, "/console/{project}/{mode}/rules/simulate", pages::rules::simulate::simulate)
        .page("/console/{project}/{mode}/proof", pages::proof::show)
        .act(Right::Check, "/console/{project}/{mode}/proof", pages::proof::check)
        .page("/console/{project}/{mode}/notifications", pages::notifications::list)
        .act(
            Right::Endpoints,
            "/console/{project}/{mode}/notifications",
            pages::notifications::create::create,
        )
        .page("/console/{project}/{mode}/notifications/{id}", pages::notifications::show::show)
        .act(Right::Endpoints, "/console/{project}/{mode}/notifications/{id}", pages::notifications::act::act)
        .page("/console/{project}/{mode}/keys", pages::keys::list)
        .act(Right::Keys, "/console/{project}/{mode}/keys", pages::keys::create)
        .act(Right::Keys, "/console/{project}/{mode}/keys/{id}/revoke", pages::keys::revoke)
}

/// Every route behind the guard.
#[must_use]
pub fn described() -> Vec<Described> {
    guarded().described
}

/// The console below [`ROOT`](crate::ROOT). Each request has a [`Client`](crate::Client) in its extensions.
pub fn router(console: Console) -> Router {
    let open = Router::new()
        .route("/console/sign-in", routing::get(pages::sign_in::show).post(pages::sign_in::sign_in))
        .route("/console/assets/{name}", routing::get(assets::serve));
    let guarded = guarded().router.fallback(pages::unknown).method_not_allowed_fallback(pages::unknown);
    let guarded = guarded.layer(from_fn_with_state(console.clone(), guard::guard));
    let portal = portal::router(console.clone());
    open.merge(guarded).layer(map_response(protected)).with_state(console).merge(portal)
}

async fn protected(mut response: Response) -> Response {
    layout::protect(response.headers_mut());
    response
}
