//! Events that are signed, and written by somebody who wishes us ill.

use crate::support::{ends_well, sale, settle};
use anyhow::{Result, ensure};
use domain::ids::Realm;
use serde_json::{Value, json};
use std::time::Duration;
use tests::{
    deployment::{self, Deployment},
    feed::Feed,
    figures::show,
    processes::Process,
    stores::Backend,
};
use tokio::time::Instant;

/// Events with an identity that no index of the database takes, and as many that are as large and sound.
const EVENTS: u64 = 1_000;

/// As many characters as somebody tried.
const LONG: usize = 9_000;

/// How much longer the first may take than the second: they are read, shortened and settled as those are. When the
/// database has to refuse each of them alone, it is several times that.
const TIMES_AS_LONG: u32 = 2;

/// Coupons of one event, and how many of them are looked at. Reading the others takes some time as well, and settling
/// them would take twenty times as long.
const COUPONS: u32 = 20_000;
const LOOKED_AT: u32 = 1_000;
const COUPONS_TAKE: u32 = 4;

/// What the machine does besides.
const SLACK: Duration = Duration::from_millis(500);

/// How long a sound event of another customer waits behind these.
async fn behind(
    deployment: &Deployment,
    feed: &Feed,
    realm: Realm,
    settled: i64,
    event: impl Fn(u64) -> String,
) -> Result<Duration> {
    for number in 0..EVENTS {
        feed.event(realm, event(number)).await?;
    }
    feed.event(realm, sale(1_000_000 + u64::try_from(settled)?).invoice_paid()).await?;
    let worker = Process::worker(deployment)?;
    let took = settle(&deployment.pool, realm, settled + i64::try_from(EVENTS)? + 1).await?;
    ends_well(deployment, worker).await?;
    Ok(took)
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_that_no_index_takes_delay_others_no_more_than_sound_ones() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let realm = deployment.programme().await?.realm;
        let feed = Feed::of(deployment).await?;
        let long = "x".repeat(LONG);
        let sound = behind(deployment, &feed, realm, 0, |number| {
            let mut sale = sale(number);
            sale.name.clone_from(&long);
            sale.invoice_paid()
        })
        .await?;
        let poison = behind(deployment, &feed, realm, i64::try_from(EVENTS)? + 1, |number| {
            let mut sale = sale(EVENTS + number);
            sale.customer = Some(format!("cus_{number}_{long}"));
            sale.invoice_paid()
        })
        .await?;
        show(format!(
            "behind {EVENTS} events of {LONG} characters: {sound:.1?} when sound, {poison:.1?} in a customer's id"
        ));
        ensure!(poison <= sound * TIMES_AS_LONG, "{poison:?} behind poison, {sound:?} behind sound events");
        ensure!(deployment.dead_letters().await? == 0, "there are dead letters");
        Ok(())
    })
    .await
}

async fn with_coupons(
    deployment: &Deployment,
    feed: &Feed,
    realm: Realm,
    number: u64,
    coupons: u32,
) -> Result<Duration> {
    let mut event: Value = serde_json::from_str(&sale(number).invoice_paid())?;
    let discount = |number| {
        json!({"id": format!("di_{number}"), "object": "discount",
            "source": {"type": "coupon", "coupon": format!("c{number}")}})
    };
    event["data"]["object"]["discounts"] = (0..coupons).map(discount).collect();
    let began = Instant::now();
    feed.event(realm, event.to_string()).await?;
    settle(&deployment.pool, realm, i64::try_from(number)?).await?;
    Ok(began.elapsed())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_with_20_000_coupons_is_settled_by_those_that_a_payment_can_have() -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let realm = deployment.programme().await?.realm;
        let (feed, worker) = (Feed::of(deployment).await?, Process::worker(deployment)?);
        // It is there, and its connections are open.
        with_coupons(deployment, &feed, realm, 1, 1).await?;
        let few = with_coupons(deployment, &feed, realm, 2, LOOKED_AT).await?;
        let many = with_coupons(deployment, &feed, realm, 3, COUPONS).await?;
        show(format!("settled after {few:.2?} with {LOOKED_AT} coupons, after {many:.2?} with {COUPONS}"));
        ensure!(many <= few * COUPONS_TAKE + SLACK, "{many:?} with {COUPONS}, {few:?} with {LOOKED_AT}");
        let touches: i64 =
            sqlx::query_scalar("SELECT count(*) FROM facts WHERE natural_key LIKE 'touch%' AND natural_key LIKE '%' || $1 || '%'")
                .bind(sale(3).invoice)
                .fetch_one(&deployment.pool)
                .await?;
        ensure!(touches <= i64::from(LOOKED_AT), "{touches} touches were kept");
        ends_well(deployment, worker).await
    })
    .await
}
