//! What `cursor` may be.

use super::{LISTS, List, enter};
use crate::support::{Project, project, start, with_key};
use domain::ids::{Mode, Realm};
use store::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn a_broken_cursor_is_refused(pool: PgPool) {
    let (api, owner) = (start(&pool).await, project(&pool).await);
    enter(&pool, &owner).await;
    for list in &LISTS {
        for cursor in [
            "x",
            "1",
            "-",
            "--",
            "1-",
            "1-x",
            "x-1",
            "1.5-1",
            "1-+1",
            "1-1-1x",
            "99999999999999999999-1",
            "1-99999999999999999999",
            "9223372036854775807-1",
            "-9223372036854775808-1",
            "-8000000000000000000-1",
            "8000000000000000000-1",
            "%00",
            "1-1%00",
            "%F0%9F%92%A9",
            "null",
            "2026-03-01",
        ] {
            let answer = api.get(&owner, &list.asked(&format!("cursor={cursor}"))).send().await;
            answer.error(400, "invalid_parameters");
            assert_eq!(answer.fields(), ["cursor"], "{} {cursor}", list.path);
        }
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_cursor_is_of_its_own_list_in_its_project_and_mode(pool: PgPool) {
    let (api, owner) = (start(&pool).await, project(&pool).await);
    enter(&pool, &owner).await;
    let other_mode = with_key(&pool, Realm { mode: Mode::Live, ..owner.realm }).await;
    let other_project = project(&pool).await;
    let second = with_key(&pool, owner.realm).await;
    for list in LISTS.iter().filter(|list| list.cursors) {
        let page = list.page(&api, &owner, "limit=1").await;
        let cursor = page.pagination["next_cursor"].as_str().unwrap();
        let refused = async |key: &Project, list: &List, query: String| {
            let answer = api.get(key, &list.asked(&query)).send().await;
            answer.error(400, "invalid_parameters");
            answer.fields()[0].to_owned()
        };
        for stranger in [&other_mode, &other_project] {
            assert_eq!(refused(stranger, list, format!("cursor={cursor}")).await, "cursor");
        }
        for other in LISTS.iter().filter(|other| other.path != list.path) {
            assert_eq!(refused(&owner, other, format!("cursor={cursor}")).await, "cursor");
        }
        assert_eq!(refused(&owner, list, format!("cursor={cursor}&offset=1")).await, "offset");
        // Another key of the same project and mode goes on where the first one was.
        let next = list.page(&api, &second, &format!("limit=1&cursor={cursor}&offset=0")).await;
        assert_eq!(next.ids(), list.page(&api, &owner, "limit=1&offset=1").await.ids());
    }
}
