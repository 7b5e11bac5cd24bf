//! A programme of 20 % with two affiliates, and a history that grows event by event.

use chrono::{DateTime, Utc};
use common::intake;
use domain::command::Command;
use domain::fact::{ConversionKind, CustomerIds, PostedConversion};
use domain::ids::{AffiliateId, ConversionId, Mode, PayoutId, Realm};
use domain::key::Key;
use domain::money::Currency;
use domain::rules::Rules;
use queue::envelope::Source;
use serde_json::json;
use sqlx::{Postgres, Transaction};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use store::affiliates::{self, Earnings, NewAffiliate};
use store::payouts::{self, Created, Payment, Payout, PayoutError, Request};
use store::settlement::{self, BatchError, InboxEvent, Item, settle_batch};
use store::{PgPool, StoreError, digest, program_rules, projects, verification};
use stripe::metadata::MetadataKeys;
use stripe::sample::{Sample, Version};

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A project and its books.
#[derive(Clone)]
pub(crate) struct Books {
    pub(crate) pool: PgPool,
    pub(crate) realm: Realm,
    pub(crate) anna: AffiliateId,
    pub(crate) ben: AffiliateId,
    /// Whether the next commit is one that the server does not live to see.
    pub(crate) dies: Arc<AtomicBool>,
    /// How often it died.
    pub(crate) deaths: Arc<AtomicUsize>,
}

/// What an affiliate is owed in one currency: in all, due, held.
pub(crate) type Owed = (i64, i64, i64);

impl Books {
    /// A programme that holds commissions for so many days.
    pub(crate) async fn open(pool: PgPool, hold_days: u32) -> Self {
        let mut connection = pool.acquire().await.unwrap();
        let project = projects::create(&mut connection, "Acme").await.unwrap().id;
        let rules: Rules = serde_json::from_value(json!({
            "commission": {"kind": "percent", "basis_points": 2_000}, "hold_days": hold_days
        }))
        .unwrap();
        program_rules::add(&mut connection, project, &rules, None).await.unwrap();
        let realm = Realm { project, mode: Mode::Test };
        let new = NewAffiliate::named("anna@example.org", "ANNA");
        let anna = affiliates::create(&mut connection, realm, &new).await.unwrap().id;
        let new = NewAffiliate::named("ben@example.org", "BEN");
        let ben = affiliates::create(&mut connection, realm, &new).await.unwrap().id;
        drop(connection);
        Self { pool, realm, anna, ben, dies: Arc::default(), deaths: Arc::default() }
    }

    /// The `number`th customer, sent by Anna, who pays 50.00 USD: 10.00 for Anna.
    pub(crate) fn sale(number: u64, paid_at: &str) -> Sample {
        Sample {
            subtotal: 5_000,
            metadata: vec![("referral_code".to_owned(), "ANNA".to_owned())],
            ..Sample::new(number, Version::Dahlia, at(paid_at))
        }
    }

    /// Settles Stripe's events as a worker does: again, when it met another transaction.
    pub(crate) async fn settle(&self, bodies: &[String]) {
        self.settle_items(&bodies.iter().map(|body| self.item(Source::Stripe, body)).collect::<Vec<_>>())
            .await;
    }

    /// Settles what the REST API accepted.
    pub(crate) async fn settle_commands(&self, commands: &[Command]) {
        let text = |command| serde_json::to_string(command).unwrap();
        self.settle_items(&commands.iter().map(|c| self.item(Source::Api, &text(c))).collect::<Vec<_>>())
            .await;
    }

    async fn settle_items(&self, items: &[Item]) {
        for _ in 0..50 {
            let mut transaction = self.pool.begin().await.unwrap();
            match settle_batch(&mut transaction, items).await {
                Ok(_) => {
                    if self.commit(transaction).await {
                        return;
                    }
                }
                Err(BatchError::Store(StoreError::Serialization(_))) => transaction.rollback().await.unwrap(),
                Err(error) => panic!("{error:?}"),
            }
        }
        panic!("it met other transactions 50 times");
    }

    /// Commits, unless the server dies right before it: then whoever asked asks again.
    async fn commit(&self, mut transaction: Transaction<'_, Postgres>) -> bool {
        if !self.dies.swap(false, Ordering::Relaxed) {
            transaction.commit().await.unwrap();
            return true;
        }
        self.deaths.fetch_add(1, Ordering::Relaxed);
        let kill = "SELECT pg_terminate_backend(pg_backend_pid())";
        assert!(sqlx::query(kill).execute(&mut *transaction).await.is_err(), "it lives");
        false
    }

    fn item(&self, source: Source, body: &str) -> Item {
        let received_at = Utc::now();
        let told =
            intake::read(source, body.as_bytes(), self.realm, received_at, &MetadataKeys::default()).unwrap();
        let event = InboxEvent {
            account: told.account,
            event_id: told.event_id,
            source: source.as_str(),
            event_type: told.event_type,
            api_version: told.api_version,
            occurred_at: told.occurred_at,
            received_at,
            ignored: told.ignored,
            traceparent: None,
            body: body.to_owned().into(),
        };
        Item { realm: self.realm, event, facts: told.facts }
    }

    /// Collects what is due now.
    pub(crate) async fn create(&self, key: &str) -> Created {
        self.create_by(key, &Request::default(), Utc::now()).await.unwrap()
    }

    pub(crate) async fn create_by(
        &self,
        key: &str,
        request: &Request,
        now: DateTime<Utc>,
    ) -> Result<Created, PayoutError> {
        loop {
            let mut transaction = self.pool.begin().await.unwrap();
            let created = payouts::create(&mut transaction, self.realm, key, request, "fay", now).await?;
            if self.commit(transaction).await {
                return Ok(created);
            }
        }
    }

