-- Nora was sent by Anna and paid 50.00; 10.00 of commission, of which a refund took back 2.00.
INSERT INTO events (project_id, livemode, event_id, source, event_type, occurred_at, received_at, body_sha256, body)
VALUES (1, FALSE, 'evt_1', 'stripe', 'invoice.paid', '2026-02-01Z', '2026-02-01Z', decode(repeat('00', 32), 'hex'), '{}');
INSERT INTO clusters (project_id, livemode) VALUES (1, FALSE);
INSERT INTO facts (project_id, livemode, natural_key, cluster_id, keep_first, rank, occurred_at, event_id, received_at, codes, links, body)
VALUES (1, FALSE, 'touch:cus_nora:metadata:ANNA', 1, TRUE, 0, '2026-02-01Z', 'evt_1', '2026-02-01Z', '{anna}', '["cus_nora"]', '{}');
INSERT INTO customers (project_id, livemode, cluster_id, anchor, user_email, stripe_customer_id, status, affiliate_id, referral_code,
                       bound_at, converted_at, first_seen_at)
VALUES (1, FALSE, 1, 'cus_nora', 'Nora@Example.org', 'cus_nora', 'converted', 1, 'ANNA', '2026-02-01Z', '2026-02-01Z', '2026-02-01Z');
INSERT INTO identity_keys (project_id, livemode, key, cluster_id, customer_id)
VALUES (1, FALSE, 'cus_nora', 1, 1), (1, FALSE, 'email:nora@example.org', 1, 1), (1, FALSE, 'in_1', 1, 1);
INSERT INTO conversions (project_id, livemode, cluster_id, payment_key, type, source, status, customer_id, affiliate_id, referral_code,
                         currency, base_minor, commission_minor, clawed_back_minor, rule_id, occurred_at, release_at, created_at)
VALUES (1, FALSE, 1, 'in_1', 'purchase', 'stripe', 'attributed', 1, 1, 'ANNA', 'usd', 5000, 1000, 200, 1, '2026-02-01Z', '2026-03-03Z',
        '2026-02-01Z');
INSERT INTO ledger_entries (project_id, livemode, conversion_id, affiliate_id, currency, from_account, to_account, amount_minor, cause, event_id)
VALUES (1, FALSE, 1, 1, 'usd', 'expense', 'payable', 1000, 'earned', 'evt_1'), (1, FALSE, 1, 1, 'usd', 'payable', 'clawback', 200, 'clawed back', 'evt_1');
-- read
SELECT account, sum(amount_minor) AS minor FROM ledger_postings GROUP BY account ORDER BY account
-- gives
-- {"minor": 200, "account": "clawback"}
-- {"minor": -1000, "account": "expense"}
-- {"minor": 800, "account": "payable"}
