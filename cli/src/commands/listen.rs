//! `tributary listen`

use super::events::Follow;
use crate::realm_args::RealmArgs;
use crate::{context::Context, output, shutdown};
use anyhow::Context as _;
use bytes::Bytes;
use chrono::Utc;
use clap::Args;
use notify::{Answer, Client, Lookup, Message, Outcome, Policy, Secret, SystemLookup};
use std::sync::Arc;
use std::time::Duration;

/// How long the receiver may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Options of `listen`.
#[derive(Args)]
pub(crate) struct ListenArgs {
    #[command(flatten)]
    realm: RealmArgs,
    /// Where they are posted to, in order, once each: any address, on this machine or another
    #[arg(long, value_name = "URL")]
    forward_to: String,
    /// What they are signed with [default: a new one, shown at the start]
    #[arg(long, value_name = "whsec_…")]
    secret: Option<String>,
    #[command(flatten)]
    follow: Follow,
}

/// Forwards what comes until a signal comes.
pub(super) async fn run(args: &ListenArgs, context: &Context) -> anyhow::Result<()> {
    let shutdown = shutdown::on_signal()?;
    let secret = match &args.secret {
        Some(text) => Secret::parse(text).context("--secret cannot be used")?,
        None => Secret::of(rand::random()),
    };
    // Whoever starts this says where to; nobody else does.
    let policy = Policy::everything();
    notify::Target::parse(&args.forward_to, &policy).context("--forward-to cannot be used")?;
    let lookup: Arc<dyn Lookup> = Arc::new(SystemLookup);
    let client = Client::new(policy, &lookup).context("TLS cannot be set up")?;
    let pool = context.database().await?;
    let realm = args.realm.realm(&mut *pool.acquire().await?).await?;
    output::remark(&format!("Forwarding to {}, signed with {}", args.forward_to, secret.expose()))?;
    args.follow
        .each(&pool, realm, &shutdown, async |notification| {
            let body = Box::<str>::from(notification.body()?).into_boxed_bytes();
            let message = Message {
                id: notification.id(),
                event: notification.event().to_owned(),
                body: Bytes::from(body),
                secrets: vec![secret.clone()],
            };
            let outcome = client.post(&args.forward_to, &message, Utc::now(), PATIENCE).await;
            let outcome = match outcome {
                Outcome::Answered(Answer { status, .. }) => status.to_string(),
                Outcome::Failed(failure) => failure.to_string(),
            };
            let line = format!("{:>6}  {:<20}  {outcome}", notification.sequence(), notification.event());
            output::line(&line)
        })
        .await
}
