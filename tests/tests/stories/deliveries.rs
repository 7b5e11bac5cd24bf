//! Where others went wrong with deliveries.

use anyhow::Result;
use chrono::TimeDelta;
use cli::demo::history;
use domain::command::Command;
use domain::fact::{ConversionKind, CustomerIds, PostedConversion, SessionMode, SessionPaymentStatus};
use domain::ids::ConversionId;
use domain::key::Key;
use tests::deployment;
use tests::oracle::store::Crashes;
use tests::stores::Backend;
use tests::story::{annas, day, on, world};
use tests::stripe;

#[tokio::test]
async fn a_dedupe_key_written_before_the_work_loses_nothing_in_a_crash() -> Result<()> {
    on(world(), async |story| {
        let crashes = Crashes::prepare(&story.pool).await?;
        let sale = annas(1, 0);
        let session = sale.checkout_session_completed(SessionMode::Payment, SessionPaymentStatus::Paid);
        // The first statement of all writes the inbox; the work comes after it.
        for statement in 1..=4 {
            story.tell_a_dying_server(&crashes, statement, &session).await?;
            assert!(story.all().await?.payments.is_empty(), "statement {statement}");
        }
        story.tell(&[&session]).await?;
        assert_eq!(story.sums(&sale.payment_intent).await?, (980, 0, 0));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_resend_a_week_later_does_not_count_twice() -> Result<()> {
    on(world(), async |story| {
        let sale = annas(1, 0);
        let events = [
            sale.checkout_session_completed(SessionMode::Subscription, SessionPaymentStatus::Paid),
            sale.invoice_paid(),
        ];
        story.tell(&events).await?;
        let digest = story.digest().await?;
        // Nothing that was seen is ever forgotten, so there is no time after which it could count again.
        for body in &events {
            story.tell(&[body]).await?;
        }
        assert_eq!(story.digest().await?, digest);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_session_without_an_invoice_is_counted_once_however_often_it_is_told() -> Result<()> {
    on(world(), async |story| {
        let sale = annas(1, 0);
        let paid = sale.checkout_session_completed(SessionMode::Payment, SessionPaymentStatus::Paid);
        let later = tests::story::edited(&paid, |event| event["id"] = "evt_another".into())?;
        story.tell(&[&paid, &later, &sale.payment_intent_succeeded(), &sale.charge_succeeded()]).await?;
        let payments = story.all().await?.payments;
        assert_eq!(payments.len(), 1, "{payments:?}");
        assert_eq!(payments[&sale.payment_intent].earned, 980);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_session_and_its_first_invoice_are_not_both_credited() -> Result<()> {
    on(world(), async |story| {
        let sale = annas(1, 0);
        let session = sale.checkout_session_completed(SessionMode::Subscription, SessionPaymentStatus::Paid);
        // The invoice's money first, then whatever else speaks of it.
        for body in [
            sale.payment_intent_succeeded(),
            sale.invoice_paid(),
            sale.invoice_payment_succeeded(),
            session,
            sale.invoice_payment_paid(),
            sale.charge_succeeded(),
        ] {
            story.tell(&[body]).await?;
        }
        let payments = story.all().await?.payments;
        assert_eq!(payments.len(), 1, "{payments:?}");
        assert_eq!(payments[&sale.invoice].earned, 980);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_retried_post_pays_once() -> Result<()> {
    on(world(), async |story| {
        let conversion = PostedConversion {
            conversion: ConversionId(900_001),
            payment: Key::reference("order-1"),
            kind: ConversionKind::Purchase,
            value: None,
            base: Some(4_900),
            currency: "usd".to_owned(),
            affiliate: None,
            referral_code: Some("anna".to_owned()),
            coupon_code: None,
            who: CustomerIds { email: Some("dana@buyers.example".to_owned()), ..CustomerIds::default() },
            occurred_at: day(0),
            paid: false,
            deleted: false,
        };
        let accepted_at = day(0) + TimeDelta::seconds(1);
        let command = Command::Conversion { revision: 0, accepted_at, conversion, change: None };
        story.command(&command).await?;
        story.command(&command).await?;
        assert_eq!(story.all().await?.payments.len(), 1);
        assert_eq!(story.sums("external:order-1").await?, (980, 0, 0));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_webhook_is_accepted_while_everything_that_settles_it_is_locked() -> Result<()> {
    deployment::on(Backend::RabbitMq, async |deployment| {
        let (api, api_role) = deployment.api().await?;
        let entered = deployment.programme().await?;
        let events = history::events();
        let http = stripe::client()?;
        // The first one may have to look up the secret.
        assert_eq!(stripe::post(&http, api, &entered, &events[0]).await?.status(), 200);
        let mut transaction = deployment.pool.begin().await?;
        sqlx::raw_sql("LOCK TABLE events, clusters, facts, customers, conversions, ledger_entries")
            .execute(&mut *transaction)
            .await?;
        let worker = deployment.worker();
        for body in &events[1..4] {
            assert_eq!(stripe::post(&http, api, &entered, body).await?.status(), 200);
        }
        transaction.rollback().await?;
        deployment.settled(entered.realm, 4).await?;
        api_role.stop().await?;
        worker.stop().await
    })
    .await
}
