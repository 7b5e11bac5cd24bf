//! Pages of a list.

use super::List;
use crate::support::{Api, Project};
use serde_json::{Value, json};

pub(super) struct Page {
    pub(super) rows: Vec<Value>,
    pub(super) pagination: Value,
}

impl Page {
    pub(super) fn ids(&self) -> Vec<i64> {
        self.rows.iter().map(id).collect()
    }
}

pub(super) fn id(row: &Value) -> i64 {
    row.get("id").or_else(|| row.get("affiliate_id")).unwrap().as_i64().unwrap()
}

impl List {
    /// The list with a query of its own; statistics begin when the rows do.
    pub(super) fn asked(&self, query: &str) -> String {
        let span = |name: &str, day: &str| {
            let is_said = self.cursors || query.contains(&format!("{name}="));
            if is_said { String::new() } else { format!("&{name}={day}") }
        };
        format!("{}?{query}{}{}", self.path, span("from", "2026-03-01"), span("to", "2026-03-31"))
    }

    pub(super) async fn page(&self, api: &Api, owner: &Project, query: &str) -> Page {
        let answer = api.get(owner, &self.asked(query)).send().await;
        let data = answer.data(200);
        let rows = data.as_array().or_else(|| data["affiliates"].as_array()).unwrap();
        Page { rows: rows.clone(), pagination: answer.body["pagination"].clone() }
    }

    /// All rows, page after page by offset; each page tells its place.
    pub(super) async fn by_offset(&self, api: &Api, owner: &Project, filter: &str) -> Vec<i64> {
        let mut ids: Vec<i64> = Vec::new();
        let total = self.page(api, owner, &format!("{filter}&limit=1")).await.pagination["total"].clone();
        loop {
            let query = format!("{filter}&limit=7&offset={}", ids.len());
            let page = self.page(api, owner, &query).await;
            let place = (&page.pagination["limit"], &page.pagination["offset"], &page.pagination["total"]);
            assert_eq!(place, (&json!(7), &json!(ids.len()), &total), "{}?{query}", self.path);
            ids.extend(page.ids());
            assert_eq!(page.pagination["has_more"], json!(json!(ids.len()) != total));
            if page.pagination["has_more"] == false {
                assert_eq!(page.pagination["next_cursor"], Value::Null);
                return ids;
            }
        }
    }

    /// All rows, page after page by cursor; between the pages something happens.
    pub(super) async fn by_cursor(
        &self,
        api: &Api,
        owner: &Project,
        filter: &str,
        between: impl AsyncFn(i64),
    ) -> Vec<i64> {
        let mut page = self.page(api, owner, &format!("{filter}&limit=7")).await;
        let mut ids = page.ids();
        let mut pages = 0;
        while let Some(cursor) = page.pagination["next_cursor"].as_str() {
            assert_eq!(page.pagination["has_more"], true);
            pages += 1;
            between(pages).await;
            page = self.page(api, owner, &format!("{filter}&limit=7&cursor={cursor}")).await;
            assert_eq!(page.pagination["total"], Value::Null);
            ids.extend(page.ids());
        }
        assert_eq!(page.pagination["has_more"], false);
        ids
    }

    /// The order that is documented: newest first, then by id; of statistics, the two with referrals and then
    /// the others, all having one click, by id.
    pub(super) fn sort(&self, rows: &mut [Value]) {
        if self.cursors {
            rows.sort_by_key(|row| (row["created_at"].as_str().unwrap().to_owned(), id(row)));
            rows.reverse();
        } else {
            rows.sort_by_key(id);
        }
    }
}
