-- The keys with which providers are asked: of each project and mode its own, as two projects have two accounts.

CREATE TABLE provider_keys (
    project_id BIGINT NOT NULL REFERENCES projects (id),
    livemode BOOLEAN NOT NULL,
    provider TEXT NOT NULL CHECK (provider IN ('stripe')),
    secret TEXT NOT NULL CHECK (secret <> ''),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (project_id, livemode, provider)
);
COMMENT ON TABLE provider_keys IS 'API keys at payment providers, for what their events lack.';
COMMENT ON COLUMN provider_keys.project_id IS 'The project.';
COMMENT ON COLUMN provider_keys.livemode IS 'The mode.';
COMMENT ON COLUMN provider_keys.provider IS 'Whose API it opens, as domain::provider::Provider.';
COMMENT ON COLUMN provider_keys.secret IS 'The key as sealing::Sealer writes it: sealed under SECRETS_KEY, or in clear.';
COMMENT ON COLUMN provider_keys.created_at IS 'When it was entered.';
