-- What was left of Nora's first payment was paid by a payout.
INSERT INTO payout_batches (project_id, livemode, idempotency_key, request, as_of, carried_over, actor)
VALUES (1, FALSE, 'march', '{}', '2026-03-31Z', '[]', 'mia');
INSERT INTO payouts (batch_id, project_id, livemode, affiliate_id, currency, amount_minor, items_sha256)
VALUES (1, 1, FALSE, 1, 'usd', 800, sha256(E'1:usd:800\n1:800\n'::BYTEA));
INSERT INTO payout_items (payout_id, conversion_id, affiliate_id, currency, amount_minor) VALUES (1, 1, 1, 'usd', 800);
INSERT INTO ledger_entries (project_id, livemode, conversion_id, affiliate_id, currency, from_account, to_account, amount_minor, cause, payout_id, actor, reason)
VALUES (1, FALSE, 1, 1, 'usd', 'payable', 'paid', 800, 'paid', 1, 'mia', 'march');
UPDATE payouts SET status = 'paid', closed_at = '2026-04-01Z', closed_by = 'mia', paid_at = '2026-04-01Z', reference = 'bank 1';
UPDATE conversions SET paid_out_minor = 800 WHERE id = 1;
-- read
SELECT p.status, p.amount_minor, i.open, sum(l.amount_minor) FILTER (WHERE l.account = 'payable') AS payable
FROM payouts p JOIN payout_items i ON i.payout_id = p.id JOIN ledger_postings l ON l.affiliate_id = p.affiliate_id GROUP BY p.id, i.open
-- gives
-- {"open": false, "status": "paid", "payable": 0, "amount_minor": 800}
