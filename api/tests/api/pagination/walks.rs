//! Walks over whole lists.

use super::pages::id;
use super::rows::enter_newcomer;
use super::{Filter, LISTS, enter};
use crate::document::operations;
use crate::support::{project, start};
use std::collections::BTreeSet;
use store::PgPool;

#[test]
fn every_list_and_every_filter_is_tried() {
    let documented: BTreeSet<(String, String)> = operations()
        .iter()
        // The feed goes by places in its sequence, and has tests of its own.
        .filter(|operation| operation.query().contains("limit") && operation.path != "/api/v1/events")
        .flat_map(|operation| operation.query().into_iter().map(|name| (operation.path.clone(), name)))
        .filter(|(_, name)| !["limit", "offset", "cursor"].contains(&name.as_str()))
        .collect();
    let tried = LISTS.iter().flat_map(|list| {
        let names = list.filters.iter().flat_map(|(filter, _)| filter.split('&'));
        names.map(|filter| (list.path.replace("/1/", "/{id}/"), filter.split('=').next().unwrap().to_owned()))
    });
    assert_eq!(tried.collect::<BTreeSet<_>>(), documented);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_walk_shows_every_row_once_in_order_with_every_filter(pool: PgPool) {
    let (api, owner) = (start(&pool).await, project(&pool).await);
    enter(&pool, &owner).await;
    for list in &LISTS {
        let mut all = list.page(&api, &owner, "limit=100").await.rows;
        assert_eq!(all.len(), 60, "{}", list.path);
        let shown: Vec<i64> = all.iter().map(id).collect();
        list.sort(&mut all);
        assert_eq!(shown, all.iter().map(id).collect::<Vec<_>>(), "{}", list.path);
        assert_eq!(shown.iter().collect::<BTreeSet<_>>().len(), 60);
        let everything: Filter = ("", |_| true);
        for (filter, lets_through) in list.filters.iter().chain([&everything]) {
            let expected: Vec<i64> = all.iter().filter(|row| lets_through(row)).map(id).collect();
            assert!(!expected.is_empty(), "{}?{filter}", list.path);
            assert_eq!(list.by_offset(&api, &owner, filter).await, expected, "{}?{filter}", list.path);
            if list.cursors {
                let walked = list.by_cursor(&api, &owner, filter, async |_| ()).await;
                assert_eq!(walked, expected, "{}?{filter}", list.path);
            }
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_walk_by_cursor_is_not_moved_by_what_is_entered_meanwhile(pool: PgPool) {
    let (api, owner) = (start(&pool).await, project(&pool).await);
    enter(&pool, &owner).await;
    for (number, list) in (0_i64..).zip(LISTS.iter().filter(|list| list.cursors)) {
        let expected = list.page(&api, &owner, "limit=500").await.ids();
        let between = async |page: i64| enter_newcomer(&pool, &owner, number * 100 + page).await;
        assert_eq!(list.by_cursor(&api, &owner, "", between).await, expected, "{}", list.path);
        let after = list.page(&api, &owner, "limit=500").await.ids();
        assert!(after.len() > expected.len() && after.ends_with(&expected), "{}", list.path);
    }
}
