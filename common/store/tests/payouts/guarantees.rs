//! What the database refuses, and what `verify` finds when somebody gets round that.

use crate::support::{Books, command, posted};
use sqlx::AssertSqlSafe;
use store::PgPool;
use store::payouts::Created;

/// Anna's two conversions are in a paid payout, Ben's in an open one; a third of Anna's is due.
async fn with_payouts(pool: PgPool) -> (Books, Created) {
    let books = Books::open(pool, 0).await;
    let (anna, ben) = (books.anna, books.ben);
    let sales = [posted(1, anna, 700), posted(2, anna, 300), posted(3, ben, 500)];
    books.settle_commands(&sales.map(|sale| command(&sale, 0))).await;
    let created = books.create("one").await;
    books.mark_paid(&[created.payouts[0].id], "R").await.unwrap();
    books.settle_commands(&[command(&posted(4, anna, 100), 0)]).await;
    assert_eq!(books.broken().await, [""; 0]);
    (books, created)
}

async fn refusal(pool: &PgPool, sql: &str) -> String {
    let mut transaction = pool.begin().await.unwrap();
    let done = match sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *transaction).await {
        Ok(_) => transaction.commit().await,
        Err(error) => Err(error),
    };
    done.err().unwrap_or_else(|| panic!("not refused: {sql}")).to_string()
}

#[sqlx::test(migrations = "../../migrations")]
async fn what_is_posted_or_frozen_cannot_be_changed(pool: PgPool) {
    let (books, _) = with_payouts(pool).await;
    for (sql, why) in [
        ("UPDATE ledger_entries SET amount_minor = amount_minor + 1", "append-only"),
        ("DELETE FROM ledger_entries", "append-only"),
        ("TRUNCATE ledger_entries", "append-only"),
        ("UPDATE payouts SET amount_minor = amount_minor + 1", "is frozen"),
        (
            "UPDATE payouts SET status = 'canceled', paid_at = NULL, reference = NULL, cancel_reason = 'x' WHERE status = 'paid'",
            "is frozen",
        ),
        ("UPDATE payouts SET status = 'open'", "is frozen"),
        ("DELETE FROM payouts", "append-only"),
        ("TRUNCATE payouts CASCADE", "append-only"),
        ("UPDATE payout_items SET amount_minor = amount_minor + 1", "are frozen"),
        ("UPDATE payout_items SET open = TRUE WHERE NOT open", "are frozen"),
        ("DELETE FROM payout_items", "append-only"),
        ("TRUNCATE payout_items CASCADE", "append-only"),
    ] {
        let refused = refusal(&books.pool, sql).await;
        assert!(refused.contains(why), "{sql}: {refused}");
    }
    books.is_sound().await;
}

/// Another entry for the conversion that earned 7.00, which are paid.
fn entry(columns: &str) -> String {
    format!(
        "INSERT INTO ledger_entries (project_id, livemode, conversion_id, affiliate_id, currency, from_account, to_account, amount_minor, cause, payout_id)
         SELECT project_id, livemode, conversion_id, affiliate_id, currency, {columns} FROM ledger_entries WHERE cause = 'earned' AND amount_minor = 700"
    )
}

