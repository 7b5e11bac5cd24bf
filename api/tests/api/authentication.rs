//! API keys.

use crate::support::{Answer, Setup, project, start};
use domain::ids::{Mode, ProjectId, Realm};
use std::time::Duration;
use store::{PgPool, keys};

#[sqlx::test(migrations = "../migrations")]
async fn a_key_is_needed(pool: PgPool) {
    let api = start(&pool).await;
    for authorization in ["", "Bearer", "Bearer rgk_unknown", "Basic cmdrOg=="] {
        let request = api.http.get(api.url("/api/v1/conversions")).header("Authorization", authorization);
        let answer = Answer::read(request.send().await.unwrap()).await;
        answer.error(401, "unauthorized");
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
}

#[sqlx::test(migrations = "../migrations")]
async fn a_revoked_key_stops_working_within_seconds_on_every_process(pool: PgPool) {
    let (apis, project) = ([start(&pool).await, start(&pool).await], project(&pool).await);
    for api in &apis {
        api.get(&project, "/api/v1/conversions").send().await.data(200);
    }
    let mut connection = pool.acquire().await.unwrap();
    assert!(keys::revoke(&mut connection, project.realm.project, project.key_id).await.unwrap());
    let refused = async {
        for api in &apis {
            while api.get(&project, "/api/v1/conversions").send().await.status != 401 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(5), refused).await.unwrap();
}

#[tokio::test]
async fn without_the_database_nobody_is_turned_away_for_good() {
    let api = Setup::without_database().start().await;
    let realm = Realm { project: ProjectId(1), mode: Mode::Test };
    let project = crate::support::Project { realm, key: "rgk_1".to_owned(), key_id: 1 };
    let answer = api.get(&project, "/api/v1/conversions").send().await;
    answer.error(503, "unavailable");
    assert!(!answer.header("retry-after").is_empty());
}
