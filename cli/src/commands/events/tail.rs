//! `tributary events tail`

use super::Follow;
use crate::realm_args::RealmArgs;
use crate::{context::Context, output, shutdown};
use clap::Args;

/// Options of `events tail`.
#[derive(Args)]
pub(crate) struct TailArgs {
    #[command(flatten)]
    realm: RealmArgs,
    #[command(flatten)]
    follow: Follow,
}

/// Prints one a line until a signal comes: in short, or with `--json` as it is sent.
pub(super) async fn run(args: &TailArgs, context: &Context) -> anyhow::Result<()> {
    let shutdown = shutdown::on_signal()?;
    let pool = context.database().await?;
    let realm = args.realm.realm(&mut *pool.acquire().await?).await?;
    args.follow
        .each(&pool, realm, &shutdown, async |notification| {
            let body = notification.body()?;
            if context.options.json { output::line(body.get()) } else { output::line(&short(body.get())?) }
        })
        .await
}

/// One line for people.
fn short(body: &str) -> anyhow::Result<String> {
    let body: serde_json::Value = serde_json::from_str(body)?;
    let text = |pointer: &str| body.pointer(pointer).and_then(|value| value.as_str()).unwrap_or("");
    let at = body["timestamp"].as_i64().and_then(|at| chrono::DateTime::from_timestamp(at, 0));
    let mut line = format!(
        "{:>6}  {}  {:<20}",
        body["sequence"],
        at.map(|at| at.format("%H:%M:%S").to_string()).unwrap_or_default(),
        text("/event"),
    );
    if let Some(delta) = body.get("delta") {
        line = format!("{line}  {delta:>10} {}", text("/currency"));
    }
    let people = [text("/referrer/email"), text("/referred/email")].map(str::to_owned);
    let people = people.into_iter().filter(|email| !email.is_empty()).collect::<Vec<_>>().join(" ← ");
    let cause = ["/cause/event", "/cause/actor", "/cause/reason"].map(text);
    let cause = cause.into_iter().find(|cause| !cause.is_empty()).unwrap_or("");
    Ok(format!("{line}  {people}  {cause}"))
}
