//! What a person can do about dead letters.

use crate::support::{Backend, Stand, ack, all, ids, next_one, on, publish, take};
use anyhow::{Context, Result};
use domain::ids::{Mode, ProjectId};
use queue::{
    Consumer, Disposition,
    dead_letters::{self, DeadLetter, Filter, GivenUp},
};
use std::sync::Arc;

const FAY: GivenUp<'_> = GivenUp { actor: "fay", reason: Some("a test") };

async fn bury(stand: &Stand, consumer: &mut Consumer, n: usize, reason: &str) -> Result<Vec<DeadLetter>> {
    publish(&stand.publisher().await?, n).await?;
    let batch = take(consumer, n).await?;
    consumer.finish(all(batch, &Disposition::DeadLetter { reason: reason.to_owned() })).await?;
    list(stand, &Filter::default()).await
}

async fn list(stand: &Stand, filter: &Filter) -> Result<Vec<DeadLetter>> {
    let mut connection = stand.database.connect().await?;
    Ok(dead_letters::list(&mut connection, &stand.config.prefix, filter, 100).await?)
}

#[tokio::test]
async fn letters_are_listed_latest_first_by_project_mode_and_reason() -> Result<()> {
    on(Backend::Postgres, async |stand: Arc<Stand>| {
        let (mut consumer, _) = stand.consumer();
        let letters = bury(&stand, &mut consumer, 3, "Unknown currency").await?;
        assert!(letters.is_sorted_by(|a, b| a.id > b.id));
        let first = letters.first().context("three letters")?;
        assert_eq!((first.project, first.mode), (Some(ProjectId(7)), Some(Mode::Test)));
        assert_eq!((first.attempts, first.body_bytes), (1, 7));

        let count = async |filter: Filter| Ok::<_, anyhow::Error>(list(&stand, &filter).await?.len());
        assert_eq!(count(Filter { project: Some(ProjectId(7)), ..Filter::default() }).await?, 3);
        assert_eq!(count(Filter { project: Some(ProjectId(8)), ..Filter::default() }).await?, 0);
        assert_eq!(count(Filter { mode: Some(Mode::Live), ..Filter::default() }).await?, 0);
        assert_eq!(count(Filter { reason: Some("CURRENCY".to_owned()), ..Filter::default() }).await?, 3);
        assert_eq!(count(Filter { before: Some(first.id), ..Filter::default() }).await?, 2);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_retried_letter_is_a_new_message_and_may_die_again() -> Result<()> {
    on(Backend::Postgres, async |stand: Arc<Stand>| {
        let (mut consumer, _) = stand.consumer();
        let letters = bury(&stand, &mut consumer, 1, "first").await?;
        let letter = letters.first().context("a letter")?;
        let mut connection = stand.database.connect().await?;
        let prefix = &stand.config.prefix;
        assert_eq!(dead_letters::retry(&mut connection, prefix, &[letter.id, 999]).await?, [letter.id]);
        assert!(dead_letters::retry(&mut connection, prefix, &[letter.id]).await?.is_empty(), "once only");
        assert!(dead_letters::show(&mut connection, prefix, letter.id).await?.is_none());

        let delivery = next_one(&mut consumer).await?;
        assert_eq!((delivery.attempt, delivery.redelivered), (0, false));
        assert_eq!(
            ids([&delivery]).first().map(ToString::to_string).as_deref(),
            letter.headers["message_id"].as_str()
        );
        let dead = Disposition::DeadLetter { reason: "second".to_owned() };
        consumer.finish(vec![(delivery, dead)]).await?;
        let open = list(&stand, &Filter::default()).await?;
        assert_eq!(open.iter().map(|letter| letter.reason.as_str()).collect::<Vec<_>>(), ["second"]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_discarded_letter_is_gone_for_good() -> Result<()> {
    on(Backend::Postgres, async |stand: Arc<Stand>| {
        let (mut consumer, _) = stand.consumer();
        let letters = bury(&stand, &mut consumer, 1, "hopeless").await?;
        let id = letters.first().context("a letter")?.id;
        let (mut connection, prefix) = (stand.database.connect().await?, &stand.config.prefix);
        let (_, body) = dead_letters::show(&mut connection, prefix, id).await?.context("it is open")?;
        assert_eq!(body, br#"{"n":0}"#);
        assert_eq!(dead_letters::discard(&mut connection, prefix, &[id], FAY).await?, [id]);
        assert!(dead_letters::retry(&mut connection, prefix, &[id]).await?.is_empty());
        assert_eq!(
            stand.database.count("SELECT count(*) FROM dead_letters").await?,
            1,
            "kept for the record"
        );
        Ok(())
    })
    .await
}

#[tokio::test]
async fn letters_of_another_deployment_are_out_of_sight() -> Result<()> {
    on(Backend::Postgres, async |stand: Arc<Stand>| {
        let (mut consumer, _) = stand.consumer();
        let id = bury(&stand, &mut consumer, 1, "mine").await?.first().context("a letter")?.id;
        let (mut connection, other) = (stand.database.connect().await?, "other".parse()?);
        assert!(dead_letters::list(&mut connection, &other, &Filter::default(), 9).await?.is_empty());
        assert!(dead_letters::discard(&mut connection, &other, &[id], FAY).await?.is_empty());
        ack(&consumer, Vec::new()).await
    })
    .await
}
