-- Posted, and its message not published when the process was stopped; posted and published.
INSERT INTO conversions (id, project_id, livemode, payment_key, type, source, amount_source, status, currency, request, occurred_at,
                         published_at)
OVERRIDING SYSTEM VALUE VALUES
    (81001, 1, FALSE, 'external:order-81001', 'purchase', 'api', 'api', 'pending', 'usd', '{}', '2026-11-01T00:00:00Z', NULL),
    (81002, 1, FALSE, 'external:order-81002', 'purchase', 'api', 'api', 'pending', 'usd', '{}', '2026-11-01T00:00:00Z',
     '2026-11-01T00:00:01Z');
-- read
SELECT c.id, c.status, c.published_at IS NOT NULL AS published, d.column_default AS default
FROM conversions c, information_schema.columns d
WHERE c.id BETWEEN 81001 AND 81002 AND d.table_name = 'conversions' AND d.column_name = 'published_at' ORDER BY c.id
-- gives
-- {"id": 81001, "status": "pending", "default": "now()", "published": false}
-- {"id": 81002, "status": "pending", "default": "now()", "published": true}
