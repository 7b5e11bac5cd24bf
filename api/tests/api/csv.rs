//! Every list as CSV.

use crate::document::operations;
use crate::pagination::{LISTS, enter};
use crate::support::{project, start};
use serde_json::Value;
use std::collections::BTreeSet;
use store::PgPool;

/// The rows of a CSV without line breaks in its cells.
fn rows(text: &str) -> Vec<Vec<String>> {
    let row = |line: &str| {
        let (mut cells, mut quoted) = (vec![String::new()], false);
        for letter in line.chars() {
            match letter {
                '"' => quoted = !quoted,
                ',' if !quoted => cells.push(String::new()),
                letter => cells.last_mut().unwrap().push(letter),
            }
        }
        cells
    };
    text.lines().map(row).collect()
}

#[sqlx::test(migrations = "../migrations")]
async fn a_list_is_csv_with_all_of_its_rows_and_every_field(pool: PgPool) {
    let (api, owner) = (start(&pool).await, project(&pool).await);
    enter(&pool, &owner).await;
    // More than is read at once.
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
        "INSERT INTO conversions (project_id, livemode, payment_key, type, source, status, currency, occurred_at)
         SELECT {}, FALSE, 'in_more' || n, 'purchase', 'stripe', 'unattributed', 'usd', now() - n * INTERVAL '1 hour'
         FROM generate_series(1, 1200) n",
        owner.realm.project
    )))
    .execute(&pool)
    .await
    .unwrap();
    for list in LISTS.iter().filter(|list| list.cursors) {
        let json = api.get(&owner, &format!("{}?limit=500", list.path)).send().await;
        for query in std::iter::once("").chain(list.filters.iter().map(|(filter, _)| *filter)) {
            // Where a page begins does not count.
            let path = format!("{}?{query}&limit=1&offset=1", list.path);
            let csv = api.get(&owner, &path).header("Accept", "text/csv").send().await;
            assert_eq!(csv.status, 200, "{path}: {}", csv.text);
            assert!(csv.header("content-type").starts_with("text/csv"), "{:?}", csv.headers);
            assert!(csv.header("content-disposition").starts_with("attachment"));
            let all = rows(&csv.text);
            let total = api.get(&owner, &format!("{}?{query}&limit=1", list.path)).send().await;
            let total = total.body["pagination"]["total"].as_u64().unwrap();
            assert_eq!(u64::try_from(all.len()).unwrap(), total + 1, "{path}");
            let column = all[0].iter().position(|name| name == "id").unwrap();
            let ids: BTreeSet<&String> = all[1..].iter().map(|row| &row[column]).collect();
            assert_eq!(ids.len(), all.len() - 1, "each row once: {path}");
        }
        let first = json.data(200)[0].as_object().unwrap();
        let csv = api.get(&owner, list.path).header("Accept", "text/csv").send().await;
        let all = rows(&csv.text);
        for (name, value) in first {
            let column = all[0].iter().position(|column| column == name);
            let column = column.unwrap_or_else(|| panic!("{} has no column {name}", list.path));
            let expected = match value {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                Value::Array(_) | Value::Object(_) => continue,
                other => other.to_string(),
            };
            assert_eq!(all[1][column], expected, "{} {name}", list.path);
        }
    }
}

#[test]
fn every_list_that_is_documented_has_csv() {
    for operation in operations().iter().filter(|operation| operation.query().contains("cursor")) {
        assert!(operation.answers("text/csv"), "{}", operation.name());
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_cell_is_no_formula_and_a_wrong_filter_is_refused_as_ever(pool: PgPool) {
    let (api, owner) = (start(&pool).await, project(&pool).await);
    let body = r#"{"email": "ann@example.com", "partner_slug": "=cmd|' /C calc'!A0"}"#;
    api.post(&owner, "/api/v1/affiliates", body).send().await.data(201);
    let csv = api.get(&owner, "/api/v1/affiliates").header("Accept", "text/csv").send().await;
    assert!(csv.text.contains(",'=cmd|"), "{}", csv.text);
    let refused = api.get(&owner, "/api/v1/affiliates?status=odd").header("Accept", "text/csv").send().await;
    refused.error(400, "invalid_parameters");
}
