//! The ledger can be rebuilt from the raw events, other rules be tried on them, and its soundness be
//! checked (ARCHITECTURE, promise 5).

use ::stripe::sample::{Sample, Version};
use anyhow::Result;
use cli::demo::{history, programme::Entered};
use serde_json::{Value, json};
use tests::{
    deployment::{self, Deployment},
    ledger,
    processes::command,
    stores::Backend,
    stripe,
};

/// Runs a test on the settled history of the demo. Its project's id is 1.
async fn on_settled_history(test: impl AsyncFnOnce(&Deployment) -> Result<()>) -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        deliver(deployment, &deployment.programme().await?).await?;
        test(deployment).await
    })
    .await
}

/// Starts an api and a worker, posts the demo's history to them, and stops them when it is settled.
async fn deliver(deployment: &Deployment, entered: &Entered) -> Result<()> {
    let (api, api_role) = deployment.api().await?;
    let worker = deployment.worker();
    let events = history::events();
    stripe::post_all(&stripe::client()?, api, entered, &history::deliveries(&events)).await?;
    deployment.settled(entered.realm, events.len()).await?;
    deployment.drained().await?;
    api_role.stop().await?;
    worker.stop().await
}

async fn ask(deployment: &Deployment, arguments: &[&str]) -> Result<Value> {
    Ok(serde_json::from_str(&command(deployment, &[arguments, &["--json"]].concat()).await?)?)
}

