//! The contract, line by line: what a back end that was written for Refgrow's public API sends, and the exact
//! answers.

#[path = "contract/affiliates.rs"]
mod affiliates;
#[path = "contract/beside.rs"]
mod beside;
#[path = "contract/conversions.rs"]
mod conversions;
#[path = "contract/coupons.rs"]
mod coupons;
#[path = "contract/referrals.rs"]
mod referrals;

use crate::settling::settle_for;
use crate::support::{Answer, Api, Project, project, start};
use reqwest::Method;
use serde_json::Value;
use store::PgPool;
use tokio_util::sync::DropGuard;

/// A service with a project whose programme pays 20 % at once, and its worker.
struct Client {
    api: Api,
    project: Project,
    _worker: DropGuard,
}

impl Client {
    async fn new(pool: &PgPool) -> Self {
        let (api, project) = (start(pool).await, project(pool).await);
        let worker = settle_for(pool, &project, 0).await;
        Self { api, project, _worker: worker }
    }

    /// Sends a request as a client of that API does: every one is called JSON.
    async fn send(&self, method: &str, path: &str, body: &str) -> Answer {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let call = self.api.call(&self.project, method, &format!("/api/v1{path}")).json(body);
        call.header("Prefer", "wait=4").send().await
    }

    /// The answer as a text: its status and its body, without what differs each time.
    async fn told(&self, method: &str, path: &str, body: &str) -> String {
        let answer = self.send(method, path, body).await;
        let mut body = answer.body;
        redact(&mut body);
        format!("{} {}", answer.status, serde_json::to_string_pretty(&body).unwrap())
    }
}

/// Times, which all have the one form, and ids of requests.
fn redact(value: &mut Value) {
    match value {
        Value::String(text) if is_time(text) => "[time]".clone_into(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        Value::Array(values) => values.iter_mut().for_each(redact),
        Value::Object(fields) => {
            for (name, value) in fields {
                match name.as_str() {
                    "request_id" | "next_cursor" | "click_id" if value.is_string() => {
                        *value = Value::from(format!("[{name}]"));
                    }
                    // Of evidence, which is kept to the microsecond.
                    "bound_at" => *value = Value::from("[time]"),
                    _ => redact(value),
                }
            }
        }
    }
}

/// `2026-01-31T12:00:00.000Z`
fn is_time(text: &str) -> bool {
    let form: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    form == "0000-00-00T00:00:00.000Z"
}
