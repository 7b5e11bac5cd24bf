-- No rows: an index alone.
SELECT 1;
-- read
SELECT count(*) AS indexed FROM pg_indexes WHERE indexname = 'customers_rare_idx'
-- gives
-- {"indexed": 1}
