//! A history's world as rows.

use crate::oracle::engine::{commission, rules};
use crate::oracle::model::{History, Reference, Span, Time};
use crate::oracle::render::{Numbers, posted};
use anyhow::{Result, ensure};
use chrono::{DateTime, Utc};
use domain::command::Command;
use domain::ids::{Mode, Realm};
use sqlx::types::Json;
use store::conversions::{Accepted, Named, NewConversion, accept, prepare};
use store::{PgConnection, program_rules, projects};

/// A project with a history's world.
#[derive(Clone, Debug)]
pub struct Entered {
    /// The project, in test mode.
    pub realm: Realm,
    /// What its rows are called.
    pub numbers: Numbers,
}

/// Enters affiliates, codes and rules with their times, and the posts that the API has accepted.
///
/// # Errors
/// When the database fails.
pub async fn enter(connection: &mut PgConnection, history: &History) -> Result<Entered> {
    let project = projects::create(connection, "Acme").await?.id;
    let realm = Realm { project, mode: Mode::Test };
    let affiliates = affiliates(connection, realm, history).await?;
    coupons(connection, realm, history, &affiliates).await?;
    for click in &history.world.clicks {
        sqlx::query(
            "INSERT INTO clicks (project_id, livemode, affiliate_id, click_id, code, occurred_at)
             VALUES ($1, FALSE, $2, $3, $4, $5)",
        )
        .bind(project.0)
        .bind(affiliates[click.affiliate])
        .bind(&click.id)
        .bind(&history.world.affiliates[click.affiliate].code)
        .bind(time(click.at))
        .execute(&mut *connection)
        .await?;
    }
    let mut numbers = Numbers { affiliates, posts: Vec::new() };
    for programme in &history.world.programmes {
        program_rules::add(connection, project, &rules(programme, &numbers), programme.from.map(time))
            .await?;
    }
    for _ in &history.posts {
        numbers.posts.push(prepare(connection, realm, &Named::default()).await?.id.0);
    }
    for (place, post) in history.posts.iter().enumerate() {
        let conversion = posted(history, &numbers, place, &post.revisions[0]);
        let accepted_at = time(post.at);
        let command =
            Command::Conversion { revision: 0, accepted_at, conversion: conversion.clone(), change: None };
        let reference = match &post.reference {
            Reference::None => None,
            Reference::Own(reference) => Some(reference.as_str()),
            Reference::Stripe(id) => Some(id.as_str()),
        };
        let new = NewConversion { posted: &conversion, reference, url: None, command: &command };
        ensure!(matches!(accept(connection, realm, &new).await?, Accepted::New), "{command:?}");
    }
    Ok(Entered { realm, numbers })
}

async fn affiliates(connection: &mut PgConnection, realm: Realm, history: &History) -> Result<Vec<i64>> {
    let mut ids = Vec::new();
    for affiliate in &history.world.affiliates {
        let id: i64 = sqlx::query_scalar(
            "WITH affiliate AS (
                 INSERT INTO affiliates (project_id, livemode, user_email, email_normalised, referral_code, created_at)
                 VALUES ($1, FALSE, $2, lower($2), $3, $4) RETURNING id, created_at
             )
             INSERT INTO referral_codes (project_id, livemode, affiliate_id, code, code_folded, created_at)
             SELECT $1, FALSE, id, $3, lower($3), created_at FROM affiliate
             RETURNING affiliate_id",
        )
        .bind(realm.project.0)
        .bind(&affiliate.email)
        .bind(&affiliate.code)
        .bind(time(affiliate.created))
        .fetch_one(&mut *connection)
        .await?;
        if let Some(span) = affiliate.inactive {
            suspend(connection, (Some(id), None), span).await?;
        }
        if let Some((from, earns)) = affiliate.own {
            sqlx::query("INSERT INTO affiliate_commissions (affiliate_id, commission, valid_from) VALUES ($1, $2, $3)")
                .bind(id)
                .bind(Json(commission(earns)))
                .bind(time(from))
                .execute(&mut *connection)
                .await?;
        }
        ids.push(id);
    }
    Ok(ids)
}

async fn coupons(
    connection: &mut PgConnection,
    realm: Realm,
    history: &History,
    affiliates: &[i64],
) -> Result<()> {
    for coupon in &history.world.coupons {
        let id: i64 = sqlx::query_scalar(
            "INSERT INTO coupons (project_id, livemode, affiliate_id, coupon_code, code_folded, stripe_coupon_id,
                                  stripe_promotion_code_id, created_at, named_at)
             VALUES ($1, FALSE, $2, $3, lower($3), $4, $5, $6, $6)
             RETURNING id",
        )
        .bind(realm.project.0)
        .bind(affiliates[coupon.affiliate])
        .bind(&coupon.code)
        .bind(&coupon.stripe_coupon)
        .bind(&coupon.promotion_code)
        .bind(time(coupon.created))
        .fetch_one(&mut *connection)
        .await?;
        if let Some(span) = coupon.inactive {
            suspend(connection, (None, Some(id)), span).await?;
        }
    }
    Ok(())
}

async fn suspend(
    connection: &mut PgConnection,
    (affiliate, coupon): (Option<i64>, Option<i64>),
    span: Span,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO suspensions (affiliate_id, coupon_id, suspended_from, suspended_until) VALUES ($1, $2, $3, $4)",
    )
    .bind(affiliate)
    .bind(coupon)
    .bind(time(span.from))
    .bind(span.until.map(time))
    .execute(connection)
    .await?;
    Ok(())
}

fn time(at: Time) -> DateTime<Utc> {
    DateTime::from_timestamp(at, 0).unwrap()
}
