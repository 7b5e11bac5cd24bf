-- No rows: indexes alone.
SELECT 1;
-- read
SELECT count(*) AS indexed FROM pg_indexes WHERE indexname IN ('conversions_release_idx', 'conversions_earned_idx')
-- gives
-- {"indexed": 1}
