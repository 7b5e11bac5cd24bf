INSERT INTO clicks (project_id, livemode, affiliate_id, click_id, code, occurred_at) VALUES (1, FALSE, 1, 'clk_1', 'ANNA', '2026-01-31Z');
-- read
SELECT click_id, affiliate_id FROM clicks
-- gives
-- {"click_id": "clk_1", "affiliate_id": 1}
