-- History read from Stripe's lists: which run, which list and day, and how far; and as of when a project's history is judged.

CREATE TABLE backfills (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id),
    livemode BOOLEAN NOT NULL,
    since TIMESTAMPTZ NOT NULL,
    until TIMESTAMPTZ NOT NULL CHECK (until > since),
    started_at TIMESTAMPTZ NOT NULL,
    finished_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX backfills_open_key ON backfills (project_id, livemode) WHERE finished_at IS NULL;
COMMENT ON TABLE backfills IS 'Readings of history; of a project and mode one at a time.';
COMMENT ON COLUMN backfills.id IS 'Names it.';
COMMENT ON COLUMN backfills.project_id IS 'The project.';
COMMENT ON COLUMN backfills.livemode IS 'The mode.';
COMMENT ON COLUMN backfills.since IS 'The first instant that is read.';
COMMENT ON COLUMN backfills.until IS 'The first instant after it.';
COMMENT ON COLUMN backfills.started_at IS 'When it was asked for.';
COMMENT ON COLUMN backfills.finished_at IS 'When all of it was read and known.';

CREATE TABLE backfill_segments (
    backfill_id BIGINT NOT NULL REFERENCES backfills (id) ON DELETE CASCADE,
    list TEXT NOT NULL,
    since TIMESTAMPTZ NOT NULL,
    until TIMESTAMPTZ NOT NULL,
    status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'running', 'read', 'done')),
    cursor TEXT,
    objects BIGINT NOT NULL DEFAULT 0,
    events BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (backfill_id, list, since)
);
COMMENT ON TABLE backfill_segments IS 'A day of a list.';
COMMENT ON COLUMN backfill_segments.backfill_id IS 'The run.';
COMMENT ON COLUMN backfill_segments.list IS 'stripe::history::List.';
COMMENT ON COLUMN backfill_segments.since IS 'Its first instant.';
COMMENT ON COLUMN backfill_segments.until IS 'The first instant after it.';
COMMENT ON COLUMN backfill_segments.status IS 'pending; running: read up to the cursor; read: to its end; done: all of it is in the inbox.';
COMMENT ON COLUMN backfill_segments.cursor IS 'The object after which the next page begins: lists are newest first.';
COMMENT ON COLUMN backfill_segments.objects IS 'Objects listed.';
COMMENT ON COLUMN backfill_segments.events IS 'Events made of them.';

CREATE TABLE backfill_events (
    backfill_id BIGINT NOT NULL,
    list TEXT NOT NULL,
    since TIMESTAMPTZ NOT NULL,
    event_id TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (backfill_id, list, since, event_id),
    FOREIGN KEY (backfill_id, list, since) REFERENCES backfill_segments ON DELETE CASCADE
);
COMMENT ON TABLE backfill_events IS 'What was put on the queue for a segment and is looked for in the inbox at its end.';
COMMENT ON COLUMN backfill_events.backfill_id IS 'The run.';
COMMENT ON COLUMN backfill_events.list IS 'The list.';
COMMENT ON COLUMN backfill_events.since IS 'The segment.';
COMMENT ON COLUMN backfill_events.event_id IS 'The inbox id.';

ALTER TABLE projects ADD COLUMN payable_from TIMESTAMPTZ, ADD COLUMN rules_as_of TIMESTAMPTZ;
COMMENT ON COLUMN projects.payable_from IS 'No commission of the project is released before: backfill --payable-from.';
COMMENT ON COLUMN projects.rules_as_of IS 'Payments before are judged by the rules that are in force then: backfill --rules-as-of now.';
