//! `limit`, `offset` and `cursor`.

use super::Fields;
use crate::answer::parse_cursor;
use common::store::page::Page;

/// The most rows of one page.
const MAX_LIMIT: i64 = 500;

/// Which page is asked for.
pub(crate) fn page(fields: &mut Fields, default_limit: i64) -> Page {
    let limit = fields.integer("limit", 1, MAX_LIMIT).unwrap_or(default_limit);
    let offset = fields.integer("offset", 0, i64::MAX).unwrap_or(0);
    let cursor = fields.text("cursor", 64);
    let after = cursor.as_deref().and_then(parse_cursor);
    if cursor.is_some() && after.is_none() {
        fields.problem("cursor", "cursor must be the next_cursor of an earlier page");
    }
    if after.is_some() && offset > 0 {
        fields.problem("offset", "Send either cursor or offset");
    }
    Page { limit, offset, after }
}
