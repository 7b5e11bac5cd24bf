-- Notifications out: what happened, to whom it is sent, and how that went.

CREATE TABLE notifications (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uid UUID NOT NULL DEFAULT gen_random_uuid(),
    project_id BIGINT NOT NULL,
    livemode BOOLEAN NOT NULL,
    sequence BIGINT,
    event TEXT NOT NULL,
    referrer JSON,
    referred JSON,
    data JSON NOT NULL,
    delta_minor BIGINT,
    currency TEXT,
    cause JSON NOT NULL,
    ledger_entry_id BIGINT,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CHECK ((delta_minor IS NULL) = (currency IS NULL))
);
CREATE UNIQUE INDEX notifications_sequence_key ON notifications (project_id, livemode, sequence)
    WHERE sequence IS NOT NULL;
CREATE INDEX notifications_fresh_idx ON notifications (id) WHERE sequence IS NULL;
CREATE UNIQUE INDEX notifications_ledger_entry_key ON notifications (ledger_entry_id)
    WHERE ledger_entry_id IS NOT NULL;
CREATE INDEX notifications_age_idx ON notifications USING brin (created_at);
COMMENT ON TABLE notifications IS 'What happened, written in the transaction that made it happen; sent to endpoints, and read from the feed.';
COMMENT ON COLUMN notifications.id IS 'Order of writing.';
COMMENT ON COLUMN notifications.uid IS 'The id that receivers see, as ntf_…: another one also after a restore, so that nobody takes it for a repeat.';
COMMENT ON COLUMN notifications.project_id IS 'The project.';
COMMENT ON COLUMN notifications.livemode IS 'The mode.';
COMMENT ON COLUMN notifications.sequence IS '1, 2, 3 … within the project and mode, in the order of commits; null until the sequencer has seen it.';
COMMENT ON COLUMN notifications.event IS 'domain::notification::Event.';
COMMENT ON COLUMN notifications.referrer IS 'The affiliate, in short.';
COMMENT ON COLUMN notifications.referred IS 'The customer, in short.';
COMMENT ON COLUMN notifications.data IS 'The whole object after the change, as REST gives it.';
COMMENT ON COLUMN notifications.delta_minor IS 'By how much the affiliate''s payable balance changed, in minor units.';
COMMENT ON COLUMN notifications.currency IS 'ISO 4217, lower case.';
COMMENT ON COLUMN notifications.cause IS 'What brought it about: an event, a person, or a reason of the service''s own.';
COMMENT ON COLUMN notifications.ledger_entry_id IS 'The movement that it tells of; at most one notification for each.';
COMMENT ON COLUMN notifications.created_at IS 'When its transaction began.';

CREATE TABLE notification_sequences (
    project_id BIGINT NOT NULL,
    livemode BOOLEAN NOT NULL,
    last_sequence BIGINT NOT NULL,
    PRIMARY KEY (project_id, livemode)
);
COMMENT ON TABLE notification_sequences IS 'How many notifications have a place in the sequence.';
COMMENT ON COLUMN notification_sequences.project_id IS 'The project.';
COMMENT ON COLUMN notification_sequences.livemode IS 'The mode.';
COMMENT ON COLUMN notification_sequences.last_sequence IS 'The last one that was given.';

