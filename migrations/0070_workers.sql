-- Who works: so that somebody who looks at a queue that grows sees whether anybody takes from it.

CREATE TABLE worker_heartbeats (
    id UUID PRIMARY KEY,
    queue TEXT NOT NULL,
    address TEXT,
    process_id BIGINT NOT NULL,
    version TEXT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    seen_at TIMESTAMPTZ NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
COMMENT ON TABLE worker_heartbeats IS 'Workers that run: each says so every few seconds, and takes its row along when it stops. A row that grows old is of one that was killed or cut off.';
COMMENT ON COLUMN worker_heartbeats.id IS 'Of one run of one process.';
COMMENT ON COLUMN worker_heartbeats.queue IS 'QUEUE_PREFIX.';
COMMENT ON COLUMN worker_heartbeats.address IS 'Where it runs, as the database sees it; none over a socket of the same machine.';
COMMENT ON COLUMN worker_heartbeats.process_id IS 'Its number there.';
COMMENT ON COLUMN worker_heartbeats.version IS 'Of the program.';
COMMENT ON COLUMN worker_heartbeats.started_at IS 'When it was first seen.';
COMMENT ON COLUMN worker_heartbeats.seen_at IS 'When it was last seen, by the database''s clock.';
