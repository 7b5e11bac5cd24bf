//! Clients that generators make of the API's document, in TypeScript and in Python, against the running service; and the
//! document before the linters that whoever makes such clients runs first.

use anyhow::{Context, Result, ensure};
use cli::demo::programme::Entered;
use std::{
    env,
    ffi::OsString,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tempfile::TempDir;
use tests::{deployment, stores::Backend, stripe};
use tokio::{fs, process::Command, time::timeout};

/// The slowest step takes ten seconds on two cores.
const BUDGET: Duration = Duration::from_mins(3);

#[tokio::test(flavor = "multi_thread")]
async fn the_document_has_nothing_that_linters_find() -> Result<()> {
    let Some(node) = tool("SDK_NODE_MODULES")? else { return Ok(()) };
    served(async |bench| {
        let program = |name: &str| node.join(".bin").join(name);
        let redocly = ["lint", "openapi.json", "--config", "redocly.yaml"];
        bench.run(&program("redocly"), &redocly).await?;
        let spectral = ["lint", "openapi.json", "--ruleset", "spectral.yaml", "--fail-severity", "hint"];
        bench.run(&program("spectral"), &spectral).await.map(drop)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_in_typescript_is_made_of_the_document_and_works() -> Result<()> {
    let Some(node) = tool("SDK_NODE_MODULES")? else { return Ok(()) };
    served(async |bench| {
        let modules = bench.directory.path().join("node_modules");
        fs::symlink(&node, modules).await?;
        let program = |name: &str| node.join(".bin").join(name);
        bench.run(&program("openapi-typescript"), &["openapi.json", "--output", "schema.ts"]).await?;
        bench.run(&program("tsc"), &["--project", "."]).await?;
        let said = bench.run(Path::new("node"), &["out/use.js"]).await?;
        ensure!(said.contains("used by TypeScript"), "{said}");
        Ok(())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_in_python_is_made_of_the_document_and_works() -> Result<()> {
    let Some(python) = tool("SDK_PYTHON")? else { return Ok(()) };
    served(async |bench| {
        let programs = python.parent().context("a program in a directory")?;
        let generate = ["generate", "--path", "openapi.json", "--config", "python.yaml", "--meta", "none"];
        let generate = [&generate[..], &["--output-path", "tributary_client", "--fail-on-warning"]].concat();
        bench.run(&programs.join("openapi-python-client"), &generate).await?;
        let said = bench.run(&python, &["use.py"]).await?;
        ensure!(said.contains("used by Python"), "{said}");
        Ok(())
    })
    .await
}

/// What `./dev test` has installed; `None` where it could not be, which it has said, and which may be.
fn tool(name: &str) -> Result<Option<PathBuf>> {
    let found = env::var_os(name).map(PathBuf::from);
    let required = env::var_os("SDK_TOOLS_REQUIRED").is_some();
    ensure!(found.is_some() || !required, "{name} is not set: run ./dev test");
    Ok(found)
}

/// A directory with the document that a running service serves, and what is in tests/sdks.
struct Bench {
    directory: TempDir,
    api: SocketAddr,
    api_key: String,
}

async fn served(use_it: impl AsyncFnOnce(&Bench) -> Result<()>) -> Result<()> {
    deployment::on(Backend::Postgres, async |deployment| {
        let (api, api_role) = deployment.api().await?;
        let worker = deployment.worker();
        let Entered { api_key, .. } = deployment.programme().await?;
        let bench = Bench { directory: tempfile::tempdir()?, api, api_key };
        let document = stripe::client()?.get(format!("http://{api}/api/v1/openapi.json")).send().await?;
        let directory = bench.directory.path();
        fs::write(directory.join("openapi.json"), document.error_for_status()?.bytes().await?).await?;
        let mut files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("sdks")).await?;
        while let Some(file) = files.next_entry().await? {
            if file.file_type().await?.is_file() {
                fs::copy(file.path(), directory.join(file.file_name())).await?;
            }
        }
        use_it(&bench).await?;
        api_role.stop().await?;
        worker.stop().await
    })
    .await
}

impl Bench {
    /// Runs a program to its end, and has what it said on its standard output.
    async fn run(&self, program: &Path, arguments: &[&str]) -> Result<String> {
        // A generator calls others that are installed beside it.
        let beside = program.parent().into_iter().map(Path::to_path_buf);
        let path = env::var_os("PATH").unwrap_or_default();
        let path: OsString = env::join_paths(beside.chain(env::split_paths(&path)))?;
        let run = Command::new(program)
            .args(arguments)
            .current_dir(self.directory.path())
            .env("PATH", path)
            .env("API", format!("http://{}", self.api))
            .env("KEY", &self.api_key)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            // Nobody is told that a test ran.
            .env("REDOCLY_TELEMETRY", "off")
            .env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let program = program.display();
        let output = timeout(BUDGET, run).await.with_context(|| format!("{program} took too long"))??;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complained = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{program} {arguments:?}: {said}{complained}");
        Ok(said)
    }
}
