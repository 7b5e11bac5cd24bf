//! People decide by the command line; the workers settle it, and a replay has it.

use anyhow::{Context as _, Result, ensure};
use cli::demo::history;
use serde_json::{Value, json};
use tests::{
    deployment::{self, Deployment},
    processes::command,
    stores::Backend,
    stripe,
    wait::until,
};

/// Runs a test on the settled history of the demo, with a worker.
async fn on_settled_history(
    backend: Backend,
    test: impl AsyncFnOnce(&Deployment) -> Result<()>,
) -> Result<()> {
    deployment::on(backend, async |deployment| {
        let (api, api_role) = deployment.api().await?;
        let worker = deployment.worker();
        let entered = deployment.programme().await?;
        let events = history::events();
        stripe::post_all(&stripe::client()?, api, &entered, &history::deliveries(&events)).await?;
        deployment.settled(entered.realm, events.len()).await?;
        let done = test(deployment).await;
        api_role.stop().await?;
        worker.stop().await?;
        done
    })
    .await
}

async fn ask(deployment: &Deployment, arguments: &str) -> Result<Value> {
    let arguments: Vec<&str> = arguments.split(' ').chain(["--json"]).collect();
    Ok(serde_json::from_str(&command(deployment, &arguments).await?)?)
}

/// What a decision takes beside its subject.
const BY_DANA: &str = "--project 1 --actor dana --reason checked --wait";

async fn affiliate(deployment: &Deployment, code: &str) -> Result<i64> {
    let id = sqlx::query_scalar("SELECT id FROM affiliates WHERE referral_code = $1").bind(code);
    Ok(id.fetch_one(&deployment.pool).await?)
}

/// Replays and sees that nothing was missing.
async fn replay_changes_nothing(deployment: &Deployment) -> Result<()> {
    let replayed = ask(deployment, "replay --project 1").await?;
    assert_eq!((&replayed["changed_conversions"], &replayed["ledger_entries"]), (&json!(0), &json!(0)));
    assert_eq!(replayed["digest_before"], replayed["digest_after"]);
    ask(deployment, "verify").await?;
    Ok(())
}

async fn a_lock_moves_every_payment(backend: Backend) -> Result<()> {
    on_settled_history(backend, async |deployment| {
        let before = ask(deployment, "digest").await?;
        let cleo = affiliate(deployment, "CLEO").await?;
        let locked =
            ask(deployment, &format!("customer lock otis@parker.example --affiliate {cleo} {BY_DANA}"))
                .await?;
        assert_eq!(json!([locked["settled"], locked["subject"]]), json!([true, "email:otis@parker.example"]));
        let stories = ask(deployment, "explain email:otis@parker.example").await?;
        let stories = stories.as_array().context("a list")?;
        assert!(!stories.is_empty());
        for story in stories {
            assert_eq!(story["attribution"]["affiliate"], cleo);
            let decision = story["explanation"]["decision"].as_str().unwrap_or_default();
            assert!(decision.contains(&format!("locked to affiliate {cleo} by dana on ")), "{decision}");
            assert!(decision.ends_with("because \"checked\""), "{decision}");
        }
        replay_changes_nothing(deployment).await?;

        ask(deployment, &format!("customer unlock otis@parker.example {BY_DANA}")).await?;
        assert_eq!(ask(deployment, "digest").await?, before, "as if it had never been locked");
        replay_changes_nothing(deployment).await
    })
    .await
}

#[tokio::test]
async fn a_lock_moves_every_payment_of_a_customer_and_its_release_moves_them_back_on_postgres() -> Result<()>
{
    a_lock_moves_every_payment(Backend::Postgres).await
}

#[tokio::test]
async fn a_lock_moves_every_payment_of_a_customer_and_its_release_moves_them_back_on_rabbitmq() -> Result<()>
{
    a_lock_moves_every_payment(Backend::RabbitMq).await
}

#[tokio::test]
async fn a_commission_is_held_rejected_and_released_and_the_ledger_follows() -> Result<()> {
    on_settled_history(Backend::Postgres, async |deployment| {
        let before = ask(deployment, "digest").await?;
        let (id, payment, commission): (i64, String, i64) = sqlx::query_as(
            "SELECT id, payment_key, commission_minor FROM conversions
             WHERE status = 'attributed' AND clawed_back_minor = 0 AND held_minor = 0 AND commission_minor > 0
             ORDER BY id LIMIT 1",
        )
        .fetch_one(&deployment.pool)
        .await?;
        let story = async || anyhow::Ok(ask(deployment, &format!("explain {id}")).await?[0].clone());
        let payable = async || -> Result<i64> {
            let sum = "SELECT coalesce(sum(amount_minor), 0)::BIGINT FROM ledger_postings
                       WHERE account = 'payable' AND conversion_id = $1";
            Ok(sqlx::query_scalar(sum).bind(id).fetch_one(&deployment.pool).await?)
        };
        ask(deployment, &format!("conversion hold {id} {BY_DANA}")).await?;
        let held = story().await?;
        assert_eq!(json!([held["status"], held["held"]]), json!(["held", commission]));
        assert_eq!(payable().await?, 0);
        ask(deployment, &format!("conversion reject {payment} {BY_DANA}")).await?;
        let rejected = story().await?;
        assert_eq!(
            json!([rejected["status"], rejected["commission"], rejected["held"]]),
            json!(["rejected", 0, 0])
        );
        assert!(rejected["reason"].as_str().unwrap_or_default().starts_with("rejected by dana on "));
        replay_changes_nothing(deployment).await?;
        ask(deployment, &format!("conversion release {payment} {BY_DANA}")).await?;
        assert_eq!(story().await?["commission"], commission);
        assert_eq!((payable().await?, ask(deployment, "digest").await?), (commission, before));
        replay_changes_nothing(deployment).await
    })
    .await
}

