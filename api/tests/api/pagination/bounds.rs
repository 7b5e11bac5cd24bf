//! What `limit` and `offset` may be.

use super::{LISTS, enter};
use crate::support::{project, start};
use serde_json::{Value, json};
use store::PgPool;

#[sqlx::test(migrations = "../migrations")]
async fn limits_and_offsets_have_their_bounds(pool: PgPool) {
    let (api, owner) = (start(&pool).await, project(&pool).await);
    enter(&pool, &owner).await;
    for list in &LISTS {
        let rows = async |query: &str| list.page(&api, &owner, query).await;
        let first = rows("").await;
        assert_eq!(
            (first.rows.len(), &first.pagination["limit"]),
            (usize::try_from(list.default_limit).unwrap(), &json!(list.default_limit))
        );
        assert_eq!(first.pagination["offset"], 0, "{}", list.path);
        // A blank parameter is absent.
        assert_eq!(rows("limit=&offset=&cursor=").await.ids(), first.ids(), "{}", list.path);
        assert_eq!(rows("limit=1").await.ids(), first.ids()[..1]);
        assert_eq!(rows("limit=2&limit=1").await.ids(), first.ids()[..1], "the last one counts");
        let most = rows(&format!("limit={}", list.max_limit)).await;
        assert_eq!((most.rows.len(), &most.pagination["has_more"]), (60, &json!(false)));
        for offset in ["60", "61", "1000000", "9223372036854775807"] {
            let beyond = rows(&format!("offset={offset}")).await;
            assert!(beyond.rows.is_empty(), "{}", list.path);
            assert_eq!(beyond.pagination["total"], 60, "{} {offset}", list.path);
            assert_eq!(beyond.pagination["has_more"], false);
            assert_eq!(beyond.pagination["next_cursor"], Value::Null);
        }
        let too_many = format!("limit={}", list.max_limit + 1);
        for query in [
            "limit=0",
            "limit=-1",
            &too_many,
            "limit=501",
            "limit=x",
            "limit=1.5",
            "limit=1e1",
            "limit=9223372036854775808",
            "limit=%00",
            "limit=%EF%BC%91",
            "offset=-1",
            "offset=x",
            "offset=0.5",
            "offset=9223372036854775808",
        ] {
            let answer = api.get(&owner, &list.asked(query)).send().await;
            answer.error(400, "invalid_parameters");
            assert_eq!(answer.fields(), [query.split('=').next().unwrap()], "{}?{query}", list.path);
        }
    }
}
