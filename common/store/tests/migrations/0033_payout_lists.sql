-- No rows: an index alone.
SELECT 1;
-- read
SELECT indexdef LIKE '%(project_id, livemode, created_at DESC, id DESC)' AS indexed FROM pg_indexes WHERE indexname = 'payouts_made_idx'
-- gives
-- {"indexed": true}
