-- A customer whom the company calls ch_annel-5 is no charge.
INSERT INTO clusters (project_id, livemode) VALUES (1, FALSE);
INSERT INTO facts (project_id, livemode, natural_key, cluster_id, keep_first, rank, occurred_at, event_id, received_at, codes, links, body)
VALUES (1, FALSE, 'invoice:in_2', 2, FALSE, 0, '2026-02-05Z', 'evt_2', '2026-02-05Z', NULL, '["in_2", "ch_annel-5"]',
        '{"fact": "invoice", "invoice": "in_2", "customer": "ch_annel-5"}'),
       (1, FALSE, 'touch:ch_annel-5:metadata:ANNA', 2, TRUE, 0, '2026-02-05Z', 'evt_2', '2026-02-05Z', '{anna}', '["ch_annel-5"]',
        '{"fact": "touch", "on": "customer", "object": "ch_annel-5"}');
INSERT INTO identity_keys (project_id, livemode, key, cluster_id) VALUES (1, FALSE, 'ch_annel-5', 2), (1, FALSE, 'in_2', 2);
-- read
SELECT natural_key, links, coalesce(body ->> 'customer', body ->> 'object') AS customer FROM facts
WHERE body ->> 'fact' IS DISTINCT FROM 'dispute' ORDER BY natural_key
-- gives
-- {"links": ["in_2", "customer:ch_annel-5"], "customer": "customer:ch_annel-5", "natural_key": "invoice:in_2"}
-- {"links": ["cus_nora"], "customer": null, "natural_key": "touch:cus_nora:metadata:ANNA"}
-- {"links": ["customer:ch_annel-5"], "customer": "customer:ch_annel-5", "natural_key": "touch:customer:ch_annel-5:metadata:ANNA"}
