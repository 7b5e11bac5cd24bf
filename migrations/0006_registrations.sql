-- What the REST API was told of referrals.

CREATE TABLE registrations (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id),
    livemode BOOLEAN NOT NULL,
    first_id BIGINT REFERENCES registrations (id),
    email_normalised TEXT NOT NULL,
    stripe_customer_id TEXT,
    external_id TEXT,
    affiliate_id BIGINT REFERENCES affiliates (id),
    converted BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX registrations_email_idx ON registrations (project_id, livemode, email_normalised);
COMMENT ON TABLE registrations IS 'What was said about referrals over REST, each thing once: tells a repeat from news, also before a worker has settled it.';
COMMENT ON COLUMN registrations.id IS 'Names the command in the inbox: referral:<id>:0.';
COMMENT ON COLUMN registrations.project_id IS 'The project.';
COMMENT ON COLUMN registrations.livemode IS 'The mode.';
COMMENT ON COLUMN registrations.first_id IS 'The first registration of the same referral, unless it is this one.';
COMMENT ON COLUMN registrations.email_normalised IS 'The address of the referral, trimmed and in lower case.';
COMMENT ON COLUMN registrations.stripe_customer_id IS 'Stripe''s id of the referral, as far as known then.';
COMMENT ON COLUMN registrations.external_id IS 'The SaaS company''s own id of the referral, as far as known then.';
COMMENT ON COLUMN registrations.affiliate_id IS 'The affiliate that was named.';
COMMENT ON COLUMN registrations.converted IS 'The caller said that the referral has paid.';
COMMENT ON COLUMN registrations.created_at IS 'When it was said.';

-- Looked up by key and by registration since.
DROP INDEX customers_email_idx;
