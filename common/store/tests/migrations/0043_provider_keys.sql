-- No rows of before: the table is new.
SELECT 1;
-- read
SELECT count(*) AS keys FROM provider_keys
-- gives
-- {"keys": 0}
