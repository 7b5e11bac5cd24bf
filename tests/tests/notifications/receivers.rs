//! The receivers of docs/NOTIFICATIONS.md, as they stand there, in Node and in Python with the libraries of Standard Webhooks: they check
//! what the service sends, and refuse what somebody else does.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use std::{
    env,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::Stdio,
};
use tempfile::TempDir;
use tests::{
    deployment::{self, Deployment},
    stores::Backend,
    stripe,
    wait::until,
};
use tokio::{
    fs,
    io::{AsyncBufReadExt, BufReader, Lines},
    net::TcpListener,
    process::{Child, ChildStdout, Command},
};

#[tokio::test(flavor = "multi_thread")]
async fn node_verifies_what_is_sent() -> Result<()> {
    let Some(modules) = tool("SDK_NODE_MODULES")? else { return Ok(()) };
    let directory = tempfile::tempdir()?;
    fs::symlink(&modules, directory.path().join("node_modules")).await?;
    verifies(directory, "js", "receiver.mjs", Path::new("node")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn python_verifies_what_is_sent() -> Result<()> {
    let Some(python) = tool("SDK_PYTHON")? else { return Ok(()) };
    verifies(tempfile::tempdir()?, "python", "receiver.py", &python).await
}

/// What `./dev test` has installed; `None` where it could not be, which it has said, and which may be.
fn tool(name: &str) -> Result<Option<PathBuf>> {
    let found = env::var_os(name).map(PathBuf::from);
    let required = env::var_os("SDK_TOOLS_REQUIRED").is_some();
    ensure!(found.is_some() || !required, "{name} is not set: run ./dev test");
    Ok(found)
}

async fn verifies(directory: TempDir, language: &str, file: &str, program: &Path) -> Result<()> {
    let path = directory.path().join(file);
    fs::write(&path, example(language).await?).await?;
    deployment::on(Backend::Postgres, async |deployment| {
        let (api, api_role) = deployment.api().await?;
        let worker = deployment.worker();
        let key = deployment.programme().await?.api_key;
        // Free a moment ago, and nobody else asks for it by number.
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?;
        let made = call(
            api,
            &key,
            "webhook-endpoints",
            &json!({"url": format!("http://{address}/"), "events": ["*"]}),
        )
        .await?;
        let (id, secret) = (&made["data"]["id"], made["data"]["secret"].as_str().context("no secret")?);
        let mut receiver = Receiver::start(program, &path, address, secret)?;
        receiver.says("listening").await?;

        call(api, &key, "affiliates", &json!({"email": "new@example.com"})).await?;
        receiver.says("verified affiliate_created ntf_").await?;
        let tested =
            call(api, &key, &format!("webhook-endpoints/{id}/test"), &json!({"event": "payout_paid"}))
                .await?;
        ensure!(tested["data"]["delivered"] == true && tested["data"]["status_code"] == 204, "{tested}");
        receiver.says("verified payout_paid ntf_test_").await?;

        // After a rotation the old secret still fits the one, and no more the other.
        call(api, &key, &format!("webhook-endpoints/{id}/rotate-secret"), &json!({})).await?;
        let tested = call(api, &key, &format!("webhook-endpoints/{id}/test"), &json!({})).await?;
        ensure!(tested["data"]["status_code"] == 400, "{tested}");
        receiver.says("refused the plain signature is wrong").await?;
        forged(address).await?;
        receiver.says("refused").await?;
        logged(deployment).await?;
        api_role.stop().await?;
        worker.stop().await
    })
    .await
}

/// The first block of a language.
async fn example(language: &str) -> Result<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/NOTIFICATIONS.md");
    let page = fs::read_to_string(page).await?;
    let (_, rest) = page.split_once(&format!("```{language}\n")).context("no such block")?;
    let (code, _) = rest.split_once("\n```\n").context("no end of the block")?;
    Ok(format!("{code}\n"))
}

async fn call(api: SocketAddr, key: &str, path: &str, body: &Value) -> Result<Value> {
    let request = stripe::client()?.post(format!("http://{api}/api/v1/{path}")).bearer_auth(key).json(body);
    Ok(request.send().await?.error_for_status()?.json().await?)
}

/// A body that nobody has signed.
async fn forged(address: SocketAddr) -> Result<()> {
    let request = stripe::client()?
        .post(format!("http://{address}/"))
        .header("webhook-id", "ntf_forged")
        .header("webhook-timestamp", chrono::Utc::now().timestamp().to_string())
        .header("webhook-signature", "v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
        .body("{}");
    ensure!(request.send().await?.status() == 400, "a forged body was taken");
    Ok(())
}

async fn logged(deployment: &Deployment) -> Result<()> {
    until("the try is in the log", async || {
        let status: Option<i16> =
            sqlx::query_scalar("SELECT status_code FROM webhook_attempts ORDER BY id LIMIT 1")
                .fetch_optional(&deployment.pool)
                .await?;
        ensure!(status == Some(204), "{status:?}");
        Ok(())
    })
    .await
}

struct Receiver {
    lines: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl Receiver {
    fn start(program: &Path, script: &Path, address: SocketAddr, secret: &str) -> Result<Self> {
        let mut child = Command::new(program)
            .arg(script)
            .env("PORT", address.port().to_string())
            .env("SECRET", secret)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let lines = BufReader::new(child.stdout.take().context("no standard output")?).lines();
        Ok(Self { lines, _child: child })
    }

    /// Its next line begins so.
    async fn says(&mut self, beginning: &str) -> Result<()> {
        let line = tokio::time::timeout(tests::wait::PATIENCE, self.lines.next_line()).await??;
        let line = line.context("it ended")?;
        ensure!(line.starts_with(beginning), "it says {line:?} in place of {beginning:?}");
        Ok(())
    }
}
