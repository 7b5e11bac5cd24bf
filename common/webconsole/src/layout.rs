//! The frame of every page, and the headers that keep it to itself.

use crate::{
    ROOT, assets,
    elements::token,
    failure::Failure,
    page::{Page, Section},
    person::Person,
};
use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::ids::{Mode, Realm};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// Nothing comes from elsewhere, nothing goes elsewhere, nothing written into a page runs.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; \
     frame-ancestors 'none'; base-uri 'none'",
);
/// With `no-referrer` a browser sends `Origin: null` with our own forms.
const REFERRER: HeaderValue = HeaderValue::from_static("same-origin");
const NOWHERE: HeaderValue = HeaderValue::from_static("same-origin");
const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// A browser that got a page in part asks again after so many seconds, with or without script.
const REFRESH: HeaderName = HeaderName::from_static("refresh");
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("3");

/// htmx without what a strict policy would stop in silence.
const HTMX: &str = r#"{"allowEval":false,"allowScriptTags":false,"includeIndicatorStyles":false,"selfRequestsOnly":true,"historyCacheSize":0}"#;

/// The headers of every page.
pub(crate) fn protect(headers: &mut HeaderMap) {
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(header::REFERRER_POLICY, REFERRER);
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(OPENER, NOWHERE);
    headers.insert(RESOURCE, NOWHERE);
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

impl Page {
    /// The page, in its frame.
    pub(crate) fn show(&self, title: &str, content: &Markup) -> Response {
        page(self, title, content)
    }

    /// The same, where some of it is not there yet: the browser asks again by itself.
    pub(crate) fn show_in_part(&self, title: &str, content: &Markup, is_whole: bool) -> Response {
        let mut response = page(self, title, content);
        if !is_whole {
            response.headers_mut().insert(REFRESH, ASK_AGAIN);
        }
        response
    }
}

/// A page of a project and mode.
fn page(page: &Page, title: &str, content: &Markup) -> Response {
    let mode = page.realm.mode;
    let body = html! {
        (strip(&page.person, Some(page)))
        div.frame {
            nav.sections aria-label="Pages" { ul {
                @for section in Section::ALL {
                    li { a href=(page.path(section.path())) aria-current=[(section == page.section).then_some("page")] { (section.title()) } }
                }
            } }
            main #main tabindex="-1" { (content) }
        }
    };
    let class = match mode {
        Mode::Test => "test",
        Mode::Live => "live",
    };
    let title = format!("{title} · {} ({mode}) · Tributary", page.project.name);
    document(&title, class, &body).into_response()
}

/// A page that belongs to no project.
pub(crate) fn of_nobody(title: &str, person: Option<&Person>, content: &Markup) -> Markup {
    let body = html! {
        @match person {
            Some(person) => (strip(person, None)),
            None => header { div.strip { p.brand { "Tributary" } } },
        }
        main #main.alone tabindex="-1" { (content) }
    };
    document(&format!("{title} · Tributary"), "", &body)
}

/// A page for whoever asks, without a way into the console.
pub(crate) fn bare(title: &str, content: &Markup) -> Markup {
    of_nobody(title, None, content)
}

/// A page for addresses beside the console's, in the style of the API's document.
pub(crate) fn plain(title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex, nofollow";
                title { (title) " · Tributary" }
                // None, and nothing to ask for.
                link rel="icon" href="data:,";
                link rel="stylesheet" href=(crate::reference::STYLE_PATH);
            }
            body { main { (content) } }
        }
    }
}

/// A heading and a sentence.
pub(crate) fn message(heading: &str, text: &str) -> Markup {
    html! { h1 { (heading) } p { (text) } }
}

/// What went wrong.
pub(crate) fn failed(person: Option<&Person>, failure: &Failure) -> Response {
    let content = html! {
        (message(failure.heading(), &failure.to_string()))
        p { a href=(ROOT) { "To the console" } }
    };
    let mut response = (failure.status(), of_nobody(failure.heading(), person, &content)).into_response();
    protect(response.headers_mut());
    response
}

/// Asks for the same page again, from here.
pub(crate) fn once_more(wanted: &str) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { "Tributary" } meta http-equiv="refresh" content={ "0;url=" (wanted) }; }
            body { p { a href=(wanted) { "Go on" } } }
        }
    };
    let mut response = (StatusCode::OK, page).into_response();
    protect(response.headers_mut());
    response
}

fn document(title: &str, class: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="robots" content="noindex, nofollow";
                meta name="htmx-config" content=(HTMX);
                title { (title) }
                link rel="icon" href=(assets::ICON.path());
                link rel="stylesheet" href=(assets::CHART_STYLE.path());
                link rel="stylesheet" href=(assets::STYLE.path());
                script src=(assets::HTMX.path()) defer {}
                script src=(assets::CHART.path()) defer {}
                script src=(assets::SCRIPT.path()) defer {}
            }
            body class=(class) {
                a.skip href="#main" { "To the content" }
                (PreEscaped(body.0.as_str()))
            }
        }
    }
}

/// The upper edge: where one is, and who one is.
fn strip(person: &Person, page: Option<&Page>) -> Markup {
    html! {
        header {
            div.strip {
                p.brand { a href=(ROOT) { "Tributary" } }
                @if let Some(page) = page { (switch(page)) }
                form.who method="post" action={ (ROOT) "/sign-out" } {
                    (token(person))
                    span { (person.who.name) " · " (person.who.role.as_str()) }
                    button.plain type="submit" { "Sign out" }
                }
            }
            @if let Some(page) = page {
                p.mode { @match page.realm.mode {
                    Mode::Test => { strong { "Test mode" } " Nothing here is money." },
                    Mode::Live => { strong { "Live mode" } " This is real money." },
                } }
            }
        }
    }
}

/// From one project and mode to another.
fn switch(page: &Page) -> Markup {
    html! {
        details.switch {
            summary { (page.project.name) " · " (page.realm.mode) }
            ul { @for project in page.projects.iter() { @for mode in [Mode::Live, Mode::Test] {
                @let realm = Realm { project: project.id, mode };
                li { a href=(page.section.of(realm)) aria-current=[(realm == page.realm).then_some("true")] {
                    (project.name) " · " (mode)
                } }
            } } }
        }
    }
}
