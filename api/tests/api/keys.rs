//! API keys over REST, what each role may, and dead letters.

use crate::document::{Operation, anything, operations};
use crate::support::{Answer, Project, dead_letter, project, start, with_key, with_role};
use domain::ids::{Mode, Realm};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use store::PgPool;
use store::api_keys::KeyRole;

#[sqlx::test(migrations = "../migrations")]
async fn a_key_is_made_shown_once_and_revoked(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let body = json!({"name": "books", "role": "read", "errors": "text"}).to_string();
    let make = async || api.post(&project, "/api/v1/keys", &body).header("Idempotency-Key", "k").send().await;
    let made = make().await;
    let secret = made.data(201)["api_key"].as_str().unwrap().to_owned();
    let again = make().await;
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.data(201)["api_key"], json!(null), "a secret is not kept");
    assert_eq!(again.data(201)["id"], made.data(201)["id"]);

    let reader = Project { realm: project.realm, key: secret.clone(), key_id: 0 };
    let listed = api.get(&reader, "/api/v1/keys").send().await;
    let books = &listed.data(200)[0];
    assert_eq!(
        (&books["name"], &books["role"], &books["errors"]),
        (&json!("books"), &json!("read"), &json!("text"))
    );
    assert!(!listed.text.contains(&secret));
    let path = format!("/api/v1/keys/{}", made.data(201)["id"]);
    let refused = api.delete(&reader, &path).send().await;
    assert_eq!((refused.status, refused.body["error"].as_str().is_some()), (403, true), "{}", refused.text);
    assert!(api.delete(&project, &path).send().await.data(200)["revoked_at"].is_string());
    api.delete(&project, &path).send().await.error(404, "not_found");
    let own = format!("/api/v1/keys/{}", project.key_id);
    api.delete(&project, &own).send().await.error(409, "conflict");
}

#[sqlx::test(migrations = "../migrations")]
async fn a_key_is_of_one_project_and_mode(pool: PgPool) {
    let (api, owner) = (start(&pool).await, project(&pool).await);
    let live = with_key(&pool, Realm { mode: Mode::Live, ..owner.realm }).await;
    for stranger in [&live, &project(&pool).await] {
        let path = format!("/api/v1/keys/{}", owner.key_id);
        api.delete(stranger, &path).send().await.error(404, "not_found");
        let listed = api.get(stranger, "/api/v1/keys").send().await;
        let ids: Vec<i64> =
            listed.data(200).as_array().unwrap().iter().map(|key| key["id"].as_i64().unwrap()).collect();
        assert_eq!(ids, [stranger.key_id]);
    }
}

/// What each role is refused, over all operations.
#[sqlx::test(migrations = "../migrations")]
async fn a_role_may_what_it_says_and_nothing_else(pool: PgPool) {
    let (api, owner) = (start(&pool).await, project(&pool).await);
    let mut allowed = BTreeSet::new();
    for role in KeyRole::ALL {
        let key = with_role(&pool, owner.realm, role).await;
        for operation in operations().into_iter().filter(Operation::needs_key) {
            let path = operation.path_with(|name| match name {
                "projectId" => owner.realm.project.to_string(),
                name if name.ends_with("id") => "999".to_owned(),
                _ => "nobody%40example.com".to_owned(),
            });
            let mut request =
                api.http.request(operation.method.clone(), api.url(&path)).bearer_auth(&key.key);
            if operation.method != Method::GET {
                request = request.json(&anything()).header("Prefer", "respond-async");
            }
            let answer = Answer::read(request.send().await.unwrap()).await;
            let told = format!("{} {}: {}", role.as_str(), operation.name(), answer.text);
            assert!(answer.status < 500, "{told}");
            match (role, &operation.method) {
                (KeyRole::Full, _) | (_, &Method::GET) => assert_ne!(answer.status, 403, "{told}"),
                _ if answer.status == 403 => {
                    assert!(answer.error(403, "forbidden").contains(role.as_str()), "{told}");
                }
                _ => {
                    allowed.insert((role.as_str(), operation.name().to_owned()));
                }
            }
        }
    }
    let finance = [
        "cancel_payout",
        "create_payouts",
        "hold_conversion",
        "lock_referral",
        "mark_payout_batch_paid",
        "mark_payout_paid",
        "reject_conversion",
        "release_conversion",
        "unlock_referral",
    ];
    assert_eq!(allowed, finance.map(|name| ("finance", name.to_owned())).into());
}

#[sqlx::test(migrations = "../migrations")]
async fn a_dead_letter_is_retried_or_given_up(pool: PgPool) {
    let (api, project) = (start(&pool).await, project(&pool).await);
    let (first, second) =
        (dead_letter(&pool, &project, "no customer").await, dead_letter(&pool, &project, "no JSON").await);
    let listed = api.get(&project, "/api/v1/dead-letters?reason=CUSTOMER").send().await;
    assert_eq!(listed.data(200)[0]["id"], first);
    assert_eq!(listed.data(200)[0]["source"], "stripe");
    let shown = api.get(&project, &format!("/api/v1/dead-letters/{first}")).send().await;
    assert_eq!((&shown.data(200)["id"], &shown.data(200)["body"]), (&json!(first), &json!("{}")));
    for role in [KeyRole::Read, KeyRole::Finance] {
        let key = with_role(&pool, project.realm, role).await;
        let shown = api.get(&key, &format!("/api/v1/dead-letters/{first}")).send().await;
        assert_eq!(
            (&shown.data(200)["reason"], &shown.data(200)["body"]),
            (&json!("no customer"), &Value::Null)
        );
    }
    let post = async |path: String| api.call(&project, Method::POST, &path).send().await;
    assert_eq!(post(format!("/api/v1/dead-letters/{first}/retry")).await.data(200)["reason"], "no customer");
    let queued: i64 =
        sqlx::query_scalar("SELECT count(*) FROM queue_messages").fetch_one(&pool).await.unwrap();
    assert_eq!(queued, 1);
    post(format!("/api/v1/dead-letters/{first}/retry")).await.error(404, "not_found");
    post(format!("/api/v1/dead-letters/{second}/discard")).await.data(200);
    let kept: (String, Option<String>) =
        sqlx::query_as("SELECT discarded_by, discard_reason FROM dead_letters WHERE id = $1")
            .bind(second)
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!(kept, ("test".to_owned(), None));
    assert_eq!(api.get(&project, "/api/v1/dead-letters").send().await.data(200), &json!([]));
}
