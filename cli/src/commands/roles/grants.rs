//! Which service needs which right on which table.

/// Rights, one letter each: `s`elect, `i`nsert, `u`pdate, `d`elete; `n`ext of a sequence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rights(&'static str);

impl Rights {
    /// As SQL writes them.
    pub(super) fn words(self) -> Vec<&'static str> {
        let all = [('s', "SELECT"), ('i', "INSERT"), ('u', "UPDATE"), ('d', "DELETE"), ('n', "USAGE")];
        all.into_iter().filter(|(letter, _)| self.0.contains(*letter)).map(|(_, word)| word).collect()
    }
}

/// The rights on one table or view.
#[derive(Clone, Copy, Debug)]
pub(super) struct OfTable {
    pub(super) table: &'static str,
    pub(super) api: Rights,
    pub(super) worker: Rights,
    pub(super) reader: Rights,
}

const fn of(table: &'static str, api: &'static str, worker: &'static str, reader: &'static str) -> OfTable {
    OfTable { table, api: Rights(api), worker: Rights(worker), reader: Rights(reader) }
}

/// Every table and view of the schema. A ledger entry and a payout are never deleted, nor is an event.
pub(super) const GRANTS: &[OfTable] = &[
    of("_sqlx_migrations", "s", "s", "s"),
    // The registry: the api's.
    of("affiliate_addresses", "siu", "s", "s"),
    of("affiliate_codes", "siu", "s", "s"),
    of("affiliate_commissions", "siu", "s", "s"),
    of("affiliates", "siu", "s", "s"),
    of("api_key_usage", "siud", "", ""),
    of("api_keys", "siu", "", ""),
    of("coupons", "siu", "s", "s"),
    of("refused_webhooks", "siu", "", "s"),
    of("stripe_codes", "s", "siu", "s"),
    of("decisions", "siu", "s", "s"),
    of("idempotency_keys", "siud", "", ""),
    of("program_rules", "si", "s", "s"),
    of("projects", "siu", "s", "s"),
    of("provider_keys", "s", "s", ""),
    of("referral_codes", "siu", "s", "s"),
    of("registrations", "siu", "s", "s"),
    of("stripe_endpoints", "siu", "", ""),
    of("suspensions", "siu", "s", "s"),
    // People at the console. They are entered by whoever owns the database; nobody else reads their passwords' hashes.
    of("acts", "si", "", "s"),
    of("console_sessions", "sid", "", ""),
    of("portal_passes", "siud", "", ""),
    of("sign_in_failures", "siud", "", ""),
    of("users", "s", "", ""),
    // What comes in.
    of("clicks", "si", "s", "s"),
    of("conversion_posts", "siu", "siu", "s"),
    of("dead_letters", "siu", "si", "s"),
    of("queue_messages", "siud", "siud", "s"),
    of("thin_events", "s", "siud", "s"),
    of("worker_heartbeats", "s", "siud", "s"),
    // Settling: the worker's.
    of("clusters", "s", "siud", "s"),
    of("conversions", "siu", "siud", "s"),
    // A conversion that is posted has its number before its row.
    of("SEQUENCE conversions_id_seq", "n", "", ""),
    of("customers", "s", "siu", "s"),
    of("events", "s", "si", "s"),
    // Whoever writes what is counted says so; a worker adds it up.
    of("rollup_deltas", "si", "sid", "s"),
    of("rollup_sources", "s", "s", "s"),
    of("rollups", "s", "siu", "s"),
    of("fact_versions", "s", "siud", "s"),
    of("facts", "s", "siud", "s"),
    of("identity_keys", "s", "siud", "s"),
    of("said_paid", "s", "siud", "s"),
    // History and reconciling: the owner's commands, and once a day a worker's.
    of("backfill_events", "", "", "s"),
    of("backfill_segments", "", "", "s"),
    of("backfills", "s", "s", "s"),
    of("reconciliations", "s", "si", "s"),
    // Money.
    of("ledger_balances", "s", "s", "s"),
    of("ledger_entries", "si", "si", "s"),
    of("ledger_movements", "s", "s", "s"),
    of("ledger_postings", "s", "s", "s"),
    of("payout_batches", "siu", "s", "s"),
    of("payout_items", "siu", "s", "s"),
    of("payouts", "siu", "s", "s"),
    of("said_paid_left", "s", "s", "s"),
    // Notifications out: the worker sends.
    of("notification_sequences", "s", "siu", "s"),
    of("notifications", "si", "siud", "s"),
    of("webhook_attempts", "s", "sid", "s"),
    of("webhook_deliveries", "siud", "siud", "s"),
    of("webhook_endpoint_secrets", "siud", "s", ""),
    of("webhook_endpoints", "siud", "su", "s"),
];
