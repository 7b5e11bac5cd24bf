//! The client against receivers on this machine, by names whose addresses a test decides.
#![expect(clippy::unwrap_used, reason = "tests stop at the first surprise")]

use bytes::Bytes;
use chrono::DateTime;
use futures::future::BoxFuture;
use notify::{Answer, Client, Control, Failure, Lookup, Message, Outcome, Policy, Secret};
use std::collections::VecDeque;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A name server that gives one answer after the other, the last one for ever.
struct Answers(Mutex<VecDeque<Vec<IpAddr>>>, AtomicUsize);

impl Answers {
    fn new(answers: &[&[&str]]) -> Arc<Self> {
        let parse = |answer: &&[&str]| answer.iter().map(|address| address.parse().unwrap()).collect();
        Arc::new(Self(Mutex::new(answers.iter().map(parse).collect()), AtomicUsize::new(0)))
    }
}

impl Lookup for Answers {
    fn addresses(&self, _: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        let mut answers = self.0.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        Box::pin(async move { Ok(answer.unwrap_or_default()) })
    }
}

/// Answers every request so, and counts them.
async fn receiver(answer: String) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (answer, counter) = (answer.clone(), Arc::clone(&counter));
            tokio::spawn(async move {
                let mut head = vec![0; 8_192];
                if stream.read(&mut head).await.unwrap_or(0) > 0 {
                    counter.fetch_add(1, Ordering::Relaxed);
                    let _ = stream.write_all(answer.as_bytes()).await;
                }
            });
        }
    });
    (port, requests)
}

fn message() -> Message {
    Message {
        id: "ntf_1".to_owned(),
        event: "payout_paid".to_owned(),
        body: Bytes::from_static(b"{}"),
        secrets: vec![Secret::of([1; 32])],
    }
}

async fn post(policy: &Policy, lookup: Arc<Answers>, url: &str) -> Outcome {
    let lookup: Arc<dyn Lookup> = lookup;
    let client = Client::new(policy.clone(), &lookup).unwrap();
    client.post(url, &message(), DateTime::UNIX_EPOCH, Duration::from_secs(5)).await
}

fn loopback() -> Policy {
    Policy::new(&["127.0.0.1/32".parse().unwrap()])
}

