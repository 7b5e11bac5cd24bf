//! The ledger can be rebuilt from the raw events, other rules be tried on them, and its soundness be
//! checked (ARCHITECTURE, promise 5).

use ::stripe::sample::{Sample, Version};
use anyhow::Result;
use cli::demo::history;
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
        let (api, api_role) = deployment.api().await?;
        let worker = deployment.worker();
        let entered = deployment.programme().await?;
        let events = history::events();
        stripe::post_all(&stripe::client()?, api, &entered, &history::deliveries(&events)).await?;
        deployment.settled(entered.realm, events.len()).await?;
        api_role.stop().await?;
        worker.stop().await?;
        test(deployment).await
    })
    .await
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
