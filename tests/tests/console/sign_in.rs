//! Coming in, being kept out, going away.

use crate::support::on_a_project;
use anyhow::Result;
use reqwest::StatusCode;
use store::{acts, users::UserRole};
use tests::visitor::{PASSWORD, Visitor, enter};

#[tokio::test]
async fn whoever_knows_the_password_comes_in_and_is_on_record() -> Result<()> {
    on_a_project(async |deployment, api, entered| {
        enter(deployment, "Ada", UserRole::Finance).await?;
        let mut ada = Visitor::stranger(api)?;
        assert_eq!(
            ada.get("/console/1/test").await?.location(),
            "/console/sign-in?next=%2Fconsole%2F1%2Ftest"
        );
        for (name, password) in [("Ada", "wrong password"), ("Eve", PASSWORD), ("", "")] {
            let refused = ada.sign_in(name, password).await?;
            assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{name}");
            assert!(refused.text.contains("Name or password is wrong"));
        }
        // A name is one person's in any case.
        let answer = ada.sign_in(" ada ", PASSWORD).await?;
        assert_eq!((answer.status, answer.location()), (StatusCode::SEE_OTHER, "/console"));
        let page = ada.page("/console/1/test").await?;
        assert!(page.contains("Ada · finance") && page.contains("Test mode"), "{page}");
        assert!(ada.page("/console/1/live").await?.contains("Live mode"));

        let out = ada.post("/console/sign-out", &[]).await?;
        assert_eq!((out.status, out.location()), (StatusCode::SEE_OTHER, "/console/sign-in"));
        // The cookie is worth nothing, wherever it was copied to.
        assert_eq!(ada.get("/console/1/test").await?.status, StatusCode::SEE_OTHER);

        let mut connection = deployment.pool.acquire().await?;
        let acts = acts::list(&mut connection, entered.realm, None, 10).await?;
        let acts: Vec<_> =
            acts.iter().map(|act| format!("{}: {} {}", act.actor, act.what, act.subject)).collect();
        assert_eq!(acts, ["Ada: signed out console", "Ada: signed in console", "test: user created Ada"]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_session_ends_with_its_person_and_its_time() -> Result<()> {
    on_a_project(async |deployment, api, _| {
        let ada = Visitor::of(deployment, api, "ada", UserRole::Operator).await?;
        let bob = Visitor::of(deployment, api, "bob", UserRole::Viewer).await?;
        let mut transaction = deployment.pool.begin().await?;
        app::users::disable(&mut transaction, "ADA", "test", chrono::Utc::now()).await?;
        transaction.commit().await?;
        assert_eq!(ada.get("/console/1/test").await?.status, StatusCode::SEE_OTHER);
        let refused = Visitor::stranger(api)?.sign_in("ada", PASSWORD).await?;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED);

        assert_eq!(bob.get("/console/1/test").await?.status, StatusCode::OK);
        sqlx::query("UPDATE console_sessions SET expires_at = now() - interval '1 second'")
            .execute(&deployment.pool)
            .await?;
        assert_eq!(bob.get("/console/1/test").await?.status, StatusCode::SEE_OTHER);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn guessing_locks_a_name_out_and_only_that_one() -> Result<()> {
    on_a_project(async |deployment, api, _| {
        enter(deployment, "ada", UserRole::Finance).await?;
        enter(deployment, "bob", UserRole::Finance).await?;
        // At once, so that counting cannot lag behind.
        let guesses = (0..16).map(|guess| async move {
            let mut visitor = Visitor::stranger(api)?;
            anyhow::Ok(visitor.sign_in("ada", &format!("a guess of mine {guess}")).await?.status)
        });
        let statuses = futures::future::try_join_all(guesses).await?;
        let count = |status| statuses.iter().filter(|of| **of == status).count();
        let (refused, locked) = (count(StatusCode::UNAUTHORIZED), count(StatusCode::TOO_MANY_REQUESTS));
        assert!(refused <= 10 && locked >= 6 && refused + locked <= 16, "{statuses:?}");
        let right = Visitor::stranger(api)?.sign_in("ada", PASSWORD).await?;
        assert_eq!(right.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(Visitor::stranger(api)?.sign_in("bob", PASSWORD).await?.status, StatusCode::SEE_OTHER);
        // A quarter of an hour later.
        sqlx::query("UPDATE sign_in_failures SET last_at = last_at - interval '15 minutes'")
            .execute(&deployment.pool)
            .await?;
        assert_eq!(Visitor::stranger(api)?.sign_in("ada", PASSWORD).await?.status, StatusCode::SEE_OTHER);
        Ok(())
    })
    .await
}
