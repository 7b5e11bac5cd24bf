INSERT INTO referral_codes (project_id, livemode, affiliate_id, code, code_folded, created_at)
VALUES (1, FALSE, 1, 'ANNE', 'anne', '2026-01-20Z');
UPDATE affiliates SET referral_code = 'ANNE', payout_preferences = '{"paypal": {"email": "Pay@Anna.example"}, "note": "or at 5 @ home"}'
WHERE id = 1;
-- read
SELECT a.id,
       (SELECT string_agg(d.role || ' ' || d.email_normalised, ', ' ORDER BY d.id)
        FROM affiliate_addresses d WHERE d.affiliate_id = a.id) AS addresses,
       (SELECT string_agg(c.code || CASE c.since WHEN '-infinity' THEN ' always'
                                                 ELSE to_char(c.since AT TIME ZONE 'UTC', '" since "YYYY-MM-DD') END,
                          ', ' ORDER BY c.since)
        FROM affiliate_codes c WHERE c.affiliate_id = a.id) AS codes
FROM affiliates a WHERE a.id <= 2 ORDER BY a.id
-- gives
-- {"id": 1, "codes": "ANNA always, ANNE since 2026-01-20", "addresses": "contact anna@elsewhere.example, payout pay@anna.example"}
-- {"id": 2, "codes": "BEN always", "addresses": "contact ben@example.org"}
