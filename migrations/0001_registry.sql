-- The registry: projects, their rules, the keys that open them, and the affiliates and codes that earn.

CREATE TABLE projects (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL CHECK (name <> ''),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE projects IS 'One referral programme of one SaaS company.';
COMMENT ON COLUMN projects.id IS 'The project id of the REST API and of the webhook path.';
COMMENT ON COLUMN projects.name IS 'For people.';
COMMENT ON COLUMN projects.created_at IS 'When it was created.';

CREATE TABLE program_rules (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id),
    version INTEGER NOT NULL,
    valid_from TIMESTAMPTZ NOT NULL,
    rules JSONB NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT program_rules_version_key UNIQUE (project_id, version)
);
COMMENT ON TABLE program_rules IS 'Versions of a programme''s rules; a version is never edited (SEMANTICS 8).';
COMMENT ON COLUMN program_rules.id IS 'Frozen on each conversion that it decided.';
COMMENT ON COLUMN program_rules.project_id IS 'The project.';
COMMENT ON COLUMN program_rules.version IS '1, 2, 3 … within the project.';
COMMENT ON COLUMN program_rules.valid_from IS 'Payments from this event time on are judged by it; -infinity for the first version.';
COMMENT ON COLUMN program_rules.rules IS 'domain::rules::Rules as JSON: commission, recurrence, hold, windows, precedence.';
COMMENT ON COLUMN program_rules.created_at IS 'When the version was written.';

CREATE TABLE api_keys (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id),
    livemode BOOLEAN NOT NULL,
    name TEXT NOT NULL DEFAULT '',
    prefix TEXT NOT NULL,
    sha256 BYTEA NOT NULL CHECK (length(sha256) = 32),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    revoked_at TIMESTAMPTZ,
    CONSTRAINT api_keys_sha256_key UNIQUE (sha256)
);
COMMENT ON TABLE api_keys IS 'Keys of the REST API; the key itself is shown once and never stored.';
COMMENT ON COLUMN api_keys.id IS 'Names the key for listing and revocation.';
COMMENT ON COLUMN api_keys.project_id IS 'The only project it opens.';
COMMENT ON COLUMN api_keys.livemode IS 'The only mode it opens.';
COMMENT ON COLUMN api_keys.name IS 'For people.';
COMMENT ON COLUMN api_keys.prefix IS 'The first characters, so that a person recognises the key.';
COMMENT ON COLUMN api_keys.sha256 IS 'SHA-256 of the whole key; 256 random bits need no salt.';
COMMENT ON COLUMN api_keys.created_at IS 'When it was made.';
COMMENT ON COLUMN api_keys.revoked_at IS 'When it stopped being valid.';

CREATE TABLE stripe_endpoints (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id),
    livemode BOOLEAN NOT NULL,
    secret TEXT NOT NULL CHECK (btrim(secret) <> ''),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    revoked_at TIMESTAMPTZ,
    CONSTRAINT stripe_endpoints_secret_key UNIQUE (project_id, secret)
);
COMMENT ON TABLE stripe_endpoints IS 'Webhook signing secrets; several are valid during a rotation.';
COMMENT ON COLUMN stripe_endpoints.id IS 'Names the secret without showing it.';
COMMENT ON COLUMN stripe_endpoints.project_id IS 'The project.';
COMMENT ON COLUMN stripe_endpoints.livemode IS 'The mode of the events that it signs.';
COMMENT ON COLUMN stripe_endpoints.secret IS 'whsec_…, needed in clear to compute the HMAC.';
COMMENT ON COLUMN stripe_endpoints.created_at IS 'When it was added.';
COMMENT ON COLUMN stripe_endpoints.revoked_at IS 'When it stopped being valid.';

CREATE TABLE affiliates (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id),
    livemode BOOLEAN NOT NULL,
    user_email TEXT NOT NULL,
    email_normalised TEXT NOT NULL,
    referral_code TEXT NOT NULL,
    partner_slug TEXT,
    status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive')),
    commission JSONB,
    payout_preferences JSONB,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    closed_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX affiliates_email_key ON affiliates (project_id, livemode, email_normalised) WHERE closed_at IS NULL;