fn reason(outcome: Outcome) -> String {
    match outcome {
        Outcome::Failed(Failure::Forbidden(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

const TAKES: &str = "HTTP/1.1 204 x\r\n\r\n";

#[tokio::test]
async fn what_was_checked_is_what_is_connected_to() {
    let (port, requests) = receiver(TAKES.to_owned()).await;
    let url = format!("http://receiver.example:{port}/");
    // One answer for whoever checks, another for whoever connects: there is one look-up, and it is checked.
    let lookup = Answers::new(&[&["127.0.0.1"], &["127.0.0.2"], &["10.0.0.1", "::1"]]);
    let taken = post(&loopback(), Arc::clone(&lookup), &url).await;
    assert!(matches!(taken, Outcome::Answered(Answer { status: 204, .. })), "{taken:?}");
    let refused = reason(post(&loopback(), Arc::clone(&lookup), &url).await);
    assert!(refused.contains("127.0.0.2 is a loopback address"), "{refused}");
    let refused = reason(post(&loopback(), Arc::clone(&lookup), &url).await);
    assert!(refused.contains("10.0.0.1 is a private address"), "{refused}");
    assert_eq!(lookup.1.load(Ordering::Relaxed), 3, "one look-up a connection");
    assert_eq!(requests.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn of_several_addresses_those_that_may_be_reached_are() {
    let (port, requests) = receiver(TAKES.to_owned()).await;
    let lookup = Answers::new(&[&["169.254.169.254", "127.0.0.1", "10.0.0.1"]]);
    let outcome = post(&loopback(), lookup, &format!("http://receiver.example:{port}/")).await;
    assert!(matches!(outcome, Outcome::Answered(Answer { status: 204, .. })), "{outcome:?}");
    assert_eq!(requests.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn without_a_setting_nothing_inside_is_reached_by_any_spelling() {
    let (port, requests) = receiver(TAKES.to_owned()).await;
    let inside = Answers::new(&[&["127.0.0.1"]]);
    for url in [
        format!("http://127.0.0.1:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://0x7f.1:{port}/"),
        format!("http://127.1:{port}/"),
        format!("http://localhost:{port}/"),
        "https://receiver.example/".to_owned(),
    ] {
        let outcome = post(&Policy::default(), Arc::clone(&inside), &url).await;
        assert!(matches!(outcome, Outcome::Failed(Failure::Forbidden(_))), "{url}: {outcome:?}");
    }
    assert_eq!(requests.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn plain_http_is_for_the_operators_networks_alone() {
    let public = Answers::new(&[&["1.1.1.1"]]);
    let refused = reason(post(&loopback(), public, "http://receiver.example/").await);
    assert!(refused.contains("1.1.1.1 is reached by HTTPS"), "{refused}");
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let (inside, requests) = receiver(TAKES.to_owned()).await;
    let to = format!("HTTP/1.1 302 x\r\nLocation: http://127.0.0.1:{inside}/\r\nContent-Length: 0\r\n\r\n");
    let (port, _) = receiver(to).await;
    let outcome = post(&loopback(), Answers::new(&[&[]]), &format!("http://127.0.0.1:{port}/")).await;
    assert!(matches!(outcome, Outcome::Answered(Answer { status: 302, .. })), "{outcome:?}");
    assert_eq!(requests.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn two_kilobytes_of_an_answer_are_kept_and_no_more_than_64_read() {
    // It never ends: who reads all of it never comes back.
    let endless = format!("HTTP/1.1 500 x\r\nContent-Length: 99999999\r\n\r\n{}", "x".repeat(70 * 1024));
    let (port, _) = receiver(endless).await;
    let outcome = post(&loopback(), Answers::new(&[&[]]), &format!("http://127.0.0.1:{port}/")).await;
    let Outcome::Answered(answer) = outcome else { panic!("{outcome:?}") };
    assert_eq!((answer.status, answer.body.len()), (500, 2_048));
}

#[tokio::test]
async fn what_a_receiver_asks_for_is_read() {
    for (header, retry_after, control) in [
        ("Retry-After: 120", Some(120), None),
        ("Retry-After: Thu, 01 Jan 1970 00:01:00 GMT", Some(60), None),
        ("webhook-delivery: disable", None, Some(Control::Disable)),
        ("webhook-delivery: abort-message", None, Some(Control::AbortMessage)),
        ("webhook-delivery: whatever", None, None),
    ] {
        let (port, _) = receiver(format!("HTTP/1.1 503 x\r\n{header}\r\nContent-Length: 0\r\n\r\n")).await;
        let outcome = post(&loopback(), Answers::new(&[&[]]), &format!("http://127.0.0.1:{port}/")).await;
        let Outcome::Answered(answer) = outcome else { panic!("{outcome:?}") };
        assert_eq!(answer.retry_after, retry_after.map(Duration::from_secs), "{header}");
        assert_eq!(answer.control, control, "{header}");
    }
}

#[tokio::test]
async fn silence_ends_with_the_time_limit_and_a_closed_door_at_once() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let lookup: Arc<dyn Lookup> = Answers::new(&[&[]]);
    let client = Client::new(loopback(), &lookup).unwrap();
    let url = format!("http://127.0.0.1:{}/", silent.local_addr().unwrap().port());
    let limit = Duration::from_millis(200);
    let outcome = client.post(&url, &message(), DateTime::UNIX_EPOCH, limit).await;
    assert_eq!(outcome, Outcome::Failed(Failure::TimedOut));
    drop(silent);
    let outcome = client.post(&url, &message(), DateTime::UNIX_EPOCH, Duration::from_secs(5)).await;
    assert!(matches!(outcome, Outcome::Failed(Failure::Connect(_))), "{outcome:?}");
}
