-- Comparisons of a provider's events with the inbox.

CREATE TABLE reconciliations (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id),
    livemode BOOLEAN NOT NULL,
    since TIMESTAMPTZ NOT NULL,
    until TIMESTAMPTZ NOT NULL,
    seen BIGINT NOT NULL,
    missing TEXT[] NOT NULL,
    finished_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX reconciliations_latest_idx ON reconciliations (project_id, livemode, finished_at DESC);
COMMENT ON TABLE reconciliations IS 'What Stripe''s events were compared with the inbox, and what was missing.';
COMMENT ON COLUMN reconciliations.id IS 'Order.';
COMMENT ON COLUMN reconciliations.project_id IS 'The project.';
COMMENT ON COLUMN reconciliations.livemode IS 'The mode.';
COMMENT ON COLUMN reconciliations.since IS 'Events from then on.';
COMMENT ON COLUMN reconciliations.until IS 'Up to then.';
COMMENT ON COLUMN reconciliations.seen IS 'How many Stripe has of the types that are read.';
COMMENT ON COLUMN reconciliations.missing IS 'evt_… of those that were not in the inbox, and were put on the queue.';
COMMENT ON COLUMN reconciliations.finished_at IS 'When it was done.';
