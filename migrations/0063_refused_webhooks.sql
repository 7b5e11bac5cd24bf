-- Webhooks that no secret of their project proves, counted by day, so that a wrong secret is seen (ADR 58).

CREATE TABLE refused_webhooks (
    project_id BIGINT NOT NULL REFERENCES projects (id),
    day DATE NOT NULL,
    refused BIGINT NOT NULL CHECK (refused > 0),
    last_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (project_id, day)
);
COMMENT ON TABLE refused_webhooks IS 'Webhooks that no secret of their project proves. Nothing of them is kept but their number.';
COMMENT ON COLUMN refused_webhooks.project_id IS 'The project in the address.';
COMMENT ON COLUMN refused_webhooks.day IS 'The day, in UTC.';
COMMENT ON COLUMN refused_webhooks.refused IS 'How many, of all processes of the api.';
COMMENT ON COLUMN refused_webhooks.last_at IS 'When the last of them came.';
