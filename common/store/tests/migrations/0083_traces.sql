-- Notifications of before are there, and nobody traced them.
SELECT 1;
-- read
SELECT count(*) FILTER (WHERE traceparent IS NOT NULL) AS traced FROM notifications
-- gives
-- {"traced": 0}
