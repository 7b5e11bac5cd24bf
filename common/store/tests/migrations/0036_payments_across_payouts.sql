-- Two rows that turned out to be in_1 one after the other: the first leads to the second, and that to the payment.
INSERT INTO conversions (id, project_id, livemode, cluster_id, payment_key, type, source, status, reason, currency, base_minor, commission_minor,
                         occurred_at, created_at, merged_into)
OVERRIDING SYSTEM VALUE
VALUES (91, 1, FALSE, 1, 'pi_1', 'purchase', 'stripe', 'reversed', 'the same payment as conversion 1', 'usd', 0, 0, '2026-02-01Z', '2026-02-01Z', 1),
       (90, 1, FALSE, 1, 'ch_1', 'purchase', 'stripe', 'reversed', 'the same payment as conversion 91', 'usd', 0, 0, '2026-02-01Z', '2026-02-01Z', 91);
-- read
SELECT c.id, c.merged_into, c.paid_out_minor, (SELECT sum(moved_since_frozen(i)) FROM payout_items i) AS moved FROM conversions c
WHERE c.id <> 2 ORDER BY c.id
-- gives
-- {"id": 1, "moved": 0, "merged_into": null, "paid_out_minor": 800}
-- {"id": 90, "moved": 0, "merged_into": 1, "paid_out_minor": 0}
-- {"id": 91, "moved": 0, "merged_into": 1, "paid_out_minor": 0}
