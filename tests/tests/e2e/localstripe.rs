//! Lists and events of a Stripe that others wrote: localstripe, whose objects have the shapes of 2017 to 2025.
//!
//! It has seven of the thirteen lists that history is read from, and of these none takes a span of time: [`Relay`] cuts their pages to the
//! span that is asked for, and has an empty list where there is none. Its payment intents lack `amount_received`, which Stripe's always
//! had and without which none is believed; `Relay` puts it there. All else is as localstripe says it.

use anyhow::{Context, Result, ensure};
use app::provider_keys;
use app::reconcile::reconcile;
use axum::{
    Json, Router,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use chrono::{TimeDelta, Utc};
use domain::provider::Provider;
use queue::Prefix;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::{env, path::Path, process::Stdio};
use stripe::client::Lists;
use stripe::history::List;
use tests::deployment;
use tests::launch::Launch;
use tests::stores::Backend;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;

/// It takes no restricted one.
const KEY: &str = "sk_test_localstripe";

/// Of the lists that history is read from, those that it does not have.
const LACKING: [List; 6] = [
    List::PromotionCodes,
    List::CheckoutSessions,
    List::InvoicePayments,
    List::Disputes,
    List::CreditNotes,
    List::FraudWarnings,
];

/// It, in a process of its own.
struct LocalStripe {
    url: String,
    http: reqwest::Client,
    _process: Child,
}

impl LocalStripe {
    /// None where it is not installed.
    async fn start() -> Result<Option<Self>> {
        let Some(python) = env::var_os("LOCALSTRIPE_PYTHON") else {
            // ./dev test has said that this is skipped.
            ensure!(
                env::var_os("PYTHON_TOOLS_REQUIRED").is_none(),
                "LOCALSTRIPE_PYTHON is not set: run ./dev test"
            );
            return Ok(None);
        };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("localstripe/serve.py");
        let mut process =
            Command::new(python).arg(script).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let said = process.stdout.take().context("no standard output")?;
        let port = BufReader::new(said).lines().next_line().await?.context("it does not start")?;
        let http = reqwest::Client::builder().no_proxy().build()?;
        Ok(Some(Self { url: format!("http://127.0.0.1:{port}"), http, _process: process }))
    }

    /// Makes or changes something, and gives its id.
    async fn post(&self, path: &str, form: &str) -> Result<String> {
        let request = self.http.post(format!("{}/v1/{path}", self.url)).bearer_auth(KEY);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(form.to_owned()).send().await?;
        let status = answer.status();
        let made: Value = answer.json().await?;
        ensure!(status.is_success(), "{path}: {status}: {made}");
        Ok(made["id"].as_str().context("no id")?.to_owned())
    }

    /// A customer of Anna's who pays 50.00 at once and 20.00 for a subscription; the intent and the invoice.
    async fn sell(&self) -> Result<(String, String)> {
        let customer = self.post("customers", "email=zoe@example.com&metadata[referral_code]=ANNA").await?;
        let card =
            "type=card&card[number]=4242424242424242&card[exp_month]=12&card[exp_year]=2099&card[cvc]=123";
        let card = self.post("payment_methods", card).await?;
        self.post(&format!("payment_methods/{card}/attach"), &format!("customer={customer}")).await?;
        let default = format!("invoice_settings[default_payment_method]={card}");
        self.post(&format!("customers/{customer}"), &default).await?;
        let intent = format!("amount=5000&currency=usd&customer={customer}&payment_method={card}");
        let intent = self.post("payment_intents", &intent).await?;
        self.post(&format!("payment_intents/{intent}/confirm"), "").await?;
        self.post("products", "id=prod_team&name=Team&type=service").await?;
        let plan = "id=team&product=prod_team&amount=2000&currency=usd&interval=month";
        self.post("plans", plan).await?;
        self.post("subscriptions", &format!("customer={customer}&items[0][plan]=team")).await?;
        let invoices = self.http.get(format!("{}/v1/invoices", self.url)).bearer_auth(KEY).send().await?;
        let invoices: Value = invoices.json().await?;
        let invoice = invoices["data"][0]["id"].as_str().context("no invoice")?;
        Ok((intent, invoice.to_owned()))
    }
}

/// Stands before it for what it lacks of lists.
struct Relay {
    url: String,
    lacking: Arc<Mutex<BTreeSet<String>>>,
    task: JoinHandle<()>,
}

impl Relay {
    async fn start(behind: &LocalStripe) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        let lacking = Arc::default();
        let state = (behind.url.clone(), behind.http.clone(), Arc::clone(&lacking));
        let router = Router::new().fallback(relay).with_state(state);
        let task = tokio::spawn(async move {
            // It ends with the test.
            drop(axum::serve(listener, router).await);
        });
        Ok(Self { url, lacking, task })
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Behind = (String, reqwest::Client, Arc<Mutex<BTreeSet<String>>>);

async fn relay(State(behind): State<Behind>, request: Request) -> Response {
    match cut(&behind, request.uri().path(), request.uri().query().unwrap_or_default()).await {
        Ok((status, body)) => (status, Json(body)).into_response(),
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()).into_response(),
    }
}

/// What it answers, as far as it was made in the span that is asked for.
async fn cut(
    (url, http, lacking): &Behind,
    path: &str,
    query: &str,
) -> Result<(StatusCode, Value), reqwest::Error> {
    let (mut since, mut until, mut rest) = (i64::MIN, i64::MAX, Vec::new());
    for pair in query.split('&') {
        match pair.replace("%5B", "[").replace("%5D", "]").split_once('=') {
            Some(("created[gte]", at)) => since = at.parse().unwrap_or(since),
            Some(("created[lt]", at)) => until = at.parse().unwrap_or(until),
            // What is to be expanded is whole there already.
            Some(("expand[]", _)) => {}
            Some(_) | None => rest.push(pair),
        }
    }
    let answer = http.get(format!("{url}{path}?{}", rest.join("&"))).bearer_auth(KEY).send().await?;
    let status = answer.status();
    if status == StatusCode::NOT_FOUND && List::ALL.iter().any(|list| list.path() == path) {
        lacking.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_owned());
        return Ok((StatusCode::OK, json!({"object": "list", "data": [], "has_more": false})));
    }
    if !status.is_success() {
        return Ok((status, Value::Null));
    }
    let mut page: Value = answer.json().await?;
    if let Some(data) = page["data"].as_array_mut() {
        for one in data.iter_mut() {
            let intent = if one["object"] == "event" { &mut one["data"]["object"] } else { one };
            if intent["object"] == "payment_intent" && intent["status"] == "succeeded" {
                intent["amount_received"] = intent["amount"].clone();
            }
        }
        data.retain(|one| one["created"].as_i64().is_some_and(|created| since <= created && created < until));
    }
    Ok((status, page))
}

