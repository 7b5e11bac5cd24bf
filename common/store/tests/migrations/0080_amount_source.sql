-- Posted and pending; posted under names of one's own, and without one; posted and told by Stripe under one key; Stripe's alone.
INSERT INTO conversions (id, project_id, livemode, payment_key, type, source, status, currency, occurred_at)
OVERRIDING SYSTEM VALUE VALUES
    (80001, 1, FALSE, 'in_80001', 'purchase', 'api', 'pending', 'usd', '2026-11-01T00:00:00Z'),
    (80002, 1, FALSE, 'external:order-80002', 'purchase', 'api', 'unattributed', 'usd', '2026-11-01T00:00:00Z'),
    (80003, 1, FALSE, 'conversion:80003', 'signup', 'api', 'unattributed', 'usd', '2026-11-01T00:00:00Z'),
    (80004, 1, FALSE, 'in_80004', 'purchase', 'api', 'unattributed', 'usd', '2026-11-01T00:00:00Z'),
    (80005, 1, FALSE, 'in_80005', 'purchase', 'stripe', 'unattributed', 'usd', '2026-11-01T00:00:00Z');
-- read
SELECT payment_key, source, amount_source FROM conversions WHERE id BETWEEN 80001 AND 80005 ORDER BY id
-- gives
-- {"source": "api", "payment_key": "in_80001", "amount_source": "api"}
-- {"source": "api", "payment_key": "external:order-80002", "amount_source": "api"}
-- {"source": "api", "payment_key": "conversion:80003", "amount_source": "api"}
-- {"source": "api", "payment_key": "in_80004", "amount_source": "stripe"}
-- {"source": "stripe", "payment_key": "in_80005", "amount_source": "stripe"}
