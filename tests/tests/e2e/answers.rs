//! What each kind of webhook is answered, and what becomes of it (docs/API.md, Stripe's webhooks).

use ::stripe::{
    sample::{Sample, Version},
    signature,
};
use anyhow::{Context, Result, ensure};
use chrono::{TimeDelta, Utc};
use cli::demo::programme::WEBHOOK_SECRET;
use domain::ids::Mode;
use queue::dead_letters::{self, Filter};
use serde_json::Value;
use tests::{deployment, stores::Backend, stripe, wait::until};

fn sale() -> Sample {
    Sample::new(1, Version::Dahlia, Utc::now())
}

#[tokio::test]
async fn what_proves_nothing_is_refused_and_changes_nothing() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let (api, api_role) = deployment.api().await?;
        let entered = deployment.programme().await?;
        let http = stripe::client()?;
        let body = sale().invoice_paid().into_bytes();
        let now = Utc::now();
        let sign = |secret, at, body: &[u8]| Some(signature::sign(secret, at, body));
        let signed = sign(WEBHOOK_SECRET, now, &body);
        let mut changed = body.clone();
        *changed.last_mut().context("an empty body")? ^= 1;
        let huge = vec![b' '; 2 * 1024 * 1024];
        let mut nobody = entered.clone();
        nobody.webhook_path = "/webhooks/stripe/999999".to_owned();

        let cases = [
            ("a changed byte", &entered, &changed, signed.clone(), 400, "invalid_signature"),
            (
                "a stale timestamp",
                &entered,
                &body,
                sign(WEBHOOK_SECRET, now - TimeDelta::seconds(301), &body),
                400,
                "invalid_signature",
            ),
            ("a wrong secret", &entered, &body, sign("whsec_other", now, &body), 400, "invalid_signature"),
            ("no header", &entered, &body, None, 400, "invalid_signature"),
            ("2 MiB", &entered, &huge, sign(WEBHOOK_SECRET, now, &huge), 413, "payload_too_large"),
            ("an unknown project", &nobody, &body, signed, 404, "not_found"),
        ];
        for (case, to, body, signature, status, code) in cases {
            let answer = stripe::post_signed(&http, api, to, body, signature.as_deref()).await?;
            assert_eq!(answer.status(), status, "{case}");
            let answer: Value = answer.json().await?;
            assert_eq!(
                (&answer["success"], &answer["error"]["code"]),
                (&false.into(), &code.into()),
                "{case}"
            );
            assert_eq!(answer["error"]["status"], status, "{case}");
        }
        assert_eq!(deployment.queued_in_database().await?, 0);
        api_role.stop().await
    })
    .await
}

#[tokio::test]
async fn broken_json_with_a_valid_signature_ends_in_dead_letters_with_its_reason() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let (api, api_role) = deployment.api().await?;
        let worker = deployment.worker();
        let entered = deployment.programme().await?;
        let http = stripe::client()?;
        let (broken, sound) = ("{\"id\": \"evt_1\", \"type\": ", sale().invoice_paid());
        for body in [broken, &sound] {
            assert_eq!(stripe::post(&http, api, &entered, body).await?.status(), 200);
        }
        // It stands in nobody's way.
        deployment.settled(entered.realm, 1).await?;

        let queue = deployment.prefix.parse()?;
        let letter = until("the broken event is a dead letter", async || {
            let mut connection = deployment.pool.acquire().await?;
            let mut letters = dead_letters::list(&mut connection, &queue, &Filter::default(), 10).await?;
            ensure!(letters.len() == 1, "{letters:?}");
            letters.pop().context("none")
        })
        .await?;
        assert_eq!((letter.project, letter.mode), (Some(entered.realm.project), Some(Mode::Test)));
        assert!(letter.reason.contains("not a Stripe event"), "{}", letter.reason);

        let mut connection = deployment.pool.acquire().await?;
        let (_, body) = dead_letters::show(&mut connection, &queue, letter.id).await?.context("none")?;
        assert_eq!(body, broken.as_bytes());
        let given_up = dead_letters::GivenUp { actor: "fay", reason: None };
        dead_letters::discard(&mut connection, &queue, &[letter.id], given_up).await?;
        api_role.stop().await?;
        worker.stop().await
    })
    .await
}

#[tokio::test]
async fn an_event_of_the_other_mode_is_kept_and_ignored() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let (api, api_role) = deployment.api().await?;
        let worker = deployment.worker();
        let entered = deployment.programme().await?;
        let live = Sample { mode: Mode::Live, ..sale() }.invoice_paid();
        let answer = stripe::post(&stripe::client()?, api, &entered, &live).await?;
        assert_eq!(answer.status(), 200);
        deployment.settled(entered.realm, 1).await?;

        let reason: Option<String> =
            sqlx::query_scalar("SELECT ignored FROM events").fetch_one(&deployment.pool).await?;
        let reason = reason.context("it is not marked as ignored")?;
        assert!(reason.contains("live mode event"), "{reason}");
        assert_eq!(deployment.lines(entered.realm.project).await?, Vec::<String>::new());
        api_role.stop().await?;
        worker.stop().await
    })
    .await
}
