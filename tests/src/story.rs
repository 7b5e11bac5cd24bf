//! A programme on a real PostgreSQL to which a test tells events, raw as Stripe sends them, and asks
//! what each payment earned.

use crate::deployment;
use crate::oracle::model::{Affiliate, Coupon, DAY, Earns, History, Limit, Programme, START, World};
use crate::oracle::render::Told;
use crate::oracle::store::{Crashes, Entered, enter, item, settle, try_to_settle, verdicts};
use crate::oracle::verdict::{PaymentVerdict, Verdicts};
use crate::stores::Backend;
use anyhow::{Context, Result, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use domain::command::Command;
use queue::envelope::Source;
use serde_json::Value;
use store::settlement::Item;
use store::verification::verify;
use store::{PgPool, digest};
use stripe::sample::{Sample, Version};

/// A programme in the making.
pub struct Story {
    /// The database.
    pub pool: PgPool,
    entered: Entered,
}

/// The n-th day of every story.
///
/// # Panics
/// When there is no such day.
#[must_use]
pub fn day(n: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(START + n * DAY, 0).unwrap_or_default() + TimeDelta::hours(12)
}

/// The n-th customer's sale of 49.00 USD on a day, in the newest shape.
#[must_use]
pub fn sale(n: u64, on: i64) -> Sample {
    Sample::new(n, Version::Dahlia, day(on))
}

/// The same with anna's code on it.
#[must_use]
pub fn annas(n: u64, on: i64) -> Sample {
    Sample { client_reference_id: Some("anna".to_owned()), ..sale(n, on) }
}

/// A body with something changed in it.
///
/// # Errors
/// When it is not JSON.
pub fn edited(body: &str, change: impl FnOnce(&mut Value)) -> Result<String> {
    let mut event = serde_json::from_str(body)?;
    change(&mut event);
    Ok(event.to_string())
}

/// 20 % of everything for ever; anna with the coupon ANNA20, ben with BEN10.
#[must_use]
pub fn world() -> World {
    let affiliate = |code: &str| Affiliate {
        email: format!("{code}@affiliates.example"),
        code: code.to_owned(),
        created: START - 100 * DAY,
        inactive: None,
        own: None,
    };
    let coupon = |affiliate, code: &str| Coupon {
        affiliate,
        code: code.to_owned(),
        stripe_coupon: None,
        promotion_code: Some(format!("promo_{code}")),
        created: START - 100 * DAY,
        inactive: None,
    };
    World {
        affiliates: vec![affiliate("anna"), affiliate("ben")],
        coupons: vec![coupon(0, "ANNA20"), coupon(1, "BEN10")],
        clicks: Vec::new(),
        programmes: vec![programme(Earns::Percent(2_000))],
    }
}

/// Rules that say no more than a commission.
#[must_use]
pub fn programme(earns: Earns) -> Programme {
    Programme {
        from: None,
        earns,
        first: None,
        codes: Vec::new(),
        products: Vec::new(),
        groups: Vec::new(),
        tiers: Vec::new(),
        most: None,
        limit: Limit::All,
        max_payments: None,
        max_months: None,
        hold_days: 0,
        window_days: 60,
        back_bind_days: 30,
        reject_own: false,
        coupon_first: false,
    }
}

/// Runs a test on a programme of its own, and sees at the end that its ledger is sound.
///
/// # Errors
/// The test's, or what is wrong with the ledger.
pub async fn on(world: World, test: impl AsyncFnOnce(&Story) -> Result<()>) -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let pool = deployment.pool.clone();
        let entered = enter(&mut *pool.acquire().await?, &History::of(world)).await?;
        let story = Story { pool, entered };
        test(&story).await?;
        for finding in verify(&mut *story.pool.acquire().await?, None).await? {
            ensure!(finding.violations == 0, "{finding:?}");
        }
        Ok(())
    })
    .await
}

impl Story {
    /// Settles events in one batch, each received when it was made.
    ///
    /// # Errors
    /// When one cannot be read or settled.
    pub async fn tell<B: AsRef<str>>(&self, bodies: &[B]) -> Result<()> {
        let items = bodies.iter().map(|body| self.item(body.as_ref())).collect::<Result<Vec<Item>>>()?;
        settle(&self.pool, &items).await?;
        Ok(())
    }

    /// Settles a command of the REST API.
    ///
    /// # Errors
    /// When it cannot be settled.
    pub async fn command(&self, command: &Command) -> Result<()> {
        let body = serde_json::to_string(command)?;
        let received = command.occurred_at().timestamp();
        settle(&self.pool, &[item(self.entered.realm, &Told { source: Source::Api, body, received })])
            .await?;
        Ok(())
    }

    /// Settles events while the server dies at the n-th writing statement.
    ///
    /// # Errors
    /// When it does not die, or an event cannot be read.
    pub async fn tell_a_dying_server(&self, crashes: &Crashes, n: i64, body: &str) -> Result<()> {
        let item = self.item(body)?;
        crashes.at(n).await?;
        let died = try_to_settle(&self.pool, &[item]).await.is_err();
        crashes.one_in(None).await?;
        ensure!(died, "the server did not die at statement {n}");
        Ok(())
    }

    fn item(&self, body: &str) -> Result<Item> {
        let event: Value = serde_json::from_str(body)?;
        let received = event["created"].as_i64().context("an event without a time")?;
        Ok(item(self.entered.realm, &Told { source: Source::Stripe, body: body.to_owned(), received }))
    }

    /// Everything that the rows say.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all(&self) -> Result<Verdicts> {
        verdicts(&mut *self.pool.acquire().await?, &self.entered).await
    }

    /// What a payment came to.
    ///
    /// # Errors
    /// When there is no such payment, or the database fails.
    pub async fn payment(&self, key: &str) -> Result<PaymentVerdict> {
        self.all().await?.payments.remove(key).with_context(|| format!("there is no payment {key}"))
    }

    /// What a payment first earned, and what of it was taken back and is held.
    ///
    /// # Errors
    /// When there is no such payment, or the database fails.
    pub async fn sums(&self, key: &str) -> Result<(i64, i64, i64)> {
        let payment = self.payment(key).await?;
        Ok((payment.earned, payment.taken_back, payment.held))
    }

    /// The digest of the programme's ledger.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn digest(&self) -> Result<String> {
        Ok(digest::of(&mut *self.pool.acquire().await?, Some(self.entered.realm.project)).await?)
    }
}
