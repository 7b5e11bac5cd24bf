-- No rows: indexes alone.
SELECT 1;
-- read
SELECT count(*) AS indexed FROM pg_indexes
WHERE indexname IN ('events_type_idx', 'events_source_idx', 'events_ignored_idx', 'conversions_earned_idx', 'ledger_entries_taken_idx')
-- gives
-- {"indexed": 5}