#[sqlx::test(migrations = "../../migrations")]
async fn an_entry_that_breaks_the_ledger_is_refused(pool: PgPool) {
    let (books, created) = with_payouts(pool).await;
    let open = created.payouts[1].id;
    for (columns, why) in [
        ("'payable', 'payable', 5, 'x', NULL".to_owned(), "ledger_entries_check"),
        ("'payable', 'nowhere', 5, 'x', NULL".to_owned(), "ledger_entries_to_account_check"),
        ("'payable', 'held', 0, 'x', NULL".to_owned(), "ledger_entries_amount_minor_check"),
        ("'payable', 'held', -5, 'x', NULL".to_owned(), "ledger_entries_amount_minor_check"),
        ("'expense', 'payable', 1000000000000001, 'x', NULL".to_owned(), "ledger_entries_amount_bound"),
        ("'payable', 'held', NULL, 'x', NULL".to_owned(), "null value"),
        ("'payable', 'clawback', 701, 'x', NULL".to_owned(), "than was earned"),
        ("'payable', 'held', 701, 'x', NULL".to_owned(), "than was earned"),
        ("'payable', 'expense', 701, 'x', NULL".to_owned(), "than was earned"),
        ("'clawback', 'payable', 1, 'x', NULL".to_owned(), "than was earned"),
        (format!("'expense', 'payable', 5, 'x', {}", created.payouts[0].id), "ledger_entries_payout_check"),
        (format!("'payable', 'paid', 700, 'x', {}", created.payouts[0].id), "ledger_entries_payout_key"),
        (format!("'payable', 'paid', 700, 'x', {open}"), "ledger_entries_payout_fkey"),
    ] {
        let refused = refusal(&books.pool, &entry(&columns)).await;
        assert!(refused.contains(why), "{columns}: {refused}");
    }
    let held = "UPDATE conversions SET held_minor = commission_minor + 1 WHERE commission_minor = 700";
    assert!(refusal(&books.pool, held).await.contains("conversions_held_check"));
    books.is_sound().await;
}

#[sqlx::test(migrations = "../../migrations")]
async fn a_payout_that_is_not_its_items_is_refused(pool: PgPool) {
    let (books, created) = with_payouts(pool).await;
    let open = created.payouts[1].id;
    let batch = "INSERT INTO payout_batches (project_id, livemode, idempotency_key, request, as_of, carried_over, actor)
                 SELECT project_id, livemode, 'k', request, as_of, carried_over, actor FROM payout_batches;
                 INSERT INTO payouts (batch_id, project_id, livemode, affiliate_id, currency, amount_minor, items_sha256)
                 SELECT (SELECT max(id) FROM payout_batches), project_id, livemode, affiliate_id, currency, 100, items_sha256
                 FROM payouts WHERE status = 'paid';";
    let item = |minor: i64, conversion: i64| {
        format!(
            "INSERT INTO payout_items (payout_id, conversion_id, affiliate_id, currency, amount_minor)
             SELECT max(p.id), {conversion}, {}, 'usd', {minor} FROM payouts p;",
            books.anna
        )
    };
    let due: i64 = sqlx::query_scalar("SELECT id FROM conversions WHERE commission_minor = 100")
        .fetch_one(&books.pool)
        .await
        .unwrap();
    for sql in [
        batch.to_owned(),
        format!("{batch}{}", item(99, due)),
        format!("{batch}{}{}", item(100, due), item(5, due - 1)),
        format!(
            "INSERT INTO payout_items (payout_id, conversion_id, affiliate_id, currency, amount_minor) VALUES ({open}, {due}, {}, 'usd', 5)",
            books.ben
        ),
    ] {
        let refused = refusal(&books.pool, &sql).await;
        assert!(refused.contains("is not the sum of its items"), "{sql}: {refused}");
    }
    let of_another = format!(
        "INSERT INTO payout_items (payout_id, conversion_id, affiliate_id, currency, amount_minor) VALUES ({open}, {due}, {}, 'usd', 5)",
        books.anna
    );
    assert!(refusal(&books.pool, &of_another).await.contains("payout_items_payout_fkey"));
    books.is_sound().await;
}

