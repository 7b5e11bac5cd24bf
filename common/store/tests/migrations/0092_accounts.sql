-- No rows: indexes alone.
SELECT 1;
-- read
SELECT count(*) AS indexed FROM pg_indexes WHERE indexname IN ('ledger_entries_paid_conversion_idx', 'ledger_entries_posted_idx', 'ledger_entries_affiliate_idx')
-- gives
-- {"indexed": 2}
