INSERT INTO decisions (project_id, livemode, kind, subject, decided, actor, reason, decided_at)
VALUES (1, FALSE, 'verdict', 'in_1', 'release', 'mia', 'looked at', '2026-02-04Z');
-- read
SELECT c.payment_key, d.decided FROM conversions c LEFT JOIN decisions d ON d.subject = c.payment_key
WHERE c.merged_into IS NULL ORDER BY c.occurred_at DESC
-- gives
-- {"decided": null, "payment_key": "external:order-1"}
-- {"decided": "release", "payment_key": "in_1"}
