INSERT INTO facts (project_id, livemode, natural_key, cluster_id, keep_first, keep_latest, rank, occurred_at, event_id, received_at, links, body)
VALUES (1, FALSE, 'subscription:sub_61', 1, FALSE, TRUE, 0, '2026-02-06Z', 'evt_61', '2026-02-06Z', '["sub_61"]', '{"fact": "subscription"}');
-- read
SELECT first_at IS NULL AS unknown FROM facts WHERE natural_key = 'subscription:sub_61'
-- gives
-- {"unknown": true}
