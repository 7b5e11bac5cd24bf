INSERT INTO facts (project_id, livemode, natural_key, cluster_id, keep_first, rank, occurred_at, event_id, received_at, links, body)
VALUES (1, FALSE, 'dispute:dp_1', 1, FALSE, 2, '2026-02-06Z', 'evt_3', '2026-02-06Z', '["in_1"]', '{"fact": "dispute"}');
-- read
SELECT natural_key, keep_latest FROM facts WHERE body ->> 'fact' = 'dispute'
-- gives
-- {"keep_latest": false, "natural_key": "dispute:dp_1"}
