//! What a database of before keeps of customers whose ids look like other objects'.

use sqlx::raw_sql;
use store::PgPool;

const RENAMED: &str = include_str!("../../../migrations/0016_customer_ids.sql");

/// Facts, keys and customers as they were written when a key was guessed from its first letters.
const BEFORE: &str = r#"
    INSERT INTO projects (id, name) OVERRIDING SYSTEM VALUE VALUES (1, 'old');
    INSERT INTO facts (project_id, livemode, natural_key, cluster_id, keep_first, rank, occurred_at, event_id,
                       received_at, links, body)
    SELECT 1, FALSE, natural_key, 1, FALSE, 0, now(), 'evt_1', now(), links::JSONB, body::JSONB
    FROM (VALUES
        ('invoice:in_1', '["in_1", "ch_annel-5"]', '{"fact": "invoice", "invoice": "in_1", "customer": "ch_annel-5"}'),
        ('invoice:in_2', '["in_2", "user-42"]', '{"fact": "invoice", "invoice": "in_2", "customer": "user-42"}'),
        ('customer:ch_annel-5', '["ch_annel-5"]', '{"fact": "customer", "customer": "ch_annel-5"}'),
        ('touch:ch_annel-5:metadata:ANNA', '["ch_annel-5"]',
         '{"fact": "touch", "on": "customer", "object": "ch_annel-5"}'),
        ('touch:ch_1:metadata:ANNA', '["ch_1"]', '{"fact": "touch", "on": "charge", "object": "ch_1"}'),
        ('alias:in_1:pi_1', '["in_1", "pi_1", "ch_annel-5"]', '{"fact": "alias", "objects": ["in_1", "pi_1"]}'),
        ('charge:ch_1', '["ch_1", "acct_1/in_x"]', '{"fact": "charge", "charge": "ch_1", "customer": "acct_1/in_x"}')
    ) AS told (natural_key, links, body);
    INSERT INTO identity_keys (project_id, livemode, key, cluster_id)
    SELECT 1, FALSE, unnest(ARRAY['in_1', 'in_2', 'ch_annel-5', 'user-42', 'ch_1', 'acct_1/in_x']), 1;
    INSERT INTO customers (project_id, livemode, cluster_id, anchor, status, first_seen_at)
    VALUES (1, FALSE, 1, 'ch_annel-5', 'direct', now());
"#;

#[sqlx::test(migrations = "../../migrations")]
async fn a_customer_whose_id_looks_like_another_objects_is_found_under_its_new_key(pool: PgPool) {
    raw_sql(BEFORE).execute(&pool).await.unwrap();
    // Run twice, it finds nothing more to do.
    for _ in 0..2 {
        let mut transaction = pool.begin().await.unwrap();
        raw_sql(RENAMED).execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
    }
    let texts =
        async |sql: &'static str| -> Vec<String> { sqlx::query_scalar(sql).fetch_all(&pool).await.unwrap() };
    let facts = texts(
        r"SELECT natural_key || ' ' || links || ' ' || coalesce(body ->> 'customer', body ->> 'object', '')
           FROM facts ORDER BY natural_key",
    );
    assert_eq!(
        facts.await,
        [
            r#"alias:in_1:pi_1 ["in_1", "pi_1", "customer:ch_annel-5"] "#,
            r#"charge:ch_1 ["ch_1", "acct_1/customer:in_x"] acct_1/customer:in_x"#,
            r#"customer:customer:ch_annel-5 ["customer:ch_annel-5"] customer:ch_annel-5"#,
            r#"invoice:in_1 ["in_1", "customer:ch_annel-5"] customer:ch_annel-5"#,
            r#"invoice:in_2 ["in_2", "user-42"] user-42"#,
            r#"touch:ch_1:metadata:ANNA ["ch_1"] ch_1"#,
            r#"touch:customer:ch_annel-5:metadata:ANNA ["customer:ch_annel-5"] customer:ch_annel-5"#,
        ]
    );
    assert_eq!(
        texts("SELECT key FROM identity_keys ORDER BY key").await,
        ["acct_1/customer:in_x", "ch_1", "customer:ch_annel-5", "in_1", "in_2", "user-42"]
    );
    assert_eq!(texts("SELECT anchor FROM customers").await, ["customer:ch_annel-5"]);
}
