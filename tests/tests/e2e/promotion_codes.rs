//! Coupons and their twins at Stripe: told by events, and made there.

use anyhow::{Context, Result, ensure};
use app::{Outbox, coupons, provider_keys};
use chrono::Utc;
use domain::ids::{AffiliateId, CouponId, Realm};
use domain::provider::Provider;
use queue::{
    Prefix, enqueue_all,
    envelope::{Envelope, Source},
};
use serde_json::{Value, json};
use store::coupons::{Coupon, CouponStatus, Naming, NewCoupon, find};
use store::{Connection, PgConnection};
use tests::deployment::{self, Deployment};
use tests::fake_stripe::{Account, FakeStripe, Faults};
use tests::stores::Backend;
use tests::wait::until;

/// What Stripe calls its coupon.
const AT_STRIPE: &str = "c_ten_percent";

async fn anna(connection: &mut PgConnection, realm: Realm) -> Result<AffiliateId> {
    let anna = "SELECT id FROM affiliates WHERE project_id = $1 AND referral_code = 'ANNA'";
    Ok(AffiliateId(sqlx::query_scalar(anna).bind(realm.project.0).fetch_one(connection).await?))
}

/// Enters a coupon of Anna's, as the REST API does.
async fn enter(deployment: &Deployment, realm: Realm, code: &str, at_stripe: bool) -> Result<CouponId> {
    let queue: Prefix = deployment.prefix.parse().context("a prefix")?;
    let mut connection = deployment.pool.acquire().await?;
    let naming = Naming {
        affiliate: anna(&mut connection, realm).await?,
        coupon_code: code.to_owned(),
        stripe_coupon_id: at_stripe.then(|| AT_STRIPE.to_owned()),
        stripe_promotion_code_id: None,
    };
    let new = NewCoupon { naming, lemonsqueezy_discount_code: None, status: CouponStatus::Active, at_stripe };
    let mut transaction = connection.begin().await?;
    let outbox = Outbox { queue: &queue, now: Utc::now() };
    let id = coupons::enter(&mut transaction, outbox, realm, &new).await?;
    transaction.commit().await?;
    Ok(id)
}

async fn coupon(deployment: &Deployment, realm: Realm, id: CouponId) -> Result<Coupon> {
    find(&mut *deployment.pool.acquire().await?, realm, id).await?.context("the coupon")
}

async fn deliver(deployment: &Deployment, realm: Realm, event: &Value) -> Result<()> {
    let queue: Prefix = deployment.prefix.parse().context("a prefix")?;
    let envelope = Envelope::new(Source::Stripe, realm, event.to_string().into(), Utc::now());
    enqueue_all(&mut *deployment.pool.acquire().await?, &queue, &[&envelope]).await?;
    deployment.drained().await
}

fn event(kind: &str, object: &Value) -> Value {
    json!({
        "id": format!("evt_{kind}"), "object": "event", "type": kind, "created": Utc::now().timestamp(),
        "api_version": "2026-03-25.dahlia", "livemode": false, "data": {"object": object},
    })
}

/// A checkout that names the promotion code by its id, as events do.
fn checkout() -> Value {
    event(
        "checkout.session.completed",
        &json!({
            "id": "cs_1", "object": "checkout.session", "mode": "payment", "status": "complete", "payment_status": "paid",
            "payment_intent": "pi_1", "customer": null, "customer_details": {"email": "dana@buyers.example"},
            "currency": "usd", "amount_total": 5_000,
            "discounts": [{"coupon": "c_of_nobody", "promotion_code": "promo_annas"}],
            "total_details": {"amount_discount": 500, "amount_tax": 0, "amount_shipping": 0}, "metadata": {},
        }),
    )
}

