//! A month's payouts with the commands that a finance person types.

use anyhow::Result;
use cli::demo::history;
use serde_json::{Value, json};
use tests::{
    deployment::{self, Deployment},
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

/// Some members of each object of a list.
fn pick(list: &Value, members: &[&str]) -> Value {
    let objects = list.as_array().cloned().unwrap_or_default();
    let row = |object: &Value| members.iter().map(|member| object[member].clone()).collect::<Value>();
    objects.iter().map(row).collect()
}

#[tokio::test]
async fn a_month_is_collected_exported_paid_and_told() -> Result<()> {
    on_settled_history(async |deployment| {
        let create =
            ["payout", "create", "--project", "1", "--minimum", "34.00usd", "--idempotency-key", "first"];
        let made = ask(deployment, &create).await?;
        assert_eq!(
            pick(&made["payouts"], &["affiliate", "currency", "amount"]),
            json!([
                ["anna@studio.example", "jpy", 2_400],
                ["anna@studio.example", "usd", 4_830],
                ["ben@podcast.example", "eur", 3_380],
                ["ben@podcast.example", "usd", 3_540],
            ])
        );
        assert_eq!(
            pick(&made["carried_over"], &["affiliate", "amount", "why"]),
            json!([["cleo@letters.example", 3_360, "below_minimum"]])
        );
        let again = ask(deployment, &create).await?;
        assert_eq!((&again["repeated"], &again["payouts"]), (&json!(true), &made["payouts"]));
        let other =
            command(deployment, &["payout", "create", "--project", "1", "--idempotency-key", "first"]);
        assert!(other.await.unwrap_err().to_string().contains("take a new key"));

        let export = ["payout", "export", "--project", "1", "--format", "paypal"];
        let mixed = command(deployment, &export).await.unwrap_err().to_string();
        assert!(mixed.contains("PayPal takes one currency in a file"), "{mixed}");
        let yen = command(deployment, &[&export[..], &["--currency", "jpy"]].concat()).await?;
        assert_eq!(
            yen.trim(),
            "anna@studio.example,2400,JPY,tributary-1,\"Affiliate commission, payout 1\",PAYPAL"
        );

        let paid = ask(deployment, &["payout", "mark-paid", "--batch", "1", "--reference", "PP-1"]).await?;
        assert_eq!(pick(&paid, &["status"]), json!([["paid"], ["paid"], ["paid"], ["paid"]]));
        ask(deployment, &["verify"]).await?;
        let replayed = ask(deployment, &["replay", "--project", "1"]).await?;
        assert_eq!(replayed["ledger_entries"], 0);
        assert_eq!(replayed["digest_before"], replayed["digest_after"]);

        let statement =
            ["statement", "--project", "1", "--affiliate", "ben@podcast.example", "--currency", "usd"];
        let told = ask(deployment, &statement).await?;
        let dollars = &told["currencies"][0];
        assert_eq!((&dollars["opening"], &dollars["closing"]), (&json!(0), &json!(0)));
        let last =
            dollars["entries"].as_array().and_then(|entries| entries.last()).cloned().unwrap_or_default();
        assert_eq!((&last["amount"], &last["reason"]), (&json!(-3_540), &json!("PP-1")));
        let sheet = command(deployment, &[&statement[..], &["--csv"]].concat()).await?;
        assert!(
            sheet.lines().any(|line| line.contains("closing balance") && line.ends_with(",0.00")),
            "{sheet}"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_canceled_payout_is_due_again_and_a_file_is_never_overwritten() -> Result<()> {
    on_settled_history(async |deployment| {
        let create = |key| {
            [
                "payout",
                "create",
                "--project",
                "1",
                "--affiliate",
                "cleo@letters.example",
                "--idempotency-key",
                key,
            ]
        };
        ask(deployment, &create("one")).await?;
        let directory = tempfile::tempdir()?;
        let file = directory.path().join("june.csv").to_string_lossy().into_owned();
        let export = ["payout", "export", "--project", "1", "--format", "csv", "--out", &file];
        command(deployment, &export).await?;
        let written = std::fs::read_to_string(&file)?;
        assert!(written.contains("cleo@letters.example,33.60,USD,tributary-1"), "{written}");
        assert!(command(deployment, &export).await.unwrap_err().to_string().contains("cannot write"));
        let export = ["payout", "export", "--project", "1", "--format", "csv", "--out", "-"];
        assert_eq!(
            command(deployment, &export).await?.trim_end(),
            written.trim_end(),
            "`-` is standard output"
        );
        assert!(!std::path::Path::new("-").exists(), "a file called `-` was made");
        let export = ["payout", "export", "--project", "1", "--format", "csv", "--batch", "77"];
        let refused = command(deployment, &export).await.unwrap_err().to_string();
        assert!(refused.contains("no payout of batch 77 of project 1 in test mode is open"), "{refused}");

        ask(deployment, &["payout", "cancel", "1", "--reason", "wrong account", "--actor", "fay"]).await?;
        let refused =
            command(deployment, &["payout", "mark-paid", "1", "--reference", "X"]).await.unwrap_err();
        assert!(refused.to_string().contains("payout 1 is canceled"), "{refused}");
        ask(deployment, &create("two")).await?;
        let listed = ask(deployment, &["payout", "list", "--project", "1"]).await?;
        assert_eq!(
            pick(&listed, &["payout_id", "status", "amount", "reason", "closed_by"]),
            json!([[2, "open", 3_360, null, null], [1, "canceled", 3_360, "wrong account", "fay"]])
        );
        let shown = ask(deployment, &["payout", "show", "2"]).await?;
        let sum: i64 =
            shown["items"].as_array().into_iter().flatten().filter_map(|item| item["amount"].as_i64()).sum();
        assert_eq!(sum, 3_360);
        Ok(())
    })
    .await
}
