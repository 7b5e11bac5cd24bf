UPDATE customers SET retired = FALSE WHERE id = 1;
-- read
SELECT u.has_cluster, v.fingerprint, v.ordinal FROM customers u, conversions v WHERE u.id = 1 AND v.id = 1
-- gives
-- {"ordinal": null, "fingerprint": null, "has_cluster": false}
