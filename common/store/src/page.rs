//! Pages of a list, by offset or by cursor.

use chrono::{DateTime, TimeDelta, Utc};

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
    /// Whether the page may end before it is full, [`LOOKED_AT`] rows on. Whoever goes on by cursor misses nothing then; whoever
    /// counts what came would.
    pub may_stop: bool,
}

/// A row's place in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The row's time.
    pub at: DateTime<Utc>,
    /// The row's id.
    pub id: i64,
}

impl Position {
    /// Behind everything, as bounds that an index can use.
    pub(crate) fn end() -> (DateTime<Utc>, i64) {
        (DateTime::<Utc>::UNIX_EPOCH - TimeDelta::days(365_000), i64::MIN)
    }
}

impl Page {
    /// The place after which the page begins, as bounds that an index can use: everything lies
    /// before the end of time.
    pub(crate) fn bound(&self) -> (DateTime<Utc>, i64) {
        self.after.map_or((DateTime::<Utc>::MAX_UTC, i64::MAX), |after| (after.at, after.id))
    }
}

/// Rows that are looked at for one page with a filter that no index knows. Behind them a list goes on with the next page, however few it has
/// found (ADR 70).
pub const LOOKED_AT: i64 = 5_000;

/// Counting goes so far; a longer list has no total.
pub const COUNTED: i64 = 10_000;

/// A page of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Whether there may be more behind them.
    pub has_more: bool,
    /// Where looking for them stopped, before the page was full: there may be more behind this place.
    pub stopped: Option<Position>,
}

impl<T> Rows<T> {
    /// From a query that asked for one row more than the page holds.
    #[must_use]
    pub fn cut(mut rows: Vec<T>, page: &Page) -> Self {
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        Self { rows, has_more, stopped: None }
    }

    /// The same from a query that looked no further than a place, when it did.
    #[must_use]
    pub fn bounded(rows: Vec<T>, page: &Page, horizon: Option<Position>) -> Self {
        let rows = Self::cut(rows, page);
        match horizon {
            Some(_) if !rows.has_more => Self { has_more: true, stopped: horizon, ..rows },
            _ => rows,
        }
    }

    /// The place after which the next page begins, when there may be one.
    #[must_use]
    pub fn next(&self, position: impl Fn(&T) -> Position) -> Option<Position> {
        self.stopped.or_else(|| self.rows.last().filter(|_| self.has_more).map(position))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(id: i64) -> Position {
        Position { at: DateTime::UNIX_EPOCH, id }
    }

    #[test]
    fn a_page_that_stopped_looking_goes_on_where_it_stopped() {
        let page = Page { limit: 2, offset: 0, after: None, may_stop: true };
        let few = Rows::bounded(vec![9], &page, Some(at(4)));
        assert_eq!((few.has_more, few.next(|id| at(*id))), (true, Some(at(4))));
        let full = Rows::bounded(vec![9, 8, 7], &page, Some(at(4)));
        assert_eq!((full.rows.as_slice(), full.next(|id| at(*id))), ([9, 8].as_slice(), Some(at(8))));
        let end = Rows::bounded(vec![9], &page, None);
        assert_eq!((end.has_more, end.next(|id| at(*id))), (false, None));
    }
}