#[tokio::test]
async fn a_replay_of_a_sound_ledger_changes_nothing() -> Result<()> {
    on_settled_history(async |deployment| {
        let digest = ask(deployment, &["digest", "--project", "1"]).await?["digest"].clone();
        let replayed = ask(deployment, &["replay", "--project", "1"]).await?;
        assert_eq!(replayed["events"], history::events().len());
        assert_eq!((&replayed["changed_conversions"], &replayed["ledger_entries"]), (&json!(0), &json!(0)));
        assert_eq!((&replayed["digest_before"], &replayed["digest_after"]), (&digest, &digest));
        ask(deployment, &["verify"]).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_replay_mends_what_was_changed_by_hand_and_a_dry_run_keeps_nothing() -> Result<()> {
    on_settled_history(async |deployment| {
        let sound = ask(deployment, &["digest"]).await?["digest"].clone();
        sqlx::raw_sql(
            "DELETE FROM facts WHERE natural_key LIKE 'invoice:%';
             UPDATE conversions SET commission_minor = commission_minor + 1 WHERE affiliate_id IS NOT NULL;
             UPDATE customers SET user_email = NULL;",
        )
        .execute(&deployment.pool)
        .await?;
        let found = ask(deployment, &["verify"]).await.unwrap_err().to_string();
        assert!(found.contains("rules of the ledger are broken"), "{found}");
        let damaged = ask(deployment, &["digest"]).await?["digest"].clone();
        assert_ne!(damaged, sound);

        ask(deployment, &["replay", "--dry-run"]).await?;
        assert_eq!(ask(deployment, &["digest"]).await?["digest"], damaged);
        ask(deployment, &["replay", "--project", "1"]).await?;
        assert_eq!(ask(deployment, &["digest"]).await?["digest"], sound);
        ask(deployment, &["verify"]).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn bodies_that_went_to_an_archive_come_back_for_a_replay() -> Result<()> {
    on_settled_history(async |deployment| {
        let digest = ask(deployment, &["digest"]).await?["digest"].clone();
        let directory = tempfile::tempdir()?;
        let file = directory.path().join("events.jsonl").to_string_lossy().into_owned();
        let prune = ["prune", "--events-before", "2999-01-01"];
        let events = json!(history::events().len());
        let bodies = "SELECT coalesce(sum(length(body)), 0)::BIGINT FROM events";
        let size: i64 = sqlx::query_scalar(bodies).fetch_one(&deployment.pool).await?;

        let would = ask(deployment, &[&prune[..], &["--dry-run"]].concat()).await?;
        assert_eq!(would["archived"], json!({"events": events, "bytes": size}));
        let refused = ask(deployment, &prune).await.unwrap_err().to_string();
        assert!(refused.contains("--events-before needs --archive FILE"), "{refused}");
        assert_eq!(sqlx::query_scalar::<_, i64>(bodies).fetch_one(&deployment.pool).await?, size);

        let archived = ask(deployment, &[&prune[..], &["--archive", &file]].concat()).await?;
        assert_eq!(archived["archived"]["events"], events);
        assert_eq!(sqlx::query_scalar::<_, i64>(bodies).fetch_one(&deployment.pool).await?, 0);
        let again = ask(deployment, &[&prune[..], &["--archive", &file]].concat()).await;
        let again = again.unwrap_err().to_string();
        assert!(again.contains("--archive") && again.contains("exists"), "{again}");

        let without = ask(deployment, &["replay"]).await.unwrap_err().to_string();
        assert!(without.contains("its body went to an archive"), "{without}");
        assert!(without.contains("name the file with --archive"), "{without}");
        let replayed = ask(deployment, &["replay", "--archive", &file]).await?;
        assert_eq!((&replayed["events"], &replayed["ledger_entries"]), (&events, &json!(0)));
        assert_eq!((&replayed["digest_before"], &replayed["digest_after"]), (&digest, &digest));

        // A line that says what its event did not have is as good as missing.
        let lines = std::fs::read_to_string(&file)?;
        let mut last: Value = serde_json::from_str(lines.lines().last().unwrap_or_default())?;
        last["body"] = json!("e30=");
        let kept: Vec<&str> = lines.lines().take(history::events().len() - 1).collect();
        std::fs::write(&file, format!("{}\n{last}\n", kept.join("\n")))?;
        let forged = ask(deployment, &["replay", "--archive", &file]).await.unwrap_err().to_string();
        assert!(forged.contains("its body went to an archive"), "{forged}");
        ask(deployment, &["verify"]).await?;
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_archived_event_that_comes_again_changes_nothing() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let entered = deployment.programme().await?;
        deliver(deployment, &entered).await?;
        let digest = ask(deployment, &["digest"]).await?;
        let directory = tempfile::tempdir()?;
        let file = directory.path().join("events.jsonl").to_string_lossy().into_owned();
        ask(deployment, &["prune", "--events-before", "2999-01-01", "--archive", &file]).await?;

        deliver(deployment, &entered).await?;
        assert_eq!(ask(deployment, &["digest"]).await?, digest);
        let bodies = "SELECT count(*) FROM events WHERE body <> ''";
        assert_eq!(sqlx::query_scalar::<_, i64>(bodies).fetch_one(&deployment.pool).await?, 0);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_is_past_its_life_is_pruned_and_nothing_else() -> Result<()> {
    on_settled_history(async |deployment| {
        let rows = "INSERT INTO idempotency_keys (api_key_id, key, request_sha256, locked_until, created_at)
                    SELECT (SELECT min(id) FROM api_keys), 'key-' || hours, sha256('request'), now(), now() - make_interval(hours => hours)
                    FROM unnest(ARRAY[47, 49, 50]) hours";
        sqlx::query(rows).execute(&deployment.pool).await?;
        sqlx::query("UPDATE notifications SET created_at = now() - INTERVAL '91 days', sequence = coalesce(sequence, -id) WHERE id % 2 = 0")
            .execute(&deployment.pool)
            .await?;
        let old: i64 = sqlx::query_scalar("SELECT count(*) FROM notifications WHERE id % 2 = 0")
            .fetch_one(&deployment.pool)
            .await?;
        assert!(old > 0, "the demo's history notifies");
        let digest = ask(deployment, &["digest"]).await?;
        let deleted = json!({"idempotency_keys": 2, "notifications": old, "deliveries": 0, "attempts": 0});
        assert_eq!(ask(deployment, &["prune", "--dry-run"]).await?["deleted"], deleted);
        assert_eq!(ask(deployment, &["prune"]).await?["deleted"], deleted);
        let nothing = json!({"idempotency_keys": 0, "notifications": 0, "deliveries": 0, "attempts": 0});
        assert_eq!(ask(deployment, &["prune"]).await?["deleted"], nothing);
        assert_eq!(ask(deployment, &["digest"]).await?, digest);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn other_rules_are_tried_and_change_nothing() -> Result<()> {
    on_settled_history(async |deployment| {
        let digest = ask(deployment, &["digest"]).await?;
        let directory = tempfile::tempdir()?;
        let file = directory.path().join("rules.json");
        // A quarter in place of a fifth, and the first payment only.
        let rules = json!({"commission": "25%", "recurring": "first"});
        std::fs::write(&file, rules.to_string())?;
        let file = file.to_string_lossy();
        let simulated = ask(deployment, &["simulate", "--project", "1", "--rules", &file]).await?;
        let rows = simulated["affiliates"].as_array().cloned().unwrap_or_default();
        let now: Vec<Value> = rows.iter().map(|row| json!([row["currency"], row["earned"]])).collect();
        assert_eq!(json!(now), json!(ledger::OF_THE_DEMO.map(|(_, currency, sum)| (currency, sum))));
        let then: Vec<&Value> = rows.iter().map(|row| &row["would_have_earned"]).collect();
        // 12000 × 25 %; 49.00 and 19.00; 64.00; 99.00 − 25.00 × 24.75 / 117.81 and 30.00 − 30.00; 108.00 and 60.00.
        assert_eq!(json!(then), json!([3_000, 1_225 + 475, 1_600, 2_475 - 525, 2_700 + 1_500]));
        assert_eq!(ask(deployment, &["digest"]).await?, digest);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_payment_is_explained_in_words_and_in_json() -> Result<()> {
    on_settled_history(async |deployment| {
        let otis: String = sqlx::query_scalar(
            "SELECT stripe_customer_id FROM customers WHERE user_email = 'otis@parker.example'",
        )
        .fetch_one(&deployment.pool)
        .await?;
        let stories = ask(deployment, &["explain", &otis]).await?;
        let first = &stories[0];
        assert_eq!(
            json!([first["commission"], first["taken_back"], first["currency"]]),
            json!([1_980, 420, "usd"])
        );
        assert_eq!(first["explanation"]["candidates"][0]["verdict"], "won");

        let payment = first["payment"].as_str().unwrap_or_default().to_owned();
        let words = command(deployment, &["explain", &payment]).await?;
        for part in ["ben@podcast.example", "a code in metadata \"ben\"", "20% of 99.00 USD", "4.20 USD"] {
            assert!(words.contains(part), "{part:?} is missing in\n{words}");
        }
        let id = first["conversion_id"].to_string();
        assert_eq!(command(deployment, &["explain", &id]).await?, words);
        let nobody = command(deployment, &["explain", "in_unknown"]).await.unwrap_err().to_string();
        assert!(nobody.contains("nothing is known"), "{nobody}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_waits_is_explained_when_it_is_asked_for_by_its_id() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let (api, api_role) = deployment.api().await?;
        let worker = deployment.worker();
        let entered = deployment.programme().await?;
        let http = stripe::client()?;
        let at = "2026-06-01T12:00:00Z".parse()?;
        let sale = Sample { refund_amount: 2_450, ..Sample::new(1, Version::Basil, at) };
        let post = async |body: String| stripe::post(&http, api, &entered, &body).await;

        post(sale.refund_created("succeeded")).await?;
        deployment.settled(entered.realm, 1).await?;
        let words = command(deployment, &["explain", &sale.refund]).await?;
        let waits = format!(
            "refund {} of 24.50 USD takes its share back as soon as its payment is known: it waits for the payment of ",
            sale.refund
        );
        assert!(words.contains(&waits), "{words}");
        assert_eq!(ask(deployment, &["explain", &sale.payment_intent]).await?[0]["kind"], "refund");

        post(sale.invoice_payment_paid()).await?;
        post(sale.invoice_paid()).await?;
        deployment.settled(entered.realm, 3).await?;
        let story = ask(deployment, &["explain", &sale.refund]).await?[0].clone();
        assert_eq!(story["payment"], sale.invoice.as_str(), "the payment tells the refund's story");
        assert_eq!(story["status"], "unattributed");
        let words = command(deployment, &["explain", &sale.refund]).await?;
        assert!(words.contains("nobody earns: no referral code, no affiliate's coupon"), "{words}");
        api_role.stop().await?;
        worker.stop().await
    })
    .await
}

#[tokio::test]
async fn a_seeded_history_is_what_its_events_say_and_goes_on() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let seeded = ask(deployment, &["bench", "seed", "--customers", "250", "--payments", "9"]).await?;
        assert_eq!((&seeded["customers"], &seeded["payments"]), (&json!(300), &json!(2_700)));
        let project = seeded["project_id"].to_string();
        ask(deployment, &["verify"]).await?;
        // The first one writes down of the copies by what it will know them again; the ledger is what the events say.
        let replayed = ask(deployment, &["replay", "--project", &project]).await?;
        assert_eq!(
            (&replayed["events"], &replayed["ledger_entries"]),
            (&json!(3_000), &json!(0)),
            "{replayed}"
        );
        assert_eq!(replayed["digest_before"], replayed["digest_after"]);
        let again = ask(deployment, &["replay", "--project", &project]).await?;
        assert_eq!(
            (&again["changed_conversions"], &again["ledger_entries"]),
            (&json!(0), &json!(0)),
            "{again}"
        );

        // Every fourth customer is the affiliate's: 20 % of 19.00 + 0.70 for each customer before, nine times.
        let earned: i64 = (0..25).map(|fourth| (1_900 + fourth * 4 * 70) / 5 * 9).sum();
        let balance: i64 = sqlx::query_scalar("SELECT sum(payable)::BIGINT FROM ledger_balances")
            .fetch_one(&deployment.pool)
            .await?;
        assert_eq!(balance, 3 * earned);

        let story = ask(deployment, &["explain", "in_seed0000002z4p8"]).await?;
        assert_eq!(story[0]["commission"], (1_900 + 4 * 70) / 5);
        Ok(())
    })
    .await
}
