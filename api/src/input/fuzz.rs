//! Queries and cursors that anybody may write.

use super::{Query, first_moment, moment_after, page};
use crate::cursor::List;
use axum::extract::FromRequestParts;
use axum::http::Request;
use chrono::DateTime;
use futures::FutureExt;
use store::page::Position;

#[test]
fn a_query_is_read_or_refused() {
    fuzz::target("query", |bytes| {
        let Ok(query) = std::str::from_utf8(bytes) else { return };
        let Ok(request) = Request::get(format!("/coupons?{query}")).body(()) else { return };
        let (mut parts, ()) = request.into_parts();
        let Some(Ok(Query(mut fields))) = Query::from_request_parts(&mut parts, &()).now_or_never() else {
            return;
        };
        let asked = page(&mut fields, 20);
        assert!((1..=500).contains(&asked.limit) && asked.offset >= 0, "{query}");
        let _ = (first_moment(&mut fields, "from"), moment_after(&mut fields, "to"));
        let email = fields.text("email", 320);
        assert!(email.is_none_or(|email| !email.chars().any(char::is_control)), "{query}");
        let _ = fields.finish();
    });
}

#[test]
fn a_cursor_is_one_that_its_list_wrote() {
    let list = List::of("/coupons", None);
    let own = list.cursor(Position { at: DateTime::UNIX_EPOCH, id: 1 });
    let (_, mark) = own.rsplit_once('-').unwrap();
    fuzz::target("cursor", |bytes| {
        let Ok(text) = std::str::from_utf8(bytes) else { return };
        // As it is, and with the mark of its own list.
        let place = text.rsplit_once('-').map_or(text, |(place, _)| place);
        for cursor in [text.to_owned(), format!("{place}-{mark}")] {
            if let Some(position) = list.read(&cursor) {
                assert_eq!(list.cursor(position), cursor);
            }
        }
    });
}