CREATE TABLE webhook_endpoints (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id),
    livemode BOOLEAN NOT NULL,
    url TEXT NOT NULL,
    description TEXT,
    events TEXT[] NOT NULL CHECK (cardinality(events) > 0),
    status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'paused', 'disabled')),
    ordered BOOLEAN NOT NULL DEFAULT FALSE,
    timeout_seconds SMALLINT NOT NULL DEFAULT 15 CHECK (timeout_seconds BETWEEN 1 AND 30),
    failing_since TIMESTAMPTZ,
    failures INTEGER NOT NULL DEFAULT 0,
    disabled_reason TEXT,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CHECK ((status = 'disabled') = (disabled_reason IS NOT NULL))
);
CREATE INDEX webhook_endpoints_listing_idx ON webhook_endpoints (project_id, livemode, created_at DESC, id DESC);
COMMENT ON TABLE webhook_endpoints IS 'Where notifications are sent to.';
COMMENT ON COLUMN webhook_endpoints.id IS 'The endpoint''s id in the REST API.';
COMMENT ON COLUMN webhook_endpoints.project_id IS 'The project.';
COMMENT ON COLUMN webhook_endpoints.livemode IS 'The mode.';
COMMENT ON COLUMN webhook_endpoints.url IS 'Where they are posted to.';
COMMENT ON COLUMN webhook_endpoints.description IS 'For people.';
COMMENT ON COLUMN webhook_endpoints.events IS 'Which events are sent; * for all, also those to come.';
COMMENT ON COLUMN webhook_endpoints.status IS 'active: sent to; paused by a person, disabled by the service: what comes meanwhile is parked.';
COMMENT ON COLUMN webhook_endpoints.ordered IS 'One at a time in the order of the sequence: a failed one holds up those behind it.';
COMMENT ON COLUMN webhook_endpoints.timeout_seconds IS 'How long one try may take.';
COMMENT ON COLUMN webhook_endpoints.failing_since IS 'The first of the tries that failed since the last success.';
COMMENT ON COLUMN webhook_endpoints.failures IS 'How many tries failed since the last success.';
COMMENT ON COLUMN webhook_endpoints.disabled_reason IS 'Why the service sends nothing there any more.';
COMMENT ON COLUMN webhook_endpoints.created_at IS 'When it was made.';

CREATE TABLE webhook_endpoint_secrets (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    endpoint_id BIGINT NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    secret TEXT NOT NULL CHECK (secret <> ''),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    expires_at TIMESTAMPTZ
);
CREATE INDEX webhook_endpoint_secrets_endpoint_idx ON webhook_endpoint_secrets (endpoint_id, id DESC);
COMMENT ON TABLE webhook_endpoint_secrets IS 'What notifications are signed with; two are valid during a rotation.';
COMMENT ON COLUMN webhook_endpoint_secrets.id IS 'The greatest is the one in force.';
COMMENT ON COLUMN webhook_endpoint_secrets.endpoint_id IS 'Whose it is.';
COMMENT ON COLUMN webhook_endpoint_secrets.secret IS 'Sealed under SECRETS_KEY (sealed:1:…), or in clear when there is no such key (plain:…): common::sealing.';
COMMENT ON COLUMN webhook_endpoint_secrets.created_at IS 'When it was made.';
COMMENT ON COLUMN webhook_endpoint_secrets.expires_at IS 'When it stops signing: 24 hours after another took its place.';

CREATE TABLE webhook_deliveries (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    endpoint_id BIGINT NOT NULL REFERENCES webhook_endpoints (id) ON DELETE CASCADE,
    notification_id BIGINT NOT NULL,
    sequence BIGINT NOT NULL,
    event TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'delivered', 'failed', 'parked')),
    tries INTEGER NOT NULL DEFAULT 0,
    due_since TIMESTAMPTZ NOT NULL,
    next_attempt_at TIMESTAMPTZ NOT NULL,
    lease UUID,
    created_at TIMESTAMPTZ NOT NULL,
    CONSTRAINT webhook_deliveries_notification_key UNIQUE (endpoint_id, notification_id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);
CREATE INDEX webhook_deliveries_due_idx ON webhook_deliveries (endpoint_id, next_attempt_at, sequence)
    WHERE status = 'pending';
CREATE INDEX webhook_deliveries_head_idx ON webhook_deliveries (endpoint_id, sequence) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_leased_idx ON webhook_deliveries (endpoint_id, next_attempt_at)
    WHERE lease IS NOT NULL;
