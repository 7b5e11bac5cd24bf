//! `tributary demo --once`, as a newcomer runs it: nothing configured, nothing left behind.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde_json::{Value, json};
use std::{
    path::Path,
    process::{Command, Output},
};

fn demo(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_tributary"))
        .args(["demo", "--once", "--listen-addr", "127.0.0.1:0", "--data-dir"])
        .arg(directory)
        .args(arguments)
        .env_remove("DATABASE_URL")
        .env_remove("AMQP_URL")
        .env_remove("RUST_LOG")
        .output()
        .unwrap()
}

/// The directory, where the account that runs PostgreSQL for root can reach it.
fn directory() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn affiliates_earn_what_the_history_says_to_the_cent() {
    let directory = directory();
    let output = demo(directory.path(), &["--json"]);
    assert!(output.status.success(), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let earned: Vec<Value> = report["earnings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            json!([row["affiliate"], row["currency"], row["commission"], row["taken_back"], row["earned"]])
        })
        .collect();
    assert_eq!(
        json!(earned),
        json!([
            ["ANNA", "jpy", 2_400, 0, 2_400],
            ["ANNA", "usd", 4_830, 0, 4_830],
            ["BEN", "eur", 3_380, 0, 3_380],
            ["BEN", "usd", 4_560, 1_020, 3_540],
            ["CLEO", "usd", 3_360, 0, 3_360],
        ]),
        "{report:#}"
    );
    let digest = report["digest"].as_str().unwrap();
    assert!(digest.len() == 64 && digest.contains(|c| c != '0'), "{digest}");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "data was left behind");
}

#[test]
fn people_see_a_table_with_the_reason_of_each_payment() {
    let directory = directory();
    let output = demo(directory.path(), &[]);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "What each affiliate earned",
        "48.30 USD",
        "promotion code CLEO10 on",
        "nobody",
        "CLEO came too late",
        "each with its signature checked",
    ] {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "nothing but the report");
}
