//! What finance does: decide, freeze, download, mark as paid, cancel.

use crate::support::on_settled_history;
use anyhow::{Context, Result};
use reqwest::{StatusCode, header};
use store::{overview, users::UserRole};
use tests::visitor::Visitor;

#[tokio::test(flavor = "multi_thread")]
async fn a_commission_is_held_with_a_reason_and_a_name() -> Result<()> {
    on_settled_history(async |deployment, api, entered| {
        let ada = Visitor::of(deployment, api, "Ada", UserRole::Finance).await?;
        let payments = deployment.payments(entered.realm).await?;
        let payment =
            payments.values().find(|payment| payment.status == "attributed").context("none earns")?;
        let path = format!("/console/1/test/payments/{}", payment.id);
        let silent = ada.post(&format!("{path}/decide"), &[("ruling", "hold"), ("reason", " ")]).await?;
        assert_eq!(silent.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(silent.text.contains("A decision has a reason"), "{}", silent.text);
        let held =
            ada.post(&format!("{path}/decide"), &[("ruling", "hold"), ("reason", "looks stolen")]).await?;
        assert_eq!(
            (held.status, held.location()),
            (StatusCode::SEE_OTHER, format!("{path}?done=held").as_str())
        );
        let page = ada.page(held.location()).await?;
        for word in ["The commission is held.", "looks stolen", "Ada", ">held<"] {
            assert!(page.contains(word), "{word}: {page}");
        }
        let page = ada.page("/console/1/test/decisions").await?;
        assert!(page.contains("looks stolen") && page.contains("signed in"), "{page}");
        let released = [("ruling", "release"), ("reason", "they called")];
        assert_eq!(ada.post(&format!("{path}/decide"), &released).await?.status, StatusCode::SEE_OTHER);
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_looked_at_frozen_downloaded_and_paid() -> Result<()> {
    on_settled_history(async |deployment, api, entered| {
        let ada = Visitor::of(deployment, api, "Ada", UserRole::Finance).await?;
        let count = async || -> Result<i64> {
            Ok(sqlx::query_scalar("SELECT count(*) FROM payouts").fetch_one(&deployment.pool).await?)
        };
        let plan = ada.page("/console/1/test/payouts/plan?minimum=34.00usd").await?;
        for word in
            ["anna@studio.example", "48.30", "33.80", "below the minimum", "cleo@letters.example", "Freeze"]
        {
            assert!(plan.contains(word), "{word}: {plan}");
        }
        assert_eq!(count().await?, 0, "looking froze something");
        let wrong = ada.get("/console/1/test/payouts/plan?minimum=lots").await?;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);

        let asked = [("key", "2026-06"), ("minimum", "34.00usd")];
        let frozen = ada.post("/console/1/test/payouts", &asked).await?;
        assert_eq!(frozen.status, StatusCode::SEE_OTHER, "{}", frozen.text);
        assert!(frozen.location().ends_with("&done=frozen"), "{}", frozen.location());
        let page = ada.page(frozen.location()).await?;
        assert!(page.contains("The payouts below were made") && page.contains("48.30"), "{page}");
        let again = ada.post("/console/1/test/payouts", &asked).await?;
        assert!(again.location().ends_with("&done=repeated"), "{}", again.location());
        assert_eq!(count().await?, 4);

        let (id, batch): (i64, i64) = sqlx::query_as("SELECT id, batch_id FROM payouts ORDER BY id LIMIT 1")
            .fetch_one(&deployment.pool)
            .await?;
        let file = ada.get(&format!("/console/1/test/batches/{batch}/export?format=csv")).await?;
        assert_eq!(file.headers.get(header::CONTENT_TYPE).context("no type")?, "text/csv; charset=utf-8");
        assert_eq!(file.text.lines().count(), 5, "{}", file.text);
        let mixed = ada.get(&format!("/console/1/test/batches/{batch}/export?format=paypal")).await?;
        assert!(mixed.text.contains("PayPal takes one currency in a file"), "{}", mixed.text);

        let canceled =
            ada.post(&format!("/console/1/test/payouts/{id}/cancel"), &[("reason", "closed")]).await?;
        assert_eq!(canceled.status, StatusCode::SEE_OTHER, "{}", canceled.text);
        let paid = ada
            .post(
                &format!("/console/1/test/batches/{batch}/mark-paid"),
                &[("reference", "PP-1"), ("paid_at", "")],
            )
            .await?;
        assert_eq!(paid.status, StatusCode::SEE_OTHER, "{}", paid.text);
        let page = ada.page(&format!("/console/1/test/payouts?batch={batch}")).await?;
        assert_eq!(page.matches("badge good\">paid<").count(), 3, "{page}");
        assert_eq!(page.matches("badge bad\">canceled<").count(), 1, "{page}");
        let one = ada.page(&format!("/console/1/test/payouts/{}", id + 1)).await?;
        assert!(one.contains("PP-1") && one.contains("by Ada"), "{one}");
        // Another mode knows nothing of it.
        let elsewhere = ada.post(&format!("/console/1/live/payouts/{id}/cancel"), &[("reason", "x")]).await?;
        assert_eq!(elsewhere.status, StatusCode::NOT_FOUND);
        let _ = entered;
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_affiliate_and_a_customer_are_told_whole() -> Result<()> {
    on_settled_history(async |deployment, api, entered| {
        let vera = Visitor::of(deployment, api, "vera", UserRole::Viewer).await?;
        let list = vera.page("/console/1/test/affiliates").await?;
        for email in ["anna@studio.example", "ben@podcast.example", "cleo@letters.example"] {
            assert!(list.contains(email), "{email}: {list}");
        }
        let affiliates = overview::affiliates(&mut *deployment.pool.acquire().await?, entered.realm).await?;
        for id in affiliates.keys() {
            let page = vera.page(&format!("/console/1/test/affiliates/{id}")).await?;
            assert!(page.contains("Opening balance") && page.contains("Closing balance"), "{page}");
            let file = vera.page(&format!("/console/1/test/affiliates/{id}/statement.csv")).await?;
            assert!(file.starts_with("currency,date,what"), "{file}");
        }
        let found = vera.get("/console/1/test/affiliates?q=ANNA%40studio.example").await?;
        assert!(found.location().starts_with("/console/1/test/affiliates/"), "{}", found.location());
        assert!(vera.page("/console/1/test/affiliates?q=nobody").await?.contains("There is no affiliate nobody"));

        assert!(vera.page("/console/1/test/customers").await?.contains("/console/1/test/customers/"));
        let ids: Vec<i64> =
            sqlx::query_scalar("SELECT id FROM customers WHERE NOT retired").fetch_all(&deployment.pool).await?;
        for id in ids {
            let page = vera.page(&format!("/console/1/test/customers/{id}")).await?;
            assert!(page.contains("First seen") && !page.contains("Lock the customer"), "{page}");
        }
        let finance = Visitor::of(deployment, api, "Ada", UserRole::Finance).await?;
        let id: i64 = sqlx::query_scalar(
            "SELECT id FROM customers WHERE NOT retired AND affiliate_id IS NOT NULL AND stripe_customer_id IS NOT NULL LIMIT 1",
        )
        .fetch_one(&deployment.pool)
        .await?;
        let path = format!("/console/1/test/customers/{id}");
        let lock = [("act", "lock"), ("affiliate", ""), ("reason", "agreed by mail")];
        let locked = finance.post(&format!("{path}/lock"), &lock).await?;
        assert_eq!(locked.location(), format!("{path}?done=locked"), "{}", locked.text);
        let page = finance.page(&path).await?;
        assert!(page.contains("locked to nobody") && page.contains("agreed by mail"), "{page}");
        Ok(())
    })
    .await
}
