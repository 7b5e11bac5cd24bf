-- No rows: the events of before are there.
SELECT 1;
-- read
SELECT count(*) FILTER (WHERE archived_at IS NOT NULL) AS archived, bool_and(length(body) > 0) AS bodies FROM events
-- gives
-- {"bodies": true, "archived": 0}
