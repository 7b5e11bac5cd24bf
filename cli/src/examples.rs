//! Examples for the help of every command that has none beside its own words.

use clap::Command;

/// Lines by the command's name, below `tributary`.
const EXAMPLES: [(&str, &[&str]); 46] = [
    ("api", &["api --listen-addr 0.0.0.0:8080 --database-url postgres://localhost/tributary"]),
    ("worker", &["worker --database-url postgres://localhost/tributary"]),
    ("migrate", &["migrate --database-url postgres://localhost/tributary"]),
    ("digest", &["digest --project 1"]),
    ("verify", &["verify", "verify --json"]),
    ("project", &["project create --name Acme --commission 20% --stripe-webhook-secret whsec_0a1b2c3d4e5f"]),
    ("project list", &["project list --json"]),
    ("project show", &["project show 1"]),
    ("key", &["key create --project 1 --mode live --name shop"]),
    (
        "key create",
        &[
            "key create --project 1 --mode live --name shop",
            "key create --project 1 --errors text  for a client that prints `error` as it is",
        ],
    ),
    ("key list", &["key list --project 1"]),
    ("key revoke", &["key revoke 2 --project 1"]),
    ("user", &["user create --name ada@example.com --role finance"]),
    (
        "user create",
        &[
            "user create --name ada@example.com --role finance  asks for the password",
            "user create --name ada@example.com --role operator --password-stdin --json",
            "user create --name ada@example.com --role viewer --no-password  for whom a proxy signs in",
        ],
    ),
    ("user list", &["user list --json"]),
    ("user disable", &["user disable ada@example.com"]),
    ("endpoint", &["endpoint create --project 1 --mode live --url https://example.com/hooks"]),
    (
        "endpoint create",
        &[
            "endpoint create --project 1 --mode live --url https://example.com/hooks",
            "endpoint create --project 1 --url https://example.com/hooks --events commission_created,payout_paid --ordered",
        ],
    ),
    ("endpoint list", &["endpoint list --project 1 --mode live"]),
    ("endpoint show", &["endpoint show 1"]),
    ("endpoint update", &["endpoint update 1 --events '*' --timeout 5", "endpoint update 1 --status paused"]),
    ("endpoint delete", &["endpoint delete 1"]),
    ("endpoint rotate-secret", &["endpoint rotate-secret 1"]),
    ("endpoint test", &["endpoint test 1 --event commission_created"]),
    ("endpoint enable", &["endpoint enable 1"]),
    ("endpoint deliveries", &["endpoint deliveries 1 --status failed"]),
    (
        "endpoint redeliver",
        &["endpoint redeliver 1 --failed", "endpoint redeliver 1 --from 2026-06-01 --to 2026-06-02"],
    ),
    ("events", &["events tail --project 1"]),
    ("events tail", &["events tail --project 1", "events tail --project 1 --after 0 --json"]),
    ("listen", &["listen --project 1 --forward-to http://localhost:3000/hooks"]),
    (
        "payout",
        &[
            "payout create --project 1 --mode live --as-of 2026-06-30 --idempotency-key 2026-06",
            "payout export --project 1 --mode live --batch 3 --format paypal --currency usd --out june-usd.csv",
            "payout mark-paid --batch 3 --reference PAYPAL-2026-07-01",
        ],
    ),
    ("payout list", &["payout list --project 1 --mode live --status open"]),
    ("payout show", &["payout show 12"]),
    (
        "payout mark-paid",
        &[
            "payout mark-paid --batch 3 --reference PAYPAL-2026-07-01",
            "payout mark-paid 12 --reference WISE-4711 --paid-at 2026-07-01",
        ],
    ),
    ("payout cancel", &["payout cancel 12 --reason 'the bank account was closed'"]),
    ("customer", &["customer lock cus_OzX4k2Q --project 1 --affiliate 7 --reason 'agreed by mail on 3 May'"]),
    ("customer unlock", &["customer unlock cus_OzX4k2Q --project 1 --reason 'locked by mistake'"]),
    ("conversion", &["conversion hold in_1OaKq2 --project 1 --reason 'looks like a stolen card'"]),
    ("conversion hold", &["conversion hold in_1OaKq2 --project 1 --reason 'looks like a stolen card'"]),
    ("conversion release", &["conversion release in_1OaKq2 --project 1 --reason 'the customer has called'"]),
    ("conversion reject", &["conversion reject 4711 --project 1 --reason 'the card was stolen'"]),
    ("dead-letters", &["dead-letters list", "dead-letters retry --all"]),
    ("dead-letters list", &["dead-letters list --limit 20"]),
    ("dead-letters show", &["dead-letters show 5"]),
    ("dead-letters retry", &["dead-letters retry 5 6", "dead-letters retry --all"]),
    (
        "dead-letters discard",
        &[
            "dead-letters discard 5 --reason 'a test event'",
            "dead-letters discard --all --reason 'made by a load test'",
        ],
    ),
];

/// The commands with them.
pub(crate) fn added(command: Command) -> Command {
    below(command, "")
}

fn below(command: Command, path: &str) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    let command = names.iter().fold(command, |command, name| {
        let path = if path.is_empty() { name.clone() } else { format!("{path} {name}") };
        command.mut_subcommand(name, |command| below(command, &path))
    });
    let lines = EXAMPLES.iter().find(|(name, _)| *name == path).map(|(_, lines)| *lines);
    match lines.filter(|_| command.get_after_help().is_none()) {
        None => command,
        Some(lines) => {
            let lines: Vec<String> = lines.iter().map(|line| format!("  tributary {line}")).collect();
            command.after_help(format!("Examples:\n{}", lines.join("\n")))
        }
    }
}
