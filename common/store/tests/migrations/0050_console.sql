-- No rows: new tables alone, and nobody may sign in before somebody is entered.
SELECT 1;
-- read
SELECT (SELECT count(*) FROM users) AS users, (SELECT count(*) FROM console_sessions) AS sessions, (SELECT count(*) FROM acts) AS acts
-- gives
-- {"acts": 0, "users": 0, "sessions": 0}
