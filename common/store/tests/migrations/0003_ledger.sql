INSERT INTO queue_messages (queue, headers, body, reason) VALUES ('events', '{"message_id": "m1", "version": 1}', '{}', 'waits');
INSERT INTO dead_letters (queue, project_id, livemode, headers, body, attempt, reason)
VALUES ('events', 1, FALSE, '{"message_id": "m2", "version": 1}', '{', 1, 'not JSON');
-- read
SELECT 'waiting' AS state, headers ->> 'message_id' AS message FROM queue_messages
UNION ALL SELECT 'dead', headers ->> 'message_id' FROM dead_letters
-- gives
-- {"state": "waiting", "message": "m1"}
-- {"state": "dead", "message": "m2"}
