//! Style, scripts and the icon, compiled in. A name has the hash of what it names, so browsers keep it for ever.

use axum::{
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// A file of the console.
pub(crate) struct Asset {
    stem: &'static str,
    extension: &'static str,
    content_type: &'static str,
    body: &'static [u8],
}

macro_rules! asset {
    ($(#[$doc:meta])* $name:ident, $stem:literal, $extension:literal, $content_type:literal, $file:literal) => {
        $(#[$doc])*
        pub(crate) static $name: LazyLock<Named> = LazyLock::new(|| {
            Named::of(Asset {
                stem: $stem,
                extension: $extension,
                content_type: $content_type,
                body: include_bytes!(concat!("../assets/", $file)),
            })
        });
    };
}

asset!(/// Ours.
    STYLE, "console", "css", "text/css; charset=utf-8", "console.css");
asset!(/// Ours.
    SCRIPT, "console", "js", "text/javascript; charset=utf-8", "console.js");
asset!(/// Ours.
    ICON, "icon", "svg", "image/svg+xml", "icon.svg");
asset!(/// <https://htmx.org>, version 2.0.11, as npm has it.
    HTMX, "htmx-2.0.11", "js", "text/javascript; charset=utf-8", "vendor/htmx-2.0.11.min.js");
asset!(/// <https://github.com/leeoniya/uPlot>, version 1.6.32, as npm has it.
    CHART, "uplot-1.6.32", "js", "text/javascript; charset=utf-8", "vendor/uplot-1.6.32.iife.min.js");
asset!(/// Its style.
    CHART_STYLE, "uplot-1.6.32", "css", "text/css; charset=utf-8", "vendor/uplot-1.6.32.min.css");

/// An asset and the name by which it is served.
pub(crate) struct Named {
    name: String,
    path: String,
    asset: Asset,
}

impl Named {
    fn of(asset: Asset) -> Self {
        let hash = hex::encode(Sha256::digest(asset.body));
        let name = format!("{}.{}.{}", asset.stem, hash.get(..16).unwrap_or_default(), asset.extension);
        Self { path: format!("{}/assets/{name}", crate::ROOT), name, asset }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }
}

/// `GET /console/assets/{name}`
pub(crate) async fn serve(Path(name): Path<String>) -> Response {
    let all: [&LazyLock<Named>; 6] = [&STYLE, &SCRIPT, &ICON, &HTMX, &CHART, &CHART_STYLE];
    let Some(found) = all.into_iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(found.asset.content_type)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
    ];
    (headers, found.asset.body).into_response()
}