#[tokio::test(flavor = "multi_thread")]
async fn history_and_events_of_a_stripe_of_others_end_in_the_ledger() -> Result<()> {
    let Some(local) = LocalStripe::start().await? else { return Ok(()) };
    let (intent, invoice) = local.sell().await?;
    deployment::on(Backend::Postgres, async |deployment| {
        let relay = Relay::start(&local).await?;
        let worker = deployment.worker_at(&relay.url);
        let (by_events, by_history) =
            (deployment.programme().await?.realm, deployment.programme().await?.realm);

        // All of its events were missed; what was made in the last minutes may still be on its way.
        let lists = Lists::new(KEY, &relay.url, 1_000)?;
        let queue: Prefix = deployment.prefix.parse().context("a prefix")?;
        let mut connection = deployment.pool.acquire().await?;
        let now = Utc::now() + TimeDelta::minutes(10);
        let found = reconcile(&mut connection, &queue, &lists, by_events, 3, now).await?;
        ensure!(!found.missing.is_empty(), "{found:?}");
        deployment.drained().await?;
        let again = reconcile(&mut connection, &queue, &lists, by_events, 3, now).await?;
        ensure!(again.missing.is_empty() && again.seen == found.seen, "{again:?}");
        let earned = async |realm, payment: &str| {
            let payments = deployment.payments(realm).await?;
            let payment = payments.get(payment).with_context(|| format!("no {payment}"))?;
            anyhow::Ok((payment.commission.minor, payment.taken_back.minor))
        };
        ensure!(deployment.payments(by_events).await?.len() == 2);
        ensure!(earned(by_events, &intent).await? == (1_000, 0));
        ensure!(earned(by_events, &invoice).await? == (400, 0));

        // A fifth goes back, of which no event tells there.
        local.post("refunds", &format!("payment_intent={intent}&amount=1000")).await?;
        let sealer = provider_keys::sealer(None);
        provider_keys::keep(&mut connection, by_history, Provider::Stripe, KEY, &sealer).await?;
        drop(connection);
        let project = by_history.project.to_string();
        let from = (Utc::now() - TimeDelta::days(1)).format("%Y-%m-%d").to_string();
        let read = || {
            let launch = Launch::of("tributary", deployment)?.env("STRIPE_API_BASE", &relay.url);
            let terms = ["--rules-as-of", "event", "--payable-from", "2020-01-01"];
            let arguments = ["backfill", "--project", &project, "--mode", "test", "--from", &from];
            let arguments = arguments.iter().chain(&terms);
            anyhow::Ok(arguments.fold(launch, |launch, argument| launch.arg(argument)))
        };
        let (status, answer, said) = read()?.answered().await?;
        ensure!(status.success(), "{answer}{said}");
        deployment.drained().await?;
        ensure!(deployment.payments(by_history).await?.len() == 2);
        ensure!(earned(by_history, &intent).await? == (1_000, 200));
        ensure!(earned(by_history, &invoice).await? == (400, 0));
        ensure!(deployment.dead_letters().await? == 0);
        let lacking = relay.lacking.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let expected: BTreeSet<String> = LACKING.iter().map(|list| list.path().to_owned()).collect();
        ensure!(lacking == expected, "it lacks {lacking:?}");

        let digest = deployment.digest(by_history.project).await?;
        let (status, answer, said) = read()?.answered().await?;
        ensure!(status.success(), "{answer}{said}");
        deployment.drained().await?;
        ensure!(deployment.digest(by_history.project).await? == digest, "a second reading changed something");
        worker.stop().await
    })
    .await
}