fn promotion_code() -> Value {
    event(
        "promotion_code.created",
        &json!({
            "id": "promo_annas", "object": "promotion_code", "code": "Annas10", "active": true,
            "promotion": {"type": "coupon", "coupon": "c_of_nobody"}, "metadata": {},
        }),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_promotion_code_is_whose_its_code_is_in_any_order() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let worker = deployment.worker();
        for order in [[0, 1, 2], [1, 0, 2], [1, 2, 0], [2, 1, 0], [0, 2, 1], [2, 0, 1]] {
            let realm = deployment.programme().await?.realm;
            let mut coupon_id = None;
            for step in order {
                match step {
                    0 => coupon_id = Some(enter(deployment, realm, "ANNAS10", false).await?),
                    1 => deliver(deployment, realm, &checkout()).await?,
                    _ => deliver(deployment, realm, &promotion_code()).await?,
                }
                deployment.drained().await?;
            }
            let payments = deployment.payments(realm).await?;
            let earned = payments.values().map(|payment| payment.commission.minor).sum::<i64>();
            ensure!(earned == 1_000, "{order:?}: {earned}");
            let coupon = coupon(deployment, realm, coupon_id.context("a coupon")?).await?;
            ensure!(coupon.twin.promotion_code.as_deref() == Some("promo_annas"), "{:?}", coupon.twin);
            ensure!(coupon.twin.coupon.as_deref() == Some("c_of_nobody"));
        }
        worker.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coupon_gets_one_promotion_code_at_stripe_and_takes_it_along_when_it_goes() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let realm = deployment.programme().await?.realm;
        let mut account = Account { now: Utc::now().timestamp(), ..Account::default() };
        let at_stripe =
            json!({"id": AT_STRIPE, "object": "coupon", "created": 1, "valid": true, "percent_off": 10});
        account.objects.insert(AT_STRIPE.to_owned(), at_stripe);
        let fake = FakeStripe::start(account, Faults::one_in(3)).await?;
        let sealer = provider_keys::sealer(None);
        let mut connection = deployment.pool.acquire().await?;
        provider_keys::keep(&mut connection, realm, Provider::Stripe, "rk_test_1", &sealer).await?;
        drop(connection);
        let worker = deployment.worker_at(&fake.url);
        let codes =
            || {
                let mut codes: Vec<(String, bool)> = Vec::new();
                fake.change(|account| {
                    let promotion_codes =
                        account.objects.values().filter(|one| one["object"] == "promotion_code");
                    codes.extend(promotion_codes.map(|one| {
                        (one["code"].as_str().unwrap_or_default().to_owned(), one["active"] == true)
                    }));
                });
                codes
            };

        let id = enter(deployment, realm, "TEN", true).await?;
        until("the promotion code is made", async || {
            let twin = coupon(deployment, realm, id).await?.twin;
            ensure!(twin.promotion_code.is_some() && twin.coupon.as_deref() == Some(AT_STRIPE), "{twin:?}");
            Ok(())
        })
        .await?;
        let queue: Prefix = deployment.prefix.parse().context("a prefix")?;
        let outbox = Outbox { queue: &queue, now: Utc::now() };
        // Asked for again, nothing is made again.
        for _ in 0..3 {
            outbox.promotion(&mut *deployment.pool.acquire().await?, realm, id).await?;
        }
        deployment.drained().await?;
        ensure!(codes() == [("TEN".to_owned(), true)], "{:?}", codes());

        let mut connection = deployment.pool.acquire().await?;
        let mut transaction = connection.begin().await?;
        let rename = |coupon: &mut Coupon| {
            "TENTH".clone_into(&mut coupon.naming.coupon_code);
            Ok::<_, app::Error>(())
        };
        coupons::change(&mut transaction, outbox, realm, id, rename).await?;
        transaction.commit().await?;
        until("the other name is there", async || {
            let mut found = codes();
            found.sort();
            ensure!(found == [("TEN".to_owned(), false), ("TENTH".to_owned(), true)], "{found:?}");
            Ok(())
        })
        .await?;

        let mut transaction = connection.begin().await?;
        coupons::delete(&mut transaction, outbox, realm, id).await?;
        transaction.commit().await?;
        drop(connection);
        until("no promotion code is active", async || {
            ensure!(codes().iter().all(|(_, active)| !active), "{:?}", codes());
            Ok(())
        })
        .await?;
        deployment.drained().await?;
        worker.stop().await
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_gives_another_coupon_at_stripe_is_a_dead_letter_that_says_so() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let realm = deployment.programme().await?.realm;
        let mut account = Account { now: Utc::now().timestamp(), ..Account::default() };
        let taken = json!({"id": "promo_1", "object": "promotion_code", "code": "ten", "active": true, "created": 1,
                           "promotion": {"type": "coupon", "coupon": "c_other"}});
        account.objects.insert("promo_1".to_owned(), taken);
        let fake = FakeStripe::start(account, Faults::default()).await?;
        let sealer = provider_keys::sealer(None);
        let mut connection = deployment.pool.acquire().await?;
        provider_keys::keep(&mut connection, realm, Provider::Stripe, "rk_test_1", &sealer).await?;
        let worker = deployment.worker_at(&fake.url);
        enter(deployment, realm, "TEN", true).await?;
        let reason = "SELECT reason FROM dead_letters WHERE discarded_at IS NULL";
        until("a dead letter", async || {
            let reason: Option<String> = sqlx::query_scalar(reason).fetch_optional(&deployment.pool).await?;
            ensure!(reason.as_deref().is_some_and(|reason| reason.contains("c_other")), "{reason:?}");
            Ok(())
        })
        .await?;
        sqlx::query("UPDATE dead_letters SET discarded_at = now()").execute(&mut *connection).await?;
        worker.stop().await
    })
    .await
}
