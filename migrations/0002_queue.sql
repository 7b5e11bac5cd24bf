-- The queue in PostgreSQL: the embedded default, the spill while the broker is down, and the schedule of retries.

CREATE TABLE queue_messages (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue TEXT NOT NULL,
    headers JSONB NOT NULL,
    body BYTEA NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    run_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    leased_until TIMESTAMPTZ,
    lease UUID,
    reason TEXT,
    enqueued_at TIMESTAMPTZ NOT NULL DEFAULT now()
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 5000);
CREATE INDEX queue_messages_due_idx ON queue_messages (queue, run_at, id);
COMMENT ON TABLE queue_messages IS 'Messages waiting for a worker.';
COMMENT ON COLUMN queue_messages.id IS 'Order of arrival.';
COMMENT ON COLUMN queue_messages.queue IS 'QUEUE_PREFIX: several deployments may share a database.';
COMMENT ON COLUMN queue_messages.headers IS 'queue::envelope::Headers as JSON.';
COMMENT ON COLUMN queue_messages.body IS 'The body exactly as it was received.';
COMMENT ON COLUMN queue_messages.attempt IS 'How many deliveries ended in a retry.';
COMMENT ON COLUMN queue_messages.run_at IS 'Not delivered before this time.';
COMMENT ON COLUMN queue_messages.leased_until IS 'Delivered to a worker until then; after it, to another.';
COMMENT ON COLUMN queue_messages.lease IS 'Which delivery holds it: only that one may settle it.';
COMMENT ON COLUMN queue_messages.reason IS 'Why it was last put off.';
COMMENT ON COLUMN queue_messages.enqueued_at IS 'When it was stored.';

CREATE TABLE dead_letters (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue TEXT NOT NULL,
    project_id BIGINT,
    livemode BOOLEAN,
    headers JSONB NOT NULL,
    body BYTEA NOT NULL,
    attempt INTEGER NOT NULL,
    reason TEXT NOT NULL,
    died_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    retried_at TIMESTAMPTZ,
    discarded_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX dead_letters_message_key ON dead_letters (queue, (headers ->> 'message_id')) WHERE retried_at IS NULL AND discarded_at IS NULL;
CREATE INDEX dead_letters_open_idx ON dead_letters (queue, died_at DESC, id DESC) WHERE retried_at IS NULL AND discarded_at IS NULL;
COMMENT ON TABLE dead_letters IS 'Messages that no worker could settle, kept until a person decides.';
COMMENT ON COLUMN dead_letters.id IS 'Names it on the command line.';
COMMENT ON COLUMN dead_letters.queue IS 'QUEUE_PREFIX.';
COMMENT ON COLUMN dead_letters.project_id IS 'The project, when the headers told it.';
COMMENT ON COLUMN dead_letters.livemode IS 'The mode, when the headers told it.';
COMMENT ON COLUMN dead_letters.headers IS 'queue::envelope::Headers as JSON, or what could be read of them.';
COMMENT ON COLUMN dead_letters.body IS 'The body exactly as it was received.';
COMMENT ON COLUMN dead_letters.attempt IS 'How many deliveries it had.';
COMMENT ON COLUMN dead_letters.reason IS 'What has to be mended.';
COMMENT ON COLUMN dead_letters.died_at IS 'When it was given up.';
COMMENT ON COLUMN dead_letters.retried_at IS 'When it was sent round again.';
COMMENT ON COLUMN dead_letters.discarded_at IS 'When a person gave it up for good.';
