-- Every word that callers say of a payment, and under which of its names they said it.

CREATE TABLE fact_versions (
    project_id BIGINT NOT NULL,
    livemode BOOLEAN NOT NULL,
    natural_key TEXT COLLATE "C" NOT NULL,
    event_id TEXT COLLATE "C" NOT NULL,
    cluster_id BIGINT NOT NULL,
    keep_first BOOLEAN NOT NULL,
    keep_latest BOOLEAN NOT NULL,
    rank BIGINT NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    links JSONB NOT NULL,
    body JSONB NOT NULL,
    PRIMARY KEY (project_id, livemode, natural_key, event_id)
);
CREATE INDEX fact_versions_cluster_idx ON fact_versions (cluster_id);
COMMENT ON TABLE fact_versions IS 'Facts whose earlier states count as well (domain::fact, has_versions): words of callers, refunds, disputes, decisions. What stood at a moment is told by those that were there by then (SEMANTICS 13).';
COMMENT ON COLUMN fact_versions.project_id IS 'The project.';
COMMENT ON COLUMN fact_versions.livemode IS 'The mode.';
COMMENT ON COLUMN fact_versions.natural_key IS 'What the fact is about, as in facts.';
COMMENT ON COLUMN fact_versions.event_id IS 'The event that told this version.';
COMMENT ON COLUMN fact_versions.cluster_id IS 'The cluster it belongs to.';
COMMENT ON COLUMN fact_versions.keep_first IS 'Whether the first version holds, as in facts.';
COMMENT ON COLUMN fact_versions.keep_latest IS 'Whether time goes before rank where the last version holds.';
COMMENT ON COLUMN fact_versions.rank IS 'How far it has come, as in facts.';
COMMENT ON COLUMN fact_versions.occurred_at IS 'The event''s own time.';
COMMENT ON COLUMN fact_versions.received_at IS 'When the event was received.';
COMMENT ON COLUMN fact_versions.links IS 'Every identity it names.';
COMMENT ON COLUMN fact_versions.body IS 'domain::fact::FactBody as JSON.';

-- What is known of the past: the last version of each. A replay reads the earlier ones from the raw events.
INSERT INTO fact_versions (project_id, livemode, natural_key, event_id, cluster_id, keep_first, keep_latest, rank, occurred_at, received_at, links, body)
SELECT project_id, livemode, natural_key, event_id, cluster_id, keep_first, body->>'fact' NOT IN ('posted', 'lock', 'verdict'), rank,
       occurred_at, received_at, links, body
FROM facts
WHERE body->>'fact' IN ('posted', 'refund', 'charge_refunded', 'dispute', 'credit_note', 'fraud_warning', 'lock', 'verdict');

CREATE TABLE conversion_posts (
    project_id BIGINT NOT NULL REFERENCES projects (id),
    livemode BOOLEAN NOT NULL,
    payment_key TEXT COLLATE "C" NOT NULL,
    conversion_id BIGINT NOT NULL,
    url TEXT,
    command JSONB,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, livemode, payment_key)
);
CREATE INDEX conversion_posts_conversion_idx ON conversion_posts (conversion_id);
COMMENT ON TABLE conversion_posts IS 'Each conversion as it was first posted over REST, by the name under which that was: the same request again is told from another one, whatever became of the conversion since.';
COMMENT ON COLUMN conversion_posts.project_id IS 'The project.';
COMMENT ON COLUMN conversion_posts.livemode IS 'The mode.';
COMMENT ON COLUMN conversion_posts.payment_key IS 'The name: the reference''s key, or that of the conversion or of the Idempotency-Key.';
COMMENT ON COLUMN conversion_posts.conversion_id IS 'The row it made, or added to; that may be merged into another one since.';
COMMENT ON COLUMN conversion_posts.url IS 'The caller''s link.';
COMMENT ON COLUMN conversion_posts.command IS 'The command that was put on the queue for it; null: the name was given to the conversion later, and nobody posted under it.';
COMMENT ON COLUMN conversion_posts.created_at IS 'When it was accepted.';

INSERT INTO conversion_posts (project_id, livemode, payment_key, conversion_id, url, command)
SELECT c.project_id, c.livemode, first.command #>> '{conversion,payment}', c.id, c.url, first.command
FROM conversions c
LEFT JOIN events e ON (e.project_id, e.livemode, e.account, e.event_id) = (c.project_id, c.livemode, '', 'conversion:' || c.id || ':0')
CROSS JOIN LATERAL (
    -- The row has the latest revision; the inbox has the first one.
    SELECT CASE WHEN e.body IS NULL OR c.revision = 0 THEN c.request ELSE convert_from(e.body, 'UTF8')::JSONB END AS command
) first
WHERE c.request IS NOT NULL AND c.request->>'command' = 'conversion'
ON CONFLICT DO NOTHING;

ALTER TABLE identity_keys ADD COLUMN conversion_id BIGINT;
COMMENT ON COLUMN identity_keys.conversion_id IS 'The conversion of the payment that the key names, once the fold knows.';
UPDATE identity_keys k SET conversion_id = c.id
FROM conversions c
WHERE (c.project_id, c.livemode, c.payment_key) = (k.project_id, k.livemode, k.key) AND c.merged_into IS NULL;

COMMENT ON COLUMN conversions.request IS 'The latest REST command on it, which a further change starts from. What was posted first is in conversion_posts.';
COMMENT ON COLUMN conversions.published_at IS 'When the message of its first command was put on the queue; null: it has yet to be. Rows that were not, or are pending for long, are published again. Changes are put on the queue together with the row.';
