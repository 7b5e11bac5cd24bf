-- No rows: a new table alone, and no worker of the version before says that it runs.
SELECT 1;
-- read
SELECT count(*) AS workers FROM worker_heartbeats
-- gives
-- {"workers": 0}
