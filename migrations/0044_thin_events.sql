-- Thin events whose object could not be fetched: they wait, with what has to be done, until a key can fetch it or the snapshot event
-- of the same happening comes.

CREATE TABLE thin_events (
    project_id BIGINT NOT NULL REFERENCES projects (id),
    livemode BOOLEAN NOT NULL,
    event_id TEXT COLLATE "C" NOT NULL,
    account TEXT NOT NULL DEFAULT '',
    event_type TEXT NOT NULL,
    snapshot TEXT COLLATE "C",
    object TEXT COLLATE "C",
    question BYTEA NOT NULL,
    reason TEXT NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    ask_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (project_id, livemode, event_id)
);
COMMENT ON TABLE thin_events IS 'Thin events that wait for their object. A row goes when it is asked for, or when the snapshot event is settled.';
COMMENT ON COLUMN thin_events.project_id IS 'The project.';
COMMENT ON COLUMN thin_events.livemode IS 'The mode.';
COMMENT ON COLUMN thin_events.event_id IS 'evt_…, the thin event''s own.';
COMMENT ON COLUMN thin_events.account IS 'The connected Stripe account; empty for the project''s own.';
COMMENT ON COLUMN thin_events.event_type IS 'The type of its twin, without v1.';
COMMENT ON COLUMN thin_events.snapshot IS 'evt_… of the snapshot event that tells the same.';
COMMENT ON COLUMN thin_events.object IS 'in_…: what it is about.';
COMMENT ON COLUMN thin_events.question IS 'stripe::missing::Missing as JSON: the body of the message that asks for it.';
COMMENT ON COLUMN thin_events.reason IS 'Why it waits, and what to do.';
COMMENT ON COLUMN thin_events.received_at IS 'When the API accepted it.';
COMMENT ON COLUMN thin_events.ask_at IS 'Not asked for before this time.';
