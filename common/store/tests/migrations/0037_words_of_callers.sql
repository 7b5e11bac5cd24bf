-- What was posted first is in the inbox, what it was changed to in the row.
INSERT INTO events (project_id, livemode, event_id, source, event_type, occurred_at, received_at, body_sha256, body)
VALUES (1, FALSE, 'conversion:2:0', 'api', 'conversion', '2026-02-03Z', '2026-02-03Z', decode(repeat('00', 32), 'hex'),
        '{"command": "conversion", "conversion": {"payment": "external:order-1", "base_minor": 1500}}');
UPDATE conversions SET revision = 1, url = 'https://acme.example/1',
       request = '{"command": "conversion", "conversion": {"payment": "external:order-1", "base_minor": 2000}}' WHERE id = 2;
INSERT INTO identity_keys (project_id, livemode, key, cluster_id) VALUES (1, FALSE, 'external:order-1', 1);
INSERT INTO facts (project_id, livemode, natural_key, cluster_id, keep_first, rank, occurred_at, event_id, received_at, links, body)
VALUES (1, FALSE, 'posted:2', 1, FALSE, 1, '2026-02-04Z', 'conversion:2:1', '2026-02-04Z', '["external:order-1"]', '{"fact": "posted", "paid": true}');
-- read
SELECT p.payment_key, p.conversion_id, p.command #>> '{conversion,base_minor}' AS posted_minor,
       (SELECT v.event_id FROM fact_versions v WHERE v.natural_key = 'posted:2') AS version,
       (SELECT k.conversion_id FROM identity_keys k WHERE k.key = 'in_1') AS of_in_1
FROM conversion_posts p
-- gives
-- {"of_in_1": 1, "version": "conversion:2:1", "payment_key": "external:order-1", "posted_minor": "1500", "conversion_id": 2}
