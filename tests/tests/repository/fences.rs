//! Which crate may use what. `deny.toml` counts what tests use as well, so that it cannot tell a crate's own sources from
//! them; this can, and it knows the floors of the house.

use anyhow::{Context as _, Result, ensure};

use crate::tree;

/// Ours, from the ground up: a crate uses those below it. `tests` stands outside.
const FLOORS: [&str; 16] = [
    "fuzz",
    "domain",
    "database",
    "sealing",
    "notify",
    "traces",
    "stripe",
    "queue",
    "store",
    "app",
    "common",
    "watch",
    "webconsole",
    "worker",
    "api",
    "cli",
];

/// Each kind of I/O with the crates that own it.
const FENCES: [(&str, &[&str]); 14] = [
    ("sqlx", &["database", "queue", "store"]),
    ("lapin", &["queue"]),
    ("async_stripe", &["stripe"]),
    // Routes of the console are its own; the server that they hang in is the api's.
    ("axum", &["api", "webconsole"]),
    ("maud", &["webconsole"]),
    ("argon2", &["app"]),
    // The command line measures the raw limits that its benchmark is held against.
    ("hyper", &["api", "cli", "watch"]),
    ("clap", &["common", "worker", "api", "cli"]),
    // The command line is a client of its own service.
    ("reqwest", &["cli"]),
    ("hyper-rustls", &["notify", "stripe", "traces"]),
    ("opentelemetry", &["traces"]),
    ("opentelemetry_sdk", &["traces"]),
    ("opentelemetry-otlp", &["traces"]),
    ("chacha20poly1305", &["sealing"]),
];

/// What would let the domain wait, look at a clock, or draw lots.
const IMPURE: [&str; 8] =
    ["tokio", "futures", "tracing", "metrics", "rand", "uuid", "serde_json", "tokio-util"];

/// The dependencies of a crate's own sources.
struct Manifest {
    name: String,
    dependencies: Vec<String>,
}

#[test]
fn a_crate_uses_only_those_below_it() -> Result<()> {
    for manifest in manifests()? {
        let floor = floor(&manifest.name)?;
        for used in manifest.dependencies.iter().filter(|used| FLOORS.contains(&used.as_str())) {
            ensure!(self::floor(used)? < floor, "{} uses {used}, which lies above it", manifest.name);
        }
    }
    Ok(())
}

#[test]
fn each_kind_of_io_has_its_owners() -> Result<()> {
    for manifest in manifests()? {
        for (fenced, owners) in FENCES {
            let reaches = manifest.dependencies.iter().any(|used| used == fenced);
            let owns = owners.contains(&manifest.name.as_str());
            ensure!(owns || !reaches, "{} uses {fenced}, which belongs to {owners:?}", manifest.name);
        }
    }
    Ok(())
}

#[test]
fn the_domain_is_pure() -> Result<()> {
    let domain = manifests()?.into_iter().find(|manifest| manifest.name == "domain").context("no domain")?;
    let impure: Vec<_> = domain.dependencies.iter().filter(|used| IMPURE.contains(&used.as_str())).collect();
    ensure!(impure.is_empty(), "domain uses {impure:?}");
    Ok(())
}

#[test]
fn nothing_is_posted_past_the_ledger() -> Result<()> {
    let sources = tree::files(&[".rs"])?.into_iter().filter(|file| !file.name.contains("tests/"));
    let posting: Vec<String> = sources
        .filter(|file| file.text.contains("INSERT INTO ledger_entries"))
        .map(|file| file.name)
        .collect();
    ensure!(posting == ["common/store/src/ledger/posted.rs"], "the ledger is written by {posting:?}");
    Ok(())
}

/// What an entry does to an account is said by the views of the ledger; nobody else looks at its sides to tell a sign.
#[test]
fn the_ledger_is_summed_by_its_views() -> Result<()> {
    let sources = tree::files(&[".rs"])?.into_iter().filter(|file| !file.name.contains("tests/"));
    let summing: Vec<String> = sources
        .filter(|file| file.text.lines().any(|line| line.contains("CASE") && line.contains("amount_minor")))
        .map(|file| file.name)
        .collect();
    ensure!(summing.is_empty(), "the ledger is summed by hand in {summing:?}");
    Ok(())
}

fn floor(name: &str) -> Result<usize> {
    FLOORS
        .iter()
        .position(|floor| *floor == name)
        .with_context(|| format!("{name} has no floor yet: give it one"))
}

fn manifests() -> Result<Vec<Manifest>> {
    let files = tree::files(&["/Cargo.toml"])?;
    let manifests = files.iter().map(|file| Manifest::read(&file.text).with_context(|| file.name.clone()));
    let manifests = manifests.collect::<Result<Vec<_>>>()?;
    ensure!(manifests.len() > 7, "only {} crates were found", manifests.len());
    Ok(manifests.into_iter().filter(|manifest| manifest.name != "tests").collect())
}

impl Manifest {
    fn read(text: &str) -> Result<Self> {
        #[derive(serde::Deserialize)]
        struct Written {
            package: Package,
            #[serde(default)]
            dependencies: toml::Table,
        }
        #[derive(serde::Deserialize)]
        struct Package {
            name: String,
        }
        let Written { package, dependencies } = toml::from_str(text)?;
        Ok(Self {
            name: package.name,
            dependencies: dependencies.into_iter().map(|(name, _)| name).collect(),
        })
    }
}
