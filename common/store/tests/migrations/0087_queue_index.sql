-- Messages that fall due one after the other.
INSERT INTO queue_messages (queue, headers, body, run_at) VALUES
    ('of-0087', '{}', 'second', '2026-01-02T00:00:00Z'), ('of-0087', '{}', 'first', '2026-01-01T00:00:00Z');
-- read
SELECT convert_from(body, 'UTF8') AS body FROM queue_messages WHERE queue = 'of-0087' AND run_at <= now() ORDER BY run_at
-- gives
-- {"body": "first"}
-- {"body": "second"}
