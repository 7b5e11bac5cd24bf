-- A conversion that the caller said is paid: it left by a movement that belongs to no payout.
INSERT INTO api_key_usage (api_key_id, used, window_ends) VALUES (1, 3, '2026-03-01Z');
INSERT INTO conversions (project_id, livemode, cluster_id, payment_key, type, source, status, customer_id, affiliate_id, referral_code,
                         currency, base_minor, commission_minor, paid, rule_id, occurred_at, release_at, created_at)
VALUES (1, FALSE, 1, 'external:order-1', 'purchase', 'api', 'attributed', 1, 1, 'ANNA', 'usd', 2000, 400, TRUE, 1, '2026-02-03Z', '2026-03-05Z',
        '2026-02-03Z');
INSERT INTO ledger_entries (project_id, livemode, conversion_id, affiliate_id, currency, from_account, to_account, amount_minor, cause)
VALUES (1, FALSE, 2, 1, 'usd', 'expense', 'payable', 400, 'earned'), (1, FALSE, 2, 1, 'usd', 'payable', 'paid', 400, 'paid');
-- read
SELECT c.payment_key, c.paid, c.paid_out_minor, sum(p.amount_minor) FILTER (WHERE p.account = 'paid') AS paid_minor, count(p.payout_id) AS by_payouts
FROM conversions c JOIN ledger_postings p ON p.conversion_id = c.id GROUP BY c.id ORDER BY c.id
-- gives
-- {"paid": false, "by_payouts": 0, "paid_minor": null, "payment_key": "in_1", "paid_out_minor": 0}
-- {"paid": true, "by_payouts": 0, "paid_minor": 400, "payment_key": "external:order-1", "paid_out_minor": 0}