#[tokio::test]
async fn new_rules_judge_again_what_they_cover_and_nothing_else() -> Result<()> {
    on_settled_history(Backend::Postgres, async |deployment| {
        let rules = async || -> Result<Vec<(i32, i64)>> {
            until("nothing is on the queue", async || {
                ensure!(deployment.queued_in_database().await? == 0, "something is");
                Ok(())
            })
            .await?;
            let by_version =
                "SELECT r.version, count(*) FROM conversions c JOIN program_rules r ON r.id = c.rule_id
                              GROUP BY r.version ORDER BY r.version";
            Ok(sqlx::query_as(by_version).fetch_all(&deployment.pool).await?)
        };
        let all = rules().await?[0].1;
        let middle: String = sqlx::query_scalar(
            "SELECT to_char(percentile_disc(0.5) WITHIN GROUP (ORDER BY occurred_at) AT TIME ZONE 'UTC',
                            'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') FROM conversions",
        )
        .fetch_one(&deployment.pool)
        .await?;
        let digest = ask(deployment, "digest").await?;
        ask(deployment, &format!("project update 1 --commission 33% --from {middle}")).await?;
        let split = rules().await?;
        assert_eq!(split.iter().map(|(version, _)| *version).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(split.iter().map(|(_, count)| count).sum::<i64>(), all);
        let changed = ask(deployment, "digest").await?;
        assert_ne!(changed, digest);
        replay_changes_nothing(deployment).await?;

        ask(deployment, "project update 1 --commission 50% --from 2999-01-01T00:00:00Z").await?;
        assert_eq!((rules().await?, ask(deployment, "digest").await?), (split, changed));
        replay_changes_nothing(deployment).await
    })
    .await
}

#[tokio::test]
async fn a_decision_on_what_does_not_exist_is_refused_and_keeps_nothing() -> Result<()> {
    on_settled_history(Backend::Postgres, async |deployment| {
        for (arguments, refusal) in [
            ("conversion hold 999999", "no conversion 999999"),
            ("conversion hold in_unknown", "knows no payment in_unknown"),
            ("conversion reject cus_unknown", "knows no payment cus_unknown"),
            ("customer lock cus_unknown --affiliate none", "say --mode"),
            ("customer lock cus_unknown --affiliate 999999 --mode test", "no affiliate 999999"),
            ("customer lock in_1 --affiliate none", "is a payment"),
            ("customer unlock cus_unknown", "nothing is known of cus_unknown"),
        ] {
            let arguments = format!("{arguments} --project 1 --actor dana --reason checked");
            let failed = ask(deployment, &arguments).await.unwrap_err().to_string();
            assert!(failed.contains(refusal), "{refusal:?} is missing in\n{failed}");
        }
        let kept: i64 =
            sqlx::query_scalar("SELECT count(*) FROM decisions").fetch_one(&deployment.pool).await?;
        assert_eq!(kept, 0);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_goes_to_a_queue_that_no_worker_reads_is_kept_and_fails_with_what_is_wrong() -> Result<()> {
    on_settled_history(Backend::Postgres, async |deployment| {
        let before = ask(deployment, "digest").await?;
        for (arguments, kept) in [
            ("project update 1 --commission 33% --from 2020-01-01T00:00:00Z", "the rules hold from now on"),
            (
                &*format!("customer lock otis@parker.example --affiliate none {BY_DANA} 1"),
                "decision 1 has no effect yet",
            ),
        ] {
            let arguments = format!("{arguments} --queue-prefix elsewhere");
            let failed = ask(deployment, &arguments).await.unwrap_err().to_string();
            for part in
                [kept, r#"waits on the queue \"elsewhere\""#, "(QUEUE_PREFIX) has to be that of the workers"]
            {
                assert!(failed.contains(part), "{part:?} is missing in\n{failed}");
            }
        }
        assert_eq!(ask(deployment, "digest").await?, before);
        // What is kept there is nobody's any more.
        let left = sqlx::query("DELETE FROM queue_messages WHERE queue = 'elsewhere'");
        ensure!(left.execute(&deployment.pool).await?.rows_affected() > 0, "nothing was kept");
        Ok(())
    })
    .await
}