    pub(crate) async fn mark_paid(
        &self,
        ids: &[PayoutId],
        reference: &str,
    ) -> Result<Vec<Payout>, PayoutError> {
        self.mark_paid_at(ids, reference, Utc::now()).await
    }

    pub(crate) async fn mark_paid_at(
        &self,
        ids: &[PayoutId],
        reference: &str,
        at: DateTime<Utc>,
    ) -> Result<Vec<Payout>, PayoutError> {
        let payment = Payment { reference, at, actor: "fay" };
        loop {
            let mut transaction = self.pool.begin().await.unwrap();
            let paid = payouts::mark_paid(&mut transaction, ids, payment, Utc::now()).await?;
            if self.commit(transaction).await {
                return Ok(paid);
            }
        }
    }

    pub(crate) async fn cancel(&self, id: PayoutId) -> Result<Payout, PayoutError> {
        loop {
            let mut transaction = self.pool.begin().await.unwrap();
            let canceled = payouts::cancel(&mut transaction, id, "a mistake", "fay", Utc::now()).await?;
            if self.commit(transaction).await {
                return Ok(canceled);
            }
        }
    }

    /// Creates and pays in one go; the amounts, in order of affiliates and currencies.
    pub(crate) async fn pay(&self, key: &str) -> Vec<i64> {
        let created = self.create(key).await;
        let ids: Vec<PayoutId> = created.payouts.iter().map(|payout| payout.id).collect();
        self.mark_paid(&ids, key).await.unwrap();
        created.payouts.iter().map(|payout| payout.amount.minor).collect()
    }

    /// What an affiliate is owed in US dollars, by the figures of the API.
    pub(crate) async fn owed(&self, affiliate: AffiliateId) -> Owed {
        let money = |e: Earnings| (e.unpaid.minor, e.eligible.minor, e.held.minor);
        self.earnings(affiliate, Utc::now()).await.map(money).unwrap_or_default()
    }

    pub(crate) async fn earnings(&self, affiliate: AffiliateId, now: DateTime<Utc>) -> Option<Earnings> {
        let mut connection = self.pool.acquire().await.unwrap();
        let figures = affiliates::figures(&mut connection, &[affiliate], now).await.unwrap();
        figures[&affiliate].earnings.iter().find(|e| e.total.currency == Currency::USD).cloned()
    }

    /// What left for an affiliate: its `paid` account.
    pub(crate) async fn paid(&self, affiliate: AffiliateId) -> i64 {
        self.account(affiliate, "paid").await
    }

    pub(crate) async fn account(&self, affiliate: AffiliateId, account: &str) -> i64 {
        sqlx::query_scalar(
            "SELECT coalesce(sum(amount_minor), 0)::BIGINT FROM ledger_postings
             WHERE affiliate_id = $1 AND account = $2 AND currency = 'usd'",
        )
        .bind(affiliate.0)
        .bind(account)
        .fetch_one(&self.pool)
        .await
        .unwrap()
    }

    /// Rules of the ledger that are broken.
    pub(crate) async fn broken(&self) -> Vec<&'static str> {
        let mut connection = self.pool.acquire().await.unwrap();
        let findings = verification::verify(&mut connection, Some(self.realm.project)).await.unwrap();
        findings.into_iter().filter(|finding| finding.violations > 0).map(|finding| finding.rule).collect()
    }

    /// That the ledger is sound, that the API's figures are its accounts, and that a replay leaves
    /// all of it alone.
    pub(crate) async fn is_sound(&self) {
        assert_eq!(self.broken().await, [""; 0]);
        for affiliate in [self.anna, self.ben] {
            let (unpaid, due, held) = self.owed(affiliate).await;
            let accounts = self.account(affiliate, "payable").await + self.account(affiliate, "held").await;
            assert_eq!((unpaid, due + held), (accounts, accounts), "affiliate {affiliate}");
        }
        let mut transaction = self.pool.begin().await.unwrap();
        let before = digest::of(&mut transaction, Some(self.realm.project)).await.unwrap();
        let replayed = settlement::replay(
            &mut transaction,
            self.realm,
            None,
            |event| {
                let source = Source::parse(&event.source).unwrap();
                Ok(intake::read(source, &event.body, self.realm, event.received_at, &MetadataKeys::default())
                    .unwrap()
                    .facts)
            },
            |_| (),
        )
        .await
        .unwrap();
        assert_eq!((replayed.entries, replayed.conversions), (0, 0));
        assert_eq!(digest::of(&mut transaction, Some(self.realm.project)).await.unwrap(), before);
        transaction.commit().await.unwrap();
        assert_eq!(self.broken().await, [""; 0]);
    }
}

/// A conversion over REST whose commission is named. The number is far from those of rows.
pub(crate) fn posted(number: i64, affiliate: AffiliateId, commission: i64) -> PostedConversion {
    PostedConversion {
        conversion: ConversionId(1_000_000 + number),
        payment: Key::reference(&format!("sale-{number}")),
        kind: ConversionKind::Purchase,
        value: Some(commission),
        base: Some(commission * 5),
        currency: "usd".to_owned(),
        affiliate: Some(affiliate),
        referral_code: None,
        coupon_code: None,
        who: CustomerIds { email: Some(format!("customer{number}@example.net")), ..CustomerIds::default() },
        occurred_at: at("2026-05-01T12:00:00Z"),
        paid: false,
        deleted: false,
    }
}

/// The command that posts a conversion, or changes it.
pub(crate) fn command(conversion: &PostedConversion, revision: i64) -> Command {
    Command::Conversion { revision, accepted_at: Utc::now(), conversion: conversion.clone(), change: None }
}