CREATE INDEX webhook_deliveries_left_idx ON webhook_deliveries (endpoint_id, sequence)
    WHERE status IN ('failed', 'parked');
COMMENT ON TABLE webhook_deliveries IS 'A notification on its way to an endpoint.';
COMMENT ON COLUMN webhook_deliveries.id IS 'The delivery''s id in the REST API.';
COMMENT ON COLUMN webhook_deliveries.endpoint_id IS 'Where it goes.';
COMMENT ON COLUMN webhook_deliveries.notification_id IS 'What is sent: the body is kept there, once for all endpoints.';
COMMENT ON COLUMN webhook_deliveries.sequence IS 'Of the notification.';
COMMENT ON COLUMN webhook_deliveries.event IS 'Of the notification.';
COMMENT ON COLUMN webhook_deliveries.status IS 'pending: to be sent; parked: kept until it is asked for; failed: given up after the last try.';
COMMENT ON COLUMN webhook_deliveries.tries IS 'How far the schedule of retries has come.';
COMMENT ON COLUMN webhook_deliveries.due_since IS 'When the schedule began.';
COMMENT ON COLUMN webhook_deliveries.next_attempt_at IS 'Not sent before; while it is being sent, when the lease ends.';
COMMENT ON COLUMN webhook_deliveries.lease IS 'Which claim is sending it: only that one may say how it went.';
COMMENT ON COLUMN webhook_deliveries.created_at IS 'When the notification got its place in the sequence.';

CREATE TABLE webhook_attempts (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery_id BIGINT NOT NULL REFERENCES webhook_deliveries (id) ON DELETE CASCADE,
    attempted_at TIMESTAMPTZ NOT NULL,
    status_code SMALLINT,
    error TEXT,
    duration_ms INTEGER NOT NULL,
    answer TEXT
);
CREATE INDEX webhook_attempts_delivery_idx ON webhook_attempts (delivery_id, id);
CREATE INDEX webhook_attempts_age_idx ON webhook_attempts USING brin (attempted_at);
COMMENT ON TABLE webhook_attempts IS 'The log of tries, kept 30 days.';
COMMENT ON COLUMN webhook_attempts.id IS 'Order of writing.';
COMMENT ON COLUMN webhook_attempts.delivery_id IS 'The delivery.';
COMMENT ON COLUMN webhook_attempts.attempted_at IS 'When the try began.';
COMMENT ON COLUMN webhook_attempts.status_code IS 'What the endpoint answered; null when it did not.';
COMMENT ON COLUMN webhook_attempts.error IS 'What went wrong, in words; null for a success.';
COMMENT ON COLUMN webhook_attempts.duration_ms IS 'From the begin of the try to its end.';
COMMENT ON COLUMN webhook_attempts.answer IS 'The first 2 KB of the answer''s body.';

-- The queue lies below what knows of notifications, and buries letters on its own; so the database writes this one.
CREATE FUNCTION notify_of_dead_letters() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO notifications (project_id, livemode, event, data, cause)
    SELECT b.project_id, b.livemode, 'event_dead_lettered',
           json_build_object('id', b.id, 'message_id', b.headers ->> 'message_id', 'source', b.headers ->> 'source',
                             'attempts', b.attempt, 'reason', b.reason,
                             'died_at', to_char(b.died_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')),
           json_build_object('event', NULL, 'actor', NULL, 'reason', b.reason)
    FROM buried b
    WHERE b.project_id IS NOT NULL AND b.livemode IS NOT NULL;
    IF FOUND THEN
        PERFORM pg_notify('tributary_notifications', '');
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION notify_of_dead_letters() IS 'Writes event_dead_lettered with the dead letter itself.';
CREATE TRIGGER dead_letters_notify AFTER INSERT ON dead_letters REFERENCING NEW TABLE AS buried
    FOR EACH STATEMENT EXECUTE FUNCTION notify_of_dead_letters();
