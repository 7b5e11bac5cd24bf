-- No rows of before: the table is new.
SELECT 1;
-- read
SELECT count(*) AS waiting FROM thin_events
-- gives
-- {"waiting": 0}
