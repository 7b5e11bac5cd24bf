-- The limit per key counts in windows of an hour, as the one per address counts in minutes. No release has written the
-- former column, and nothing in the table is kept for longer than an hour.

TRUNCATE api_key_usage;
ALTER TABLE api_key_usage
    DROP COLUMN spent_until,
    ADD COLUMN used BIGINT NOT NULL,
    ADD COLUMN window_ends TIMESTAMPTZ NOT NULL;
COMMENT ON COLUMN api_key_usage.used IS 'Requests that all processes let through in the window.';
COMMENT ON COLUMN api_key_usage.window_ends IS 'When the window ends that the key''s first request began.';
