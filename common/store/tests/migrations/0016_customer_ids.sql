WITH cluster AS (INSERT INTO clusters (project_id, livemode) VALUES (1, FALSE) RETURNING id),
     fact AS (
         INSERT INTO facts (project_id, livemode, natural_key, cluster_id, keep_first, rank, occurred_at, event_id,
                            received_at, links, body)
         SELECT 1, FALSE, 'customer:ch_annel-5', id, FALSE, 0, '2026-02-05Z', 'evt_annel', '2026-02-05Z',
                '["ch_annel-5"]',
                '{"fact": "customer", "customer": "ch_annel-5", "email": null, "created": "2026-02-05T00:00:00Z",
                  "deleted": false, "no_commission": false}'
         FROM cluster)
INSERT INTO identity_keys (project_id, livemode, key, cluster_id) SELECT 1, FALSE, 'ch_annel-5', id FROM cluster;
-- read
SELECT k.key, f.links, f.natural_key, f.body ->> 'customer' AS customer
FROM identity_keys k JOIN facts f ON f.cluster_id = k.cluster_id WHERE f.event_id = 'evt_annel'
-- gives
-- {"key": "customer:ch_annel-5", "links": ["customer:ch_annel-5"], "customer": "customer:ch_annel-5", "natural_key": "customer:customer:ch_annel-5"}
