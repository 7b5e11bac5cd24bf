//! Bodies are read for a replay and for an archive by their bytes, not only by their number.

use crate::support::{item, project, sale};
use chrono::TimeDelta;
use store::event_archive::{self, Restored};
use store::settlement::{BatchError, StoredEvent, replay, settle_batch};
use store::{PgConnection, PgPool};
use stripe::event::{Outcome, read};
use stripe::metadata::MetadataKeys;

/// Of which two are more than is read at once.
const BYTES: i32 = 10 << 20;
const EVENTS: usize = 5;
/// More than there are: nothing ends a round but bytes.
const MANY: i64 = 100;

#[sqlx::test(migrations = "../../migrations")]
async fn large_bodies_are_read_a_few_at_a_time(pool: PgPool) {
    let realm = project(&pool).await;
    let mut transaction = pool.begin().await.unwrap();
    for number in 1..=EVENTS {
        let event = sale(u64::try_from(number).unwrap()).invoice_paid();
        settle_batch(&mut transaction, &[item(realm, event)]).await.unwrap();
    }
    // What is behind a document of JSON may be blank.
    let blanks = "UPDATE events SET body = body || convert_to(repeat(' ', $1), 'UTF8'),
                                    body_sha256 = sha256(body || convert_to(repeat(' ', $1), 'UTF8'))";
    sqlx::query(blanks).bind(BYTES).execute(&mut *transaction).await.unwrap();

    let read_again = |event: &StoredEvent| {
        let reading = read(&event.body, realm.mode, &MetadataKeys::default(), event.received_at);
        match reading.unwrap().outcome {
            Outcome::Facts { facts, .. } => Ok::<_, BatchError>(facts),
            Outcome::Code(_) | Outcome::Ignored { .. } => Ok(Vec::new()),
        }
    };
    let mut rounds = Vec::new();
    let replayed =
        replay(&mut transaction, realm, None, read_again, |done| rounds.push(done.events)).await.unwrap();
    assert_eq!((replayed.events, replayed.entries), (EVENTS, 0));
    rounds.dedup();
    assert_eq!(rounds, [2, 4, 5]);

    let lines = archive(&mut transaction).await;
    assert_eq!(lines.iter().map(Vec::len).collect::<Vec<_>>(), [2, 2, 1]);
    let restored = Restored::begin(&mut transaction).await.unwrap();
    for lines in lines {
        restored.add(&mut transaction, &lines).await.unwrap();
    }
    let mut rounds = Vec::new();
    let replayed =
        replay(&mut transaction, realm, Some(&restored), read_again, |done| rounds.push(done.events))
            .await
            .unwrap();
    assert_eq!((replayed.events, replayed.entries), (EVENTS, 0));
    rounds.dedup();
    assert_eq!(rounds, [2, 4, 5]);
}

/// Takes every body out, and gives the lines as they were read.
async fn archive(connection: &mut PgConnection) -> Vec<Vec<String>> {
    let ever = sale(1).at + TimeDelta::days(36_500);
    let (mut after, mut read) = (0, Vec::new());
    loop {
        let lines = event_archive::lines(connection, ever, after, MANY).await.unwrap();
        let Some(last) = lines.last() else { return read };
        after = last.id;
        let ids: Vec<i64> = lines.iter().map(|line| line.id).collect();
        event_archive::take_out(connection, &ids).await.unwrap();
        read.push(lines.into_iter().map(|line| line.text).collect());
    }
}
