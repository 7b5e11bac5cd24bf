-- Whether anything was paid of a payment that is not released yet; and an account is read by the time of posting (ADR 80).
CREATE INDEX ledger_entries_paid_conversion_idx ON ledger_entries (conversion_id) WHERE from_account = 'paid' OR to_account = 'paid';
CREATE INDEX ledger_entries_posted_idx ON ledger_entries (affiliate_id, posted_at, id);
DROP INDEX ledger_entries_affiliate_idx;
