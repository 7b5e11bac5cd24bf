-- A click that is counted once, though it is appended as well.
INSERT INTO clicks (project_id, livemode, affiliate_id, click_id, code, occurred_at)
SELECT a.project_id, a.livemode, a.id, 'clk_appended', a.referral_code, '2023-12-31T12:00:00Z' FROM (SELECT * FROM affiliates ORDER BY id LIMIT 1) a;
-- read
SELECT r.unit, r.affiliate_id = 0 AS everyone, r.start, r.clicks, (SELECT count(*) FROM rollup_deltas) AS waiting
FROM rollups r WHERE start IN ('2023-12-01', '2023-12-31') AND currency = '' ORDER BY unit, start, everyone
-- gives
-- {"unit": "day", "start": "2023-12-31", "clicks": 2, "waiting": 0, "everyone": false}
-- {"unit": "day", "start": "2023-12-31", "clicks": 2, "waiting": 0, "everyone": true}
-- {"unit": "month", "start": "2023-12-01", "clicks": 2, "waiting": 0, "everyone": false}
-- {"unit": "month", "start": "2023-12-01", "clicks": 2, "waiting": 0, "everyone": true}
