//! Pages of a list, by offset or by cursor.

use chrono::{DateTime, Utc};

/// Where a page begins and how long it is. Lists go from the newest to the oldest, the id decides
/// between equals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// At most so many rows.
    pub limit: i64,
    /// Rows to pass over; 0 with a cursor.
    pub offset: i64,
    /// The last row of the page before, when there was one.
    pub after: Option<Position>,
}

/// A row's place in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The row's time.
    pub at: DateTime<Utc>,
    /// The row's id.
    pub id: i64,
}

impl Page {
    /// The place after which the page begins, as bounds that an index can use: everything lies
    /// before the end of time.
    pub(crate) fn bound(&self) -> (DateTime<Utc>, i64) {
        self.after.map_or((DateTime::<Utc>::MAX_UTC, i64::MAX), |after| (after.at, after.id))
    }
}

/// A page of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Whether there are more behind them.
    pub has_more: bool,
}

impl<T> Rows<T> {
    /// From a query that asked for one row more than the page holds.
    #[must_use]
    pub fn cut(mut rows: Vec<T>, page: &Page) -> Self {
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        Self { rows, has_more }
    }
}