CREATE INDEX affiliates_listing_idx ON affiliates (project_id, livemode, created_at DESC, id DESC);
COMMENT ON TABLE affiliates IS 'Those who refer customers and earn commission.';
COMMENT ON COLUMN affiliates.id IS 'The affiliate id of the REST API.';
COMMENT ON COLUMN affiliates.project_id IS 'The project.';
COMMENT ON COLUMN affiliates.livemode IS 'The mode.';
COMMENT ON COLUMN affiliates.user_email IS 'As it was written.';
COMMENT ON COLUMN affiliates.email_normalised IS 'Trimmed and in lower case: the form in which two are compared.';
COMMENT ON COLUMN affiliates.referral_code IS 'The current code, as it was written; referral_codes has all of them.';
COMMENT ON COLUMN affiliates.partner_slug IS 'A name for links.';
COMMENT ON COLUMN affiliates.status IS 'inactive: its codes bind nobody new.';
COMMENT ON COLUMN affiliates.commission IS 'An override of the programme''s commission, domain::rules::Commission as JSON.';
COMMENT ON COLUMN affiliates.payout_preferences IS 'The SaaS company''s own notes on how to pay.';
COMMENT ON COLUMN affiliates.created_at IS 'When it was created.';
COMMENT ON COLUMN affiliates.closed_at IS 'When it was deleted; its ledger stays.';

CREATE TABLE referral_codes (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id),
    livemode BOOLEAN NOT NULL,
    affiliate_id BIGINT NOT NULL REFERENCES affiliates (id),
    code TEXT NOT NULL,
    code_folded TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT referral_codes_code_key UNIQUE (project_id, livemode, code_folded)
);
CREATE INDEX referral_codes_affiliate_idx ON referral_codes (affiliate_id);
COMMENT ON TABLE referral_codes IS 'Every referral code an affiliate ever had; an old one keeps resolving.';
COMMENT ON COLUMN referral_codes.id IS 'Row id.';
COMMENT ON COLUMN referral_codes.project_id IS 'The project.';
COMMENT ON COLUMN referral_codes.livemode IS 'The mode.';
COMMENT ON COLUMN referral_codes.affiliate_id IS 'Whose code it is.';
COMMENT ON COLUMN referral_codes.code IS 'As it was written.';
COMMENT ON COLUMN referral_codes.code_folded IS 'In lower case: the form in which two are compared.';
COMMENT ON COLUMN referral_codes.created_at IS 'When it was given.';

CREATE TABLE coupons (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id),
    livemode BOOLEAN NOT NULL,
    affiliate_id BIGINT NOT NULL REFERENCES affiliates (id),
    coupon_code TEXT NOT NULL,
    code_folded TEXT NOT NULL,
    stripe_coupon_id TEXT,
    stripe_promotion_code_id TEXT,
    lemonsqueezy_discount_code TEXT,
    status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive')),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    named_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    deleted_at TIMESTAMPTZ,
    former_of BIGINT REFERENCES coupons (id),
    CHECK (former_of IS NULL OR deleted_at IS NOT NULL)
);
CREATE INDEX coupons_listing_idx ON coupons (project_id, livemode, created_at DESC, id DESC) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX coupons_code_key ON coupons (project_id, livemode, code_folded) WHERE deleted_at IS NULL;
CREATE INDEX coupons_affiliate_idx ON coupons (affiliate_id);
CREATE INDEX coupons_stripe_coupon_idx ON coupons (project_id, livemode, stripe_coupon_id) WHERE stripe_coupon_id IS NOT NULL;
CREATE INDEX coupons_stripe_promotion_idx ON coupons (project_id, livemode, stripe_promotion_code_id) WHERE stripe_promotion_code_id IS NOT NULL;
COMMENT ON TABLE coupons IS 'Coupons that belong to an affiliate.';
COMMENT ON COLUMN coupons.id IS 'The coupon id of the REST API.';
COMMENT ON COLUMN coupons.project_id IS 'The project.';
COMMENT ON COLUMN coupons.livemode IS 'The mode.';
COMMENT ON COLUMN coupons.affiliate_id IS 'Whose coupon it is.';
COMMENT ON COLUMN coupons.coupon_code IS 'As it was written; what the customer types at Stripe.';
COMMENT ON COLUMN coupons.code_folded IS 'In lower case: the form in which two are compared.';
COMMENT ON COLUMN coupons.stripe_coupon_id IS 'Stripe''s coupon, when known.';
COMMENT ON COLUMN coupons.stripe_promotion_code_id IS 'Stripe''s promotion code, when known.';
COMMENT ON COLUMN coupons.lemonsqueezy_discount_code IS 'Kept for clients that send it.';
COMMENT ON COLUMN coupons.status IS 'inactive: it binds nobody new.';
COMMENT ON COLUMN coupons.created_at IS 'When it was created.';
COMMENT ON COLUMN coupons.named_at IS 'Since when it has its codes and its affiliate.';
COMMENT ON COLUMN coupons.deleted_at IS 'When it was deleted; what it bound stays bound.';
COMMENT ON COLUMN coupons.former_of IS 'The coupon that had these codes and this affiliate up to deleted_at: a payment is judged by what held at its own time (SEMANTICS 4).';

