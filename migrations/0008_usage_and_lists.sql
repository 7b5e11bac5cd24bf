-- What the API processes share of the limit per key, and what lists, figures and time series read.

CREATE UNLOGGED TABLE api_key_usage (
    api_key_id BIGINT PRIMARY KEY REFERENCES api_keys (id),
    used BIGINT NOT NULL,
    window_ends TIMESTAMPTZ NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE api_key_usage IS 'What each API key has used of its limit, as the API processes report it every few seconds. Not logged: a crash of the database forgives what was used.';
COMMENT ON COLUMN api_key_usage.api_key_id IS 'The key.';
COMMENT ON COLUMN api_key_usage.used IS 'Requests that all processes let through in the window.';
COMMENT ON COLUMN api_key_usage.window_ends IS 'When the window ends that the key''s first request began.';

-- A project's clicks by time, each with whose it is: read from the index alone.
CREATE INDEX clicks_time_idx ON clicks (project_id, livemode, occurred_at) INCLUDE (affiliate_id);

-- Lists and their totals: what they filter by is in the index, so that a total reads no row.
DROP INDEX customers_listing_idx;
CREATE INDEX customers_listing_idx ON customers (project_id, livemode, first_seen_at DESC, id DESC)
    INCLUDE (status, affiliate_id) WHERE NOT retired;
DROP INDEX customers_affiliate_idx;
CREATE INDEX customers_affiliate_idx ON customers (affiliate_id, first_seen_at DESC, id DESC)
    INCLUDE (project_id, livemode, status) WHERE NOT retired;
DROP INDEX coupons_listing_idx;
CREATE INDEX coupons_listing_idx ON coupons (project_id, livemode, created_at DESC, id DESC)
    INCLUDE (code_folded, status, affiliate_id) WHERE deleted_at IS NULL;
