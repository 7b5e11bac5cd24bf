-- A click on the last second of a month and one on the first of the next; what earlier versions wrote is counted as well.
INSERT INTO clicks (project_id, livemode, affiliate_id, click_id, code, occurred_at)
SELECT a.project_id, a.livemode, a.id, 'clk_rolled_up_' || n, a.referral_code, '2023-12-31T23:59:59Z'::TIMESTAMPTZ + n * INTERVAL '1 second'
FROM (SELECT * FROM affiliates ORDER BY id LIMIT 1) a, generate_series(0, 1) n;
-- read
SELECT (SELECT count(*) FROM rollups) AS sums, (SELECT count(*) FROM rollup_deltas) AS waiting,
       (SELECT sum(clicks) FROM rollup_sources WHERE (at AT TIME ZONE 'UTC')::DATE IN ('2023-12-31', '2024-01-01')) AS counted
-- gives
-- {"sums": 0, "counted": 2, "waiting": 0}
