UPDATE affiliates SET email_normalised = 'anna@elsewhere.example', user_email = 'anna@elsewhere.example' WHERE id = 1;
-- read
SELECT affiliate_id, email_normalised FROM affiliate_addresses ORDER BY affiliate_id
-- gives
-- {"affiliate_id": 1, "email_normalised": "anna@elsewhere.example"}
-- {"affiliate_id": 2, "email_normalised": "ben@example.org"}
