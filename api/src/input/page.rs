//! `limit`, `offset` and `cursor`.

use super::Fields;
use crate::cursor::List;
use std::ops::Deref;
use store::page::Page;

/// The most rows of one page.
const MAX_LIMIT: i64 = 500;

/// A page, and the list that it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageOf {
    pub(crate) page: Page,
    pub(crate) list: List,
}

impl Deref for PageOf {
    type Target = Page;

    fn deref(&self) -> &Page {
        &self.page
    }
}

/// Which page is asked for.
pub(crate) fn page(fields: &mut Fields, default_limit: i64) -> PageOf {
    let list = fields.list();
    let limit = fields.integer("limit", 1, MAX_LIMIT).unwrap_or(default_limit);
    let offset = fields.integer("offset", 0, i64::MAX).unwrap_or(0);
    let cursor = fields.text("cursor", 64);
    let after = cursor.as_deref().and_then(|cursor| list.read(cursor));
    if cursor.is_some() && after.is_none() {
        fields.problem("cursor", "cursor must be the next_cursor of an earlier page of this list");
    }
    if after.is_some() && offset > 0 {
        fields.problem("offset", "Send either cursor or offset");
    }
    PageOf { page: Page { limit, offset, after, may_stop: after.is_some() }, list }
}
