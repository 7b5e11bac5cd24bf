-- No rows of before: the table is new.
SELECT 1;
-- read
SELECT count(*) AS refused FROM refused_webhooks
-- gives
-- {"refused": 0}
