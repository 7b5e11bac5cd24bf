INSERT INTO projects (name, created_at) VALUES ('Acme', '2026-01-01Z');
INSERT INTO program_rules (project_id, version, valid_from, rules)
VALUES (1, 1, '2026-01-01Z', '{"commission": {"kind": "percent", "basis_points": 2000}, "hold_days": 30}');
INSERT INTO api_keys (project_id, livemode, prefix, sha256) VALUES (1, FALSE, 'rgk_anna', decode(repeat('ab', 32), 'hex'));
INSERT INTO stripe_endpoints (project_id, livemode, secret) VALUES (1, FALSE, 'whsec_of_a_test');
INSERT INTO affiliates (project_id, livemode, user_email, email_normalised, referral_code, created_at)
VALUES (1, FALSE, 'Anna@Example.org', 'anna@example.org', 'ANNA', '2026-01-02Z'),
       (1, FALSE, 'ben@example.org', 'ben@example.org', 'BEN', '2026-01-02Z');
INSERT INTO referral_codes (project_id, livemode, affiliate_id, code, code_folded, created_at)
VALUES (1, FALSE, 1, 'ANNA', 'anna', '2026-01-02Z'), (1, FALSE, 2, 'BEN', 'ben', '2026-01-02Z');
INSERT INTO coupons (project_id, livemode, affiliate_id, coupon_code, code_folded, stripe_promotion_code_id, created_at, named_at)
VALUES (1, FALSE, 2, 'SPRING', 'spring', 'promo_spring', '2026-01-03Z', '2026-01-03Z');
INSERT INTO suspensions (affiliate_id, suspended_from, suspended_until) VALUES (2, '2026-01-04Z', '2026-01-05Z');
INSERT INTO idempotency_keys (api_key_id, key, request_sha256, response_status, response_body, locked_until)
VALUES (1, 'once', decode(repeat('cd', 32), 'hex'), 201, '{}', '2026-01-02Z');
-- read
SELECT a.user_email, c.code, k.coupon_code FROM affiliates a JOIN referral_codes c ON c.affiliate_id = a.id
LEFT JOIN coupons k ON k.affiliate_id = a.id ORDER BY a.id
-- gives
-- {"code": "ANNA", "user_email": "Anna@Example.org", "coupon_code": null}
-- {"code": "BEN", "user_email": "ben@example.org", "coupon_code": "SPRING"}
