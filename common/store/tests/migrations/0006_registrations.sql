INSERT INTO affiliate_commissions (affiliate_id, commission, valid_from) VALUES (2, '{"kind": "percent", "basis_points": 3000}', '2026-02-02Z');
-- read
SELECT user_email, status FROM customers WHERE project_id = 1 AND NOT livemode AND lower(btrim(user_email)) = 'nora@example.org'
-- gives
-- {"status": "converted", "user_email": "Nora@Example.org"}