/// What is done with the guards off, and the rule that it breaks.
const DAMAGE: [(&str, &str); 15] = [
    (
        "UPDATE payout_items SET amount_minor = amount_minor + 1 WHERE open",
        "a payout is the sum of its items",
    ),
    ("DELETE FROM payout_items WHERE open", "a payout is the sum of its items"),
    (
        "UPDATE payouts SET amount_minor = amount_minor + 1 WHERE status = 'open'; UPDATE payout_items SET amount_minor = amount_minor + 1 WHERE open",
        "a payout's rows are as they were frozen",
    ),
    (
        "UPDATE payout_items SET amount_minor = CASE amount_minor WHEN 700 THEN 600 ELSE 400 END WHERE NOT open",
        "a payout's rows are as they were frozen",
    ),
    (
        "UPDATE ledger_entries SET amount_minor = amount_minor + 1 WHERE payout_id IS NOT NULL",
        "the ledger has one entry for each item of a paid payout, and none of another",
    ),
    (
        "DELETE FROM ledger_entries WHERE payout_id IS NOT NULL AND amount_minor = 300",
        "the ledger has one entry for each item of a paid payout, and none of another",
    ),
    (
        "UPDATE payouts SET status = 'open', closed_at = NULL, closed_by = NULL, paid_at = NULL, reference = NULL WHERE status = 'paid'",
        "the ledger has one entry for each item of a paid payout, and none of another",
    ),
    ("UPDATE payout_items SET open = FALSE", "an open payout's items are open, and no others"),
    (
        "INSERT INTO payout_items (payout_id, conversion_id, affiliate_id, currency, amount_minor)
         SELECT payout_id + 1, conversion_id, affiliate_id, currency, 1 FROM payout_items WHERE amount_minor = 700",
        "payouts pay no more of a payment than it earned",
    ),
    (
        "UPDATE payouts SET livemode = TRUE",
        "a payout, its affiliate and its conversions are of one project and mode",
    ),
    (
        "UPDATE conversions SET paid_out_minor = 0",
        "what payouts paid of a conversion is what the ledger says",
    ),
    (
        "INSERT INTO said_paid (project_id, livemode, event_id, conversion_id, affiliate_id, currency, amount_minor, last_payout)
         SELECT project_id, livemode, 'x', id, affiliate_id, currency, 5, 0 FROM conversions WHERE commission_minor = 100",
        "what callers said is paid is what the ledger says, less what payouts had paid",
    ),
    (
        "UPDATE conversions SET affiliate_id = (SELECT max(id) FROM affiliates) WHERE commission_minor = 100",
        "nobody earns from a conversion but its affiliate, in its currency",
    ),
    (
        "UPDATE ledger_entries SET amount_minor = amount_minor + 1 WHERE from_account = 'expense'",
        "the ledger says of each conversion what its row says",
    ),
    // The same number in another currency is another amount.
    (
        "UPDATE ledger_entries SET currency = 'eur'
         WHERE payout_id IS NULL AND conversion_id = (SELECT id FROM conversions WHERE commission_minor = 100)",
        "the ledger says of each conversion what its row says",
    ),
];

#[sqlx::test(migrations = "../../migrations")]
async fn verify_finds_what_got_round_the_guards(pool: PgPool) {
    let (books, _) = with_payouts(pool).await;
    for (damage, rule) in DAMAGE {
        let before = dump(&books.pool).await;
        sqlx::raw_sql(AssertSqlSafe(format!(
            "SET session_replication_role = replica; {damage}; SET session_replication_role = DEFAULT;"
        )))
        .execute(&books.pool)
        .await
        .unwrap();
        let found = books.broken().await;
        assert!(found.contains(&rule), "{damage}: {found:?}");
        sqlx::raw_sql(AssertSqlSafe(before)).execute(&books.pool).await.unwrap();
        assert_eq!(books.broken().await, [""; 0], "mended after {damage}");
    }
}

/// Statements that put the tables back as they are.
async fn dump(pool: &PgPool) -> String {
    let mut statements = "SET session_replication_role = replica;".to_owned();
    for table in ["ledger_entries", "payout_items", "payouts", "conversions", "said_paid"] {
        let rows: String = sqlx::query_scalar(AssertSqlSafe(format!(
            "SELECT coalesce(json_agg(t), '[]')::TEXT FROM {table} t"
        )))
        .fetch_one(pool)
        .await
        .unwrap();
        let rows = rows.replace('\'', "''");
        let put_back = format!(
            "DELETE FROM {table};
             INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT * FROM json_populate_recordset(NULL::{table}, '{rows}');"
        );
        statements.push_str(&put_back);
    }
    statements + "SET session_replication_role = DEFAULT;"
}
