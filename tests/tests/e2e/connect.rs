//! An endpoint at Stripe, and its secret here.

use anyhow::{Result, ensure};
use app::connect_stripe::{Connected, connect};
use serde_json::json;
use std::time::Duration;
use store::stripe_endpoints;
use stripe::client::{EVENT_TYPES, StripeClient};
use tests::deployment;
use tests::fake_stripe::{Account, FakeStripe, Faults};
use tests::stores::Backend;

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_made_once_and_sends_what_is_read() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let realm = deployment.programme().await?.realm;
        let fake = FakeStripe::start(Account::default(), Faults::default()).await?;
        let client = StripeClient::new("sk_test_1", Some(&fake.url), Duration::from_secs(10))?;
        let mut connection = deployment.pool.acquire().await?;
        let url = format!("https://refer.example.com/webhooks/stripe/{}", realm.project);

        let made = connect(&mut connection, &client, realm, &url).await?;
        ensure!(matches!(&made, Connected::Made(endpoint) if endpoint.lacks().is_empty()), "{made:?}");
        let secrets = stripe_endpoints::of_project(&mut connection, realm.project).await?;
        let secrets = secrets.map(|project| project.secrets).unwrap_or_default();
        ensure!(secrets.contains(&("whsec_made_by_the_fake_1".to_owned(), realm.mode)));

        let again = connect(&mut connection, &client, realm, &url).await?;
        ensure!(matches!(again, Connected::Unchanged(_)), "{again:?}");

        fake.change(|account| account.endpoints[0]["status"] = json!("disabled"));
        let enabled = connect(&mut connection, &client, realm, &url).await?;
        ensure!(matches!(&enabled, Connected::Extended(endpoint, added) if endpoint.is_enabled() && added.is_empty()));

        fake.change(|account| {
            account.endpoints[0]["enabled_events"] = json!(["invoice.paid", "payout.paid"]);
        });
        let extended = connect(&mut connection, &client, realm, &url).await?;
        let Connected::Extended(endpoint, added) = extended else { anyhow::bail!("{extended:?}") };
        ensure!(added.len() == EVENT_TYPES.len() - 1 && endpoint.lacks().is_empty());
        ensure!(
            endpoint.enabled_events.contains(&"payout.paid".to_owned()),
            "what somebody else wanted stays"
        );
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_whose_secret_nobody_knows_is_left_alone() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let entered = deployment.programme().await?.realm;
        let realm = domain::ids::Realm { mode: domain::ids::Mode::Live, ..entered };
        let url = "https://refer.example.com/webhooks/stripe/1";
        let standing = json!({"id": "we_1", "url": url, "status": "enabled", "enabled_events": ["*"]});
        let account = Account { endpoints: vec![standing.clone()], ..Account::default() };
        let fake = FakeStripe::start(account, Faults::default()).await?;
        let client = StripeClient::new("sk_test_1", Some(&fake.url), Duration::from_secs(10))?;
        let refused = connect(&mut *deployment.pool.acquire().await?, &client, realm, url).await;
        let refused = refused.err().map(|error| error.to_string()).unwrap_or_default();
        ensure!(refused.contains("roll its secret"), "{refused}");
        fake.change(|account| assert_eq!(account.endpoints, [standing]));
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn in_place_of_an_endpoint_that_was_deleted_another_one_is_made() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let realm = deployment.programme().await?.realm;
        let fake = FakeStripe::start(Account::default(), Faults::default()).await?;
        let client = StripeClient::new("sk_test_1", Some(&fake.url), Duration::from_secs(10))?;
        let mut connection = deployment.pool.acquire().await?;
        let url = format!("https://refer.example.com/webhooks/stripe/{}", realm.project);
        connect(&mut connection, &client, realm, &url).await?;
        // The same post within a day is answered as before, with an endpoint that is not there any more.
        fake.change(|account| {
            account.endpoints[0] =
                json!({"id": "we_0", "url": "https://elsewhere.example", "status": "enabled"});
        });
        let made = connect(&mut connection, &client, realm, &url).await?;
        ensure!(matches!(&made, Connected::Made(endpoint) if endpoint.id == "we_2"), "{made:?}");
        Ok(())
    })
    .await
}
