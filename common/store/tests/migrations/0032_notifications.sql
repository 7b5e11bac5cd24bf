UPDATE dead_letters SET reason = 'cannot be read' WHERE FALSE;
-- read
SELECT count(*) AS notifications, (SELECT count(*) FROM webhook_endpoints) AS endpoints FROM notifications
-- gives
-- {"endpoints": 0, "notifications": 0}
