//! The commands of docs/FIRST.md and docs/API.md, run from top to bottom by a shell, and the answers that the pages show. What is in
//! a fence of `sh` is for people alone: what they start, and what is theirs.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::{env, ffi::OsString, path::Path, process::Stdio, time::Duration};
use tests::{deployment, processes::binary, stores::Backend};
use tokio::{fs, process::Command, time::timeout};

const BUDGET: Duration = Duration::from_mins(2);
/// Stands between what two steps print.
const END_OF_STEP: char = '\u{1e}';

#[tokio::test(flavor = "multi_thread")]
async fn the_first_page_leads_to_the_first_explained_commission() -> Result<()> {
    runs("FIRST.md").await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_answers_as_its_page_shows() -> Result<()> {
    runs("API.md").await
}

/// Commands that stand together, and the answer below them, if one is shown.
#[derive(Default)]
struct Step {
    commands: String,
    shown: Option<String>,
}

fn steps(page: &str) -> Vec<Step> {
    let (mut steps, mut fence, mut together) = (Vec::<Step>::new(), None::<(&str, String)>, false);
    for line in page.lines() {
        match (&mut fence, line.strip_prefix("```")) {
            (Some((kind, text)), Some(_)) => {
                if let ("json" | "http", Some(step)) = (&**kind, steps.last_mut()) {
                    step.shown.get_or_insert_with(|| text.clone());
                }
                fence = None;
            }
            (Some((_, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, Some(kind)) => fence = Some((kind, String::new())),
            (None, None) => {
                let command = line.strip_prefix("    ");
                if let Some(command) = command {
                    if !together {
                        steps.push(Step::default());
                    }
                    if let Some(step) = steps.last_mut() {
                        step.commands.push_str(command);
                        step.commands.push('\n');
                    }
                }
                together = command.is_some();
            }
        }
    }
    steps
}

async fn runs(page: &str) -> Result<()> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(page);
    let steps = steps(&fs::read_to_string(path).await?);
    ensure!(!steps.is_empty(), "{page} has no commands");
    let commands = steps.iter().map(|step| format!("{}printf '{END_OF_STEP}'\n", step.commands));
    let script: String = ["set -euo pipefail\n".to_owned()].into_iter().chain(commands).collect();
    let mut printed = String::new();
    deployment::on(Backend::Postgres, async |deployment| {
        let (api, api_role) = deployment.api().await?;
        let worker = deployment.worker();
        let run = Command::new("bash")
            .args(["-c", &script])
            .env("API", format!("http://{api}"))
            .env("DATABASE_URL", &deployment.database_url)
            .env("QUEUE_PREFIX", &deployment.prefix)
            .env_remove("AMQP_URL")
            .env("PATH", with_programs()?)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = timeout(BUDGET, run).await.with_context(|| format!("{page} took too long"))??;
        printed = String::from_utf8(output.stdout)?;
        ensure!(output.status.success(), "{page}: {printed}{}", String::from_utf8_lossy(&output.stderr));
        api_role.stop().await?;
        worker.stop().await
    })
    .await?;
    let checked = steps.iter().zip(printed.split(END_OF_STEP));
    let wrong = checked.filter_map(|(step, printed)| {
        step.check(printed).err().map(|why| format!("{page}: {}{why:#}", step.commands))
    });
    let wrong: Vec<String> = wrong.collect();
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

impl Step {
    /// Every answer is a success, unless the page shows an error, and the last one is what the page shows.
    fn check(&self, printed: &str) -> Result<()> {
        let shown = self.shown.as_deref().unwrap_or_default();
        if let Some(status) = shown.lines().next().filter(|line| line.starts_with("HTTP/")) {
            ensure!(printed.lines().any(|line| line == status), "it answers {printed}");
            return Ok(());
        }
        let answers: Vec<Value> = serde_json::Deserializer::from_str(printed)
            .into_iter()
            .collect::<Result<_, _>>()
            .with_context(|| format!("it answers {printed}"))?;
        let Some(last) = answers.last() else {
            ensure!(shown.is_empty(), "it answers nothing");
            return Ok(());
        };
        if shown.is_empty() {
            let refused = answers.iter().find(|answer| answer.get("error").is_some());
            ensure!(refused.is_none(), "it answers {refused:?}");
            return Ok(());
        }
        let shown: Value = serde_json::from_str(shown)?;
        ensure!(without_what_differs(last) == without_what_differs(&shown), "it answers {last:#}");
        Ok(())
    }
}

/// `tributary` is found as a newcomer finds it.
fn with_programs() -> Result<OsString> {
    let programs = binary("tributary")?.parent().context("a program in a directory")?.to_path_buf();
    let path = env::var_os("PATH").unwrap_or_default();
    Ok(env::join_paths([programs].into_iter().chain(env::split_paths(&path)))?)
}

/// Times, the days that texts name, and what is made by chance are those of the run.
fn without_what_differs(answer: &Value) -> Value {
    match answer {
        Value::Object(fields) => {
            let own = |name: &str, value: &Value| match name {
                "request_id" | "click_id" | "next_cursor" if value.is_string() => "[its own]".into(),
                _ => without_what_differs(value),
            };
            fields.iter().map(|(name, value)| (name.clone(), own(name, value))).collect()
        }
        Value::Array(values) => values.iter().map(without_what_differs).collect(),
        Value::String(text) => {
            let words = text.split(' ').map(|word| if is_time(word) { "[time]" } else { word });
            Value::String(words.collect::<Vec<_>>().join(" "))
        }
        other => other.clone(),
    }
}

/// Whether a word begins with a day, as `2026-11-25` and `2026-11-25T15:27:44.571Z` do.
fn is_time(word: &str) -> bool {
    word.get(..10).is_some_and(|day| day.parse::<chrono::NaiveDate>().is_ok())
}