CREATE TABLE suspensions (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    affiliate_id BIGINT REFERENCES affiliates (id),
    coupon_id BIGINT REFERENCES coupons (id),
    suspended_from TIMESTAMPTZ NOT NULL,
    suspended_until TIMESTAMPTZ,
    CHECK (num_nonnulls(affiliate_id, coupon_id) = 1),
    CHECK (suspended_until IS NULL OR suspended_until >= suspended_from)
);
CREATE INDEX suspensions_affiliate_idx ON suspensions (affiliate_id) WHERE affiliate_id IS NOT NULL;
CREATE INDEX suspensions_coupon_idx ON suspensions (coupon_id) WHERE coupon_id IS NOT NULL;
COMMENT ON TABLE suspensions IS 'When an affiliate or a coupon was inactive: a payment is judged by what held at its own time (SEMANTICS 4).';
COMMENT ON COLUMN suspensions.id IS 'Row id.';
COMMENT ON COLUMN suspensions.affiliate_id IS 'The affiliate that was inactive.';
COMMENT ON COLUMN suspensions.coupon_id IS 'Or the coupon.';
COMMENT ON COLUMN suspensions.suspended_from IS 'From this time on.';
COMMENT ON COLUMN suspensions.suspended_until IS 'Up to this time; null while it lasts.';

CREATE TABLE idempotency_keys (
    api_key_id BIGINT NOT NULL REFERENCES api_keys (id),
    key TEXT NOT NULL,
    request_sha256 BYTEA NOT NULL,
    response_status SMALLINT,
    response_location TEXT,
    response_body BYTEA,
    locked_until TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    PRIMARY KEY (api_key_id, key)
);
CREATE INDEX idempotency_keys_age_idx ON idempotency_keys (created_at);
COMMENT ON TABLE idempotency_keys IS 'Answers kept for a retried request with the same Idempotency-Key, at least 24 hours.';
COMMENT ON COLUMN idempotency_keys.api_key_id IS 'Who sent it.';
COMMENT ON COLUMN idempotency_keys.key IS 'The header''s value.';
COMMENT ON COLUMN idempotency_keys.request_sha256 IS 'SHA-256 of method, path and body: another request under the same key is refused.';
COMMENT ON COLUMN idempotency_keys.response_status IS 'The answer''s status; null while the first request runs.';
COMMENT ON COLUMN idempotency_keys.response_location IS 'The answer''s Location header.';
COMMENT ON COLUMN idempotency_keys.response_body IS 'The answer''s body.';
COMMENT ON COLUMN idempotency_keys.locked_until IS 'After this time a request that never answered may be run again.';
COMMENT ON COLUMN idempotency_keys.created_at IS 'When the first request came.';
