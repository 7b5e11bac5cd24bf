//! Endpoints of notifications, and the feed.

use crate::settling::settle_for;
use crate::support::{Answer, Api, Project, project, start};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use store::PgPool;
use store::notifications::{Cause, NewNotification, write};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const ENDPOINTS: &str = "/api/v1/webhook-endpoints";

async fn made(api: &Api, owner: &Project, body: Value) -> Answer {
    api.post(owner, ENDPOINTS, &body.to_string()).send().await
}

async fn call(api: &Api, owner: &Project, method: Method, path: &str, body: Value) -> Answer {
    api.call(owner, method, &format!("{ENDPOINTS}/{path}")).json(&body.to_string()).send().await
}

/// A receiver that answers each connection once, with this status.
async fn receiver(status: u16) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = [0; 4096];
            let _ = stream.read(&mut head).await;
            let answer = format!("HTTP/1.1 {status} x\r\nContent-Length: 4\r\nConnection: close\r\n\r\ntold");
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    url
}

#[sqlx::test(migrations = "../migrations")]
async fn an_endpoint_is_made_shown_changed_and_deleted(pool: PgPool) {
    let (api, owner) = (start(&pool).await, project(&pool).await);
    let body =
        json!({"url": "https://1.1.1.1/hooks", "events": ["payout_paid", "payout_created", "payout_paid"]});
    let answer = made(&api, &owner, body).await;
    let endpoint = answer.data(201).clone();
    assert_eq!(answer.header("location"), "/api/v1/webhook-endpoints/1");
    let secret = endpoint["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
    let mut expected = json!({
        "id": 1, "url": "https://1.1.1.1/hooks", "description": null, "events": ["payout_paid", "payout_created"],
        "status": "active", "ordered": false, "timeout_seconds": 15, "failing_since": null, "disabled_reason": null,
        "pending": 0, "parked": 0, "created_at": endpoint["created_at"],
    });
    let shown = api.get(&owner, "/api/v1/webhook-endpoints/1").send().await;
    assert_eq!(shown.data(200), &expected, "the secret is shown once");

    let change = json!({"url": "https://1.0.0.1/", "events": ["*", "payout_paid"], "description": "books", "ordered": true,
                        "timeout_seconds": 30, "status": "paused"});
    for (field, value) in change.as_object().unwrap() {
        expected[field] = value.clone();
    }
    expected["events"] = json!(["*"]);
    assert_eq!(call(&api, &owner, Method::PUT, "1", change).await.data(200), &expected);
    let cleared = call(&api, &owner, Method::PUT, "1", json!({"description": null})).await;
    assert_eq!(cleared.data(200)["description"], Value::Null);
    let rotated = call(&api, &owner, Method::POST, "1/rotate-secret", json!({})).await;
    assert_ne!(rotated.data(200)["secret"], secret);
    let own = call(&api, &owner, Method::POST, "1/rotate-secret", json!({"secret": "own-secret"})).await;
    assert_eq!(own.data(200)["secret"], "own-secret");
    let valid =
        "SELECT count(*) FROM webhook_endpoint_secrets WHERE expires_at IS NULL OR expires_at > now()";
    assert_eq!(sqlx::query_scalar::<_, i64>(valid).fetch_one(&pool).await.unwrap(), 2);
    api.delete(&owner, "/api/v1/webhook-endpoints/1").send().await.data(200);
    api.get(&owner, "/api/v1/webhook-endpoints/1").send().await.error(404, "not_found");
}

#[sqlx::test(migrations = "../migrations")]
async fn what_cannot_be_sent_to_is_refused_with_its_reason(pool: PgPool) {
    let (api, owner) = (start(&pool).await, project(&pool).await);
    for (url, reason) in [
        ("https://10.0.0.1/", "10.0.0.1 is a private address"),
        ("https://[::ffff:169.254.169.254]/latest", "is a link-local address"),
        ("https://0x0a.1/", "10.0.0.1 is a private address"),
        ("http://8.8.8.8/", "HTTPS"),
        ("https://8.8.8.8:22/", "HTTPS"),
        ("https://ann:secret@example.com/", "user name"),
        ("ftp://example.com/", "https://"),
        ("example.com", "URL"),
    ] {
        let answer = made(&api, &owner, json!({"url": url, "events": ["*"]})).await;
        let message = answer.error(400, "invalid_parameters");
        assert!(message.contains(reason), "{url}: {message}");
        assert_eq!(answer.fields(), ["url"]);
    }
    for (field, value) in [
        ("events", json!([])),
        ("events", json!(["payout_stolen"])),
        ("secret", json!("whsec_*")),
        ("secret", json!("with a blank")),
        ("timeout_seconds", json!(31)),
        ("timeout_seconds", json!(0)),
    ] {
        let mut body = json!({"url": "https://1.1.1.1/", "events": ["*"]});
        body[field] = value;
        let answer = made(&api, &owner, body).await;
        answer.error(400, "invalid_parameters");
        assert_eq!(answer.fields(), [field]);
    }
    let rows = "SELECT count(*) FROM webhook_endpoints";
    assert_eq!(sqlx::query_scalar::<_, i64>(rows).fetch_one(&pool).await.unwrap(), 0);
}

#[sqlx::test(migrations = "../migrations")]
async fn a_test_says_what_the_endpoint_answers_and_turns_it_on_again(pool: PgPool) {
    let (api, owner) = (start(&pool).await, project(&pool).await);
    for status in [204, 500] {
        let url = receiver(status).await;
        made(&api, &owner, json!({"url": url, "events": ["*"]})).await.data(201);
    }
    let disable =
        "UPDATE webhook_endpoints SET status = 'disabled', disabled_reason = 'all failed', failures = 20";
    sqlx::query(disable).execute(&pool).await.unwrap();
    let green = call(&api, &owner, Method::POST, "1/test", json!({"event": "payout_paid"})).await;
    let green = green.data(200);
    assert_eq!(
        (&green["delivered"], &green["status_code"], &green["error"]),
        (&json!(true), &json!(204), &Value::Null)
    );
    assert_eq!(green["endpoint"]["status"], "active");
    assert!(green["id"].as_str().unwrap().starts_with("ntf_test_"));
    let red = call(&api, &owner, Method::POST, "2/test", json!({})).await;
    let red = red.data(200);
    assert_eq!(
        (&red["delivered"], &red["status_code"], &red["answer"]),
        (&json!(false), &json!(500), &json!("told"))
    );
    assert_eq!(red["endpoint"]["status"], "disabled");
    // In no feed: nothing has happened.
    assert_eq!(api.get(&owner, "/api/v1/events").send().await.body["data"], json!([]));
    let refused = call(&api, &owner, Method::POST, "2/redeliver", json!({"failed": true})).await;
    assert!(refused.error(409, "conflict").contains("enable it first"));
    assert_eq!(
        api.post(&owner, "/api/v1/webhook-endpoints/2/enable", "").send().await.data(200)["status"],
        "active"
    );
}

async fn happen(pool: &PgPool, owner: &Project, event: domain::notification::Event) {
    let new = NewNotification {
        realm: owner.realm,
        event,
        referrer: None,
        referred: None,
        data: "{}".to_owned(),
        delta: None,
        cause: Cause::default(),
        ledger_entry: None,
    };
    write(&mut pool.acquire().await.unwrap(), &[new]).await.unwrap();
}

#[sqlx::test(migrations = "../migrations")]
async fn the_feed_goes_on_where_it_was_and_waits_for_what_comes(pool: PgPool) {
    use domain::notification::Event::{PayoutCreated, PayoutPaid};
    let (api, owner) = (start(&pool).await, project(&pool).await);
    let _worker = settle_for(&pool, &owner, 0).await;
    for event in [PayoutCreated, PayoutPaid, PayoutCreated] {
        happen(&pool, &owner, event).await;
    }
    let feed = async |query: &str, prefer: &str| {
        api.get(&owner, &format!("/api/v1/events?{query}")).header("Prefer", prefer).send().await
    };
    let sequences = |answer: &Answer| -> Vec<i64> {
        let data = answer.body["data"].as_array().unwrap();
        data.iter().map(|it| it["sequence"].as_i64().unwrap()).collect()
    };
    let first = feed("after=0&limit=2", "wait=30").await;
    assert_eq!(sequences(&first), [1, 2]);
    assert_eq!((&first.body["next_after"], &first.body["has_more"]), (&json!(2), &json!(true)));
    let rest = feed("after=2", "").await;
    assert_eq!((sequences(&rest), &rest.body["next_after"]), (vec![3], &json!(3)));
    let paid = feed("types=payout_paid", "").await;
    assert_eq!((sequences(&paid), &paid.body["next_after"]), (vec![2], &json!(3)));
    feed("types=payout_stolen", "").await.error(400, "invalid_parameters");
    feed("after=-1", "").await.error(400, "invalid_parameters");

    let began = Instant::now();
    let nothing = feed("after=3", "wait=1").await;
    assert_eq!((sequences(&nothing), &nothing.body["next_after"]), (vec![], &json!(3)));
    assert!(began.elapsed() >= Duration::from_secs(1));
    let (waited, ()) = tokio::join!(feed("after=3&types=payout_paid", "wait=30"), async {
        happen(&pool, &owner, PayoutCreated).await;
        happen(&pool, &owner, PayoutPaid).await;
    });
    assert_eq!((sequences(&waited), &waited.body["next_after"]), (vec![5], &json!(5)));
}

#[sqlx::test(migrations = "../migrations")]
async fn who_waits_is_let_go_when_the_service_stops(pool: PgPool) {
    let (api, owner) = (start(&pool).await, project(&pool).await);
    let began = Instant::now();
    let waiting = api.get(&owner, "/api/v1/events").header("Prefer", "wait=30").send();
    let (answer, ()) = tokio::join!(waiting, async {
        // It has begun to wait when the task that asks for all asks for it.
        tokio::time::sleep(Duration::from_millis(300)).await;
        api.shutdown.cancel();
    });
    assert_eq!(answer.body["data"], json!([]));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
}
