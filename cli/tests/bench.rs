//! `tributary bench`, small, on a private PostgreSQL: every part of it works, and nothing is left behind.

use serde_json::Value;
use std::process::Command;

#[test]
fn a_small_run_measures_what_was_asked_for_and_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let size = "--rounds 2 --events 100 --connections 4 --rate 50 --steady-seconds 1 --backlog 100 --hot 20";
    let output = Command::new(env!("CARGO_BIN_EXE_tributary"))
        .args(["bench", "--json", "--data-dir"])
        .arg(directory.path())
        .args(size.split(' '))
        .env_remove("DATABASE_URL")
        .env_remove("AMQP_URL")
        .env_remove("RUST_LOG")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<&str> =
        report["figures"].as_array().unwrap().iter().map(|figure| figure["name"].as_str().unwrap()).collect();
    for name in [
        "bare inbox",
        "settle",
        "settle two workers",
        "look-up",
        "accept postgres",
        "steady: visible p99, ms",
    ] {
        assert!(names.contains(&name), "{name} is not among {names:?}");
    }
    // Without a broker nothing is said of one.
    assert!(!names.contains(&"accept rabbitmq"), "{names:?}");
    let settled = report["ratios"]
        .as_array()
        .unwrap()
        .iter()
        .find(|ratio| ratio["what"] == "settled by one worker, of bare inbox rows");
    let settled = settled.unwrap();
    assert!(settled["median"].as_f64().unwrap() > 0.0, "{settled}");
    assert_eq!(settled["kept"].as_bool().unwrap(), settled["median"].as_f64().unwrap() >= 0.35);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0, "data was left behind");
}
