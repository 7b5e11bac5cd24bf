-- The inbox, the facts read from it, and what the fold makes of them.

CREATE TABLE events (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id),
    livemode BOOLEAN NOT NULL,
    account TEXT NOT NULL DEFAULT '',
    event_id TEXT COLLATE "C" NOT NULL,
    source TEXT NOT NULL,
    event_type TEXT NOT NULL,
    api_version TEXT,
    occurred_at TIMESTAMPTZ NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    settled_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    ignored TEXT,
    traceparent TEXT,
    body_sha256 BYTEA NOT NULL,
    body BYTEA NOT NULL,
    CONSTRAINT events_event_key UNIQUE (project_id, livemode, account, event_id)
);
COMMENT ON TABLE events IS 'The inbox: every raw body, once (SEMANTICS 2). A row exists only together with its effects.';
COMMENT ON COLUMN events.id IS 'Order of settlement.';
COMMENT ON COLUMN events.project_id IS 'The project.';
COMMENT ON COLUMN events.livemode IS 'The mode of the secret or key that authenticated it.';
COMMENT ON COLUMN events.account IS 'The connected Stripe account; empty for the project''s own.';
COMMENT ON COLUMN events.event_id IS 'evt_…, or the name of a REST command.';
COMMENT ON COLUMN events.source IS 'queue::envelope::Source.';
COMMENT ON COLUMN events.event_type IS 'Stripe''s type, or the command''s.';
COMMENT ON COLUMN events.api_version IS 'The Stripe API version that shaped the body.';
COMMENT ON COLUMN events.occurred_at IS 'The event''s own time.';
COMMENT ON COLUMN events.received_at IS 'When the API accepted it.';
COMMENT ON COLUMN events.settled_at IS 'When its effects were committed.';
COMMENT ON COLUMN events.ignored IS 'Why it has no effects, when it has none.';
COMMENT ON COLUMN events.traceparent IS 'W3C trace context of the request.';
COMMENT ON COLUMN events.body_sha256 IS 'SHA-256 of the body: the same id with another body is noticed.';
COMMENT ON COLUMN events.body IS 'The body exactly as it was received.';

CREATE TABLE clusters (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL,
    livemode BOOLEAN NOT NULL
);
COMMENT ON TABLE clusters IS 'Identities that facts have joined: the unit that is locked and folded. Facts whose payment is unknown wait in a cluster of their own (SEMANTICS 3).';
COMMENT ON COLUMN clusters.id IS 'Lock order.';
COMMENT ON COLUMN clusters.project_id IS 'The project.';
COMMENT ON COLUMN clusters.livemode IS 'The mode.';

CREATE TABLE facts (
    project_id BIGINT NOT NULL,
    livemode BOOLEAN NOT NULL,
    natural_key TEXT COLLATE "C" NOT NULL,
    cluster_id BIGINT NOT NULL,
    keep_first BOOLEAN NOT NULL,
    rank BIGINT NOT NULL,
    occurred_at TIMESTAMPTZ NOT NULL,
    event_id TEXT COLLATE "C" NOT NULL,
    received_at TIMESTAMPTZ NOT NULL,
    codes TEXT[],
    links JSONB NOT NULL,
    body JSONB NOT NULL,
    PRIMARY KEY (project_id, livemode, natural_key)
);
CREATE INDEX facts_cluster_idx ON facts (cluster_id);
CREATE INDEX facts_codes_idx ON facts USING gin (codes) WHERE codes IS NOT NULL;
COMMENT ON TABLE facts IS 'What the events say, once per natural key; which of two is kept depends on the two alone (domain::fact).';
COMMENT ON COLUMN facts.project_id IS 'The project.';
COMMENT ON COLUMN facts.livemode IS 'The mode.';
COMMENT ON COLUMN facts.natural_key IS 'What the fact is about, e.g. invoice:in_123.';
COMMENT ON COLUMN facts.cluster_id IS 'The cluster it belongs to.';
COMMENT ON COLUMN facts.keep_first IS 'Whether the first or the last of two is kept.';
COMMENT ON COLUMN facts.rank IS 'Compared first.';
COMMENT ON COLUMN facts.occurred_at IS 'The event''s own time; compared second.';
COMMENT ON COLUMN facts.event_id IS 'The event that tells it; compared last, byte by byte.';
COMMENT ON COLUMN facts.received_at IS 'The earliest receipt of any event that told it.';
COMMENT ON COLUMN facts.codes IS 'Codes and coupons it mentions, folded: a new mapping finds whom it concerns.';
COMMENT ON COLUMN facts.links IS 'Every identity it names.';
COMMENT ON COLUMN facts.body IS 'domain::fact::FactBody as JSON.';

CREATE TABLE customers (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id),
    livemode BOOLEAN NOT NULL,
    cluster_id BIGINT NOT NULL,
    anchor TEXT COLLATE "C" NOT NULL,
    user_email TEXT,
    stripe_customer_id TEXT,
    external_id TEXT,
    status TEXT NOT NULL CHECK (status IN ('pending', 'converted', 'direct', 'direct_signup')),
    affiliate_id BIGINT REFERENCES affiliates (id),
    referral_code TEXT,
    coupon_code TEXT,
    attribution JSONB,
    bound_at TIMESTAMPTZ,
    converted_at TIMESTAMPTZ,
    first_seen_at TIMESTAMPTZ NOT NULL,
    retired BOOLEAN NOT NULL DEFAULT FALSE
);
CREATE INDEX customers_cluster_idx ON customers (cluster_id);
CREATE INDEX customers_listing_idx ON customers (project_id, livemode, first_seen_at DESC, id DESC) WHERE NOT retired;
CREATE INDEX customers_affiliate_idx ON customers (affiliate_id, first_seen_at DESC, id DESC) WHERE NOT retired;
CREATE INDEX customers_email_idx ON customers (project_id, livemode, (lower(btrim(user_email)))) WHERE NOT retired;
COMMENT ON TABLE customers IS 'Everyone who signed up or paid, referred or direct; the REST API calls them referrals.';
COMMENT ON COLUMN customers.id IS 'The referral id of the REST API.';
COMMENT ON COLUMN customers.project_id IS 'The project.';
COMMENT ON COLUMN customers.livemode IS 'The mode.';
COMMENT ON COLUMN customers.cluster_id IS 'The cluster it belongs to.';
COMMENT ON COLUMN customers.anchor IS 'The key by which the fold names the customer.';
COMMENT ON COLUMN customers.user_email IS 'The address, as it was last written.';
COMMENT ON COLUMN customers.stripe_customer_id IS 'cus_…; the first, when there are several.';
COMMENT ON COLUMN customers.external_id IS 'The SaaS company''s own id; the first, when there are several.';
COMMENT ON COLUMN customers.status IS 'pending: referred, has not paid; converted: referred, has paid; direct and direct_signup: not referred, has paid or not.';
COMMENT ON COLUMN customers.affiliate_id IS 'Whom the customer is bound to.';
COMMENT ON COLUMN customers.referral_code IS 'The referral code that bound it, or that affiliate''s code.';
COMMENT ON COLUMN customers.coupon_code IS 'The coupon that bound it.';
COMMENT ON COLUMN customers.attribution IS 'Method and evidence of the bind.';
COMMENT ON COLUMN customers.bound_at IS 'Event time of the bind.';
COMMENT ON COLUMN customers.converted_at IS 'Event time of the first payment.';
COMMENT ON COLUMN customers.first_seen_at IS 'Event time of the first fact.';
COMMENT ON COLUMN customers.retired IS 'Turned out to be another customer, whose row lives on.';

CREATE TABLE identity_keys (
    project_id BIGINT NOT NULL,
    livemode BOOLEAN NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    cluster_id BIGINT NOT NULL,
    customer_id BIGINT,
    PRIMARY KEY (project_id, livemode, key)
);
CREATE INDEX identity_keys_cluster_idx ON identity_keys (cluster_id);
COMMENT ON TABLE identity_keys IS 'The name of every customer and payment object, and the cluster it belongs to (domain::key).';
COMMENT ON COLUMN identity_keys.project_id IS 'The project.';
COMMENT ON COLUMN identity_keys.livemode IS 'The mode.';
COMMENT ON COLUMN identity_keys.key IS 'cus_…, in_…, email:…, user:…, external:… and so on.';
COMMENT ON COLUMN identity_keys.cluster_id IS 'Its cluster.';
COMMENT ON COLUMN identity_keys.customer_id IS 'Its customer, once the fold knows.';

CREATE TABLE conversions (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id),
    livemode BOOLEAN NOT NULL,
    cluster_id BIGINT,
    payment_key TEXT COLLATE "C" NOT NULL,
    type TEXT NOT NULL CHECK (type IN ('signup', 'purchase')),
    source TEXT NOT NULL CHECK (source IN ('api', 'stripe')),
    status TEXT NOT NULL CHECK (status IN ('pending', 'attributed', 'unattributed', 'held', 'rejected', 'reversed')),
    reason TEXT,
    customer_id BIGINT REFERENCES customers (id),
    affiliate_id BIGINT REFERENCES affiliates (id),
    referral_code TEXT,
    coupon_code TEXT,
    currency TEXT NOT NULL,
    base_minor BIGINT NOT NULL DEFAULT 0,
    commission_minor BIGINT NOT NULL DEFAULT 0,
    clawed_back_minor BIGINT NOT NULL DEFAULT 0,
    held_minor BIGINT NOT NULL DEFAULT 0,
    paid BOOLEAN NOT NULL DEFAULT FALSE,
    rule_id BIGINT REFERENCES program_rules (id),
    attribution JSONB,
    explanation JSONB,
    reference TEXT,
    url TEXT,
    request JSONB,
    revision BIGINT NOT NULL DEFAULT 0,
    occurred_at TIMESTAMPTZ NOT NULL,
    release_at TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    published_at TIMESTAMPTZ,
    merged_into BIGINT REFERENCES conversions (id),
    CHECK (clawed_back_minor BETWEEN 0 AND greatest(commission_minor, 0)),
    CHECK (status NOT IN ('attributed', 'held') OR affiliate_id IS NOT NULL)
);
CREATE UNIQUE INDEX conversions_payment_key ON conversions (project_id, livemode, payment_key) WHERE merged_into IS NULL;
CREATE INDEX conversions_listing_idx ON conversions (project_id, livemode, occurred_at DESC, id DESC) WHERE merged_into IS NULL;
CREATE INDEX conversions_affiliate_idx ON conversions (affiliate_id, occurred_at DESC, id DESC) WHERE merged_into IS NULL;
CREATE INDEX conversions_customer_idx ON conversions (customer_id) WHERE merged_into IS NULL;
CREATE INDEX conversions_cluster_idx ON conversions (cluster_id);
CREATE INDEX conversions_overdue_idx ON conversions (created_at) WHERE request IS NOT NULL AND (published_at IS NULL OR status = 'pending');
COMMENT ON TABLE conversions IS 'Signups and payments, each with the commission as it stands. A payment is one row for ever (SEMANTICS 1).';
COMMENT ON COLUMN conversions.id IS 'The conversion id of the REST API.';
COMMENT ON COLUMN conversions.project_id IS 'The project.';
COMMENT ON COLUMN conversions.livemode IS 'The mode.';
COMMENT ON COLUMN conversions.cluster_id IS 'The cluster it belongs to; null while pending.';
COMMENT ON COLUMN conversions.payment_key IS 'in_…, pi_…, ch_…, cs_…, external:… or conversion:….';
COMMENT ON COLUMN conversions.type IS 'signup or purchase.';
COMMENT ON COLUMN conversions.source IS 'Who told of it first: the REST API or Stripe.';
COMMENT ON COLUMN conversions.status IS 'pending: accepted, not settled. The others: the fold''s verdict.';
COMMENT ON COLUMN conversions.reason IS 'Why there is no commission, when there is none.';
COMMENT ON COLUMN conversions.customer_id IS 'Whose it is.';
COMMENT ON COLUMN conversions.affiliate_id IS 'Who earns.';
COMMENT ON COLUMN conversions.referral_code IS 'The code that attributed it.';
COMMENT ON COLUMN conversions.coupon_code IS 'The coupon that was used.';
COMMENT ON COLUMN conversions.currency IS 'ISO 4217, lower case.';
COMMENT ON COLUMN conversions.base_minor IS 'Commissionable base in minor units (SEMANTICS 6).';
COMMENT ON COLUMN conversions.commission_minor IS 'What was first earned, in minor units.';
COMMENT ON COLUMN conversions.clawed_back_minor IS 'What of it was taken back.';
COMMENT ON COLUMN conversions.held_minor IS 'What of it is held by a dispute.';
COMMENT ON COLUMN conversions.paid IS 'Paid out.';
COMMENT ON COLUMN conversions.rule_id IS 'The version of the rules that decided.';
COMMENT ON COLUMN conversions.attribution IS 'Method and evidence.';
COMMENT ON COLUMN conversions.explanation IS 'Candidates, the rule that won, and the arithmetic.';
COMMENT ON COLUMN conversions.reference IS 'The caller''s own reference.';
COMMENT ON COLUMN conversions.url IS 'The caller''s link.';
COMMENT ON COLUMN conversions.request IS 'The REST request as it was accepted: tells a repeat from a conflict, and is published again when its message was lost.';
COMMENT ON COLUMN conversions.revision IS 'Counts the changes made over REST.';
COMMENT ON COLUMN conversions.occurred_at IS 'Event time.';
COMMENT ON COLUMN conversions.release_at IS 'When it may be paid out: event time plus the hold (SEMANTICS 14).';
COMMENT ON COLUMN conversions.created_at IS 'When the row was made.';
COMMENT ON COLUMN conversions.published_at IS 'When the message of its latest revision was last put on the queue; null: it has yet to be. Rows that were not, or are pending for long, are published again.';
COMMENT ON COLUMN conversions.merged_into IS 'Turned out to be the same payment as that one; its ledger is reversed.';

CREATE TABLE ledger_entries (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id),
    livemode BOOLEAN NOT NULL,
    conversion_id BIGINT NOT NULL REFERENCES conversions (id),
    affiliate_id BIGINT NOT NULL REFERENCES affiliates (id),
    currency TEXT NOT NULL,
    from_account TEXT NOT NULL CHECK (from_account IN ('expense', 'payable', 'held', 'paid', 'clawback')),
    to_account TEXT NOT NULL CHECK (to_account IN ('expense', 'payable', 'held', 'paid', 'clawback')),
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    cause TEXT NOT NULL,
    event_id TEXT,
    rule_id BIGINT REFERENCES program_rules (id),
    posted_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CHECK (from_account <> to_account)
);
CREATE INDEX ledger_entries_conversion_idx ON ledger_entries (conversion_id);
CREATE INDEX ledger_entries_affiliate_idx ON ledger_entries (affiliate_id, currency);
COMMENT ON TABLE ledger_entries IS 'Append-only double entry: each row moves an amount from one account of an affiliate and currency to another, so every balance sheet sums to zero by construction (SEMANTICS 13).';
COMMENT ON COLUMN ledger_entries.id IS 'Order of posting.';
COMMENT ON COLUMN ledger_entries.project_id IS 'The project.';
COMMENT ON COLUMN ledger_entries.livemode IS 'The mode.';
COMMENT ON COLUMN ledger_entries.conversion_id IS 'The signup or payment it concerns.';
COMMENT ON COLUMN ledger_entries.affiliate_id IS 'Whose account.';
COMMENT ON COLUMN ledger_entries.currency IS 'ISO 4217, lower case; nothing is converted.';
COMMENT ON COLUMN ledger_entries.from_account IS 'The account that gives.';
COMMENT ON COLUMN ledger_entries.to_account IS 'The account that takes.';
COMMENT ON COLUMN ledger_entries.amount_minor IS 'Minor units, always positive.';
COMMENT ON COLUMN ledger_entries.cause IS 'earned, clawed_back, held, released, paid, amended, merged …';
COMMENT ON COLUMN ledger_entries.event_id IS 'The event that brought it about.';
COMMENT ON COLUMN ledger_entries.rule_id IS 'The rules by which it was computed.';
COMMENT ON COLUMN ledger_entries.posted_at IS 'When it was posted.';

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
COMMENT ON FUNCTION refuse_change() IS 'Keeps a table append-only.';
CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE ON ledger_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

CREATE VIEW ledger_postings AS
SELECT id, project_id, livemode, conversion_id, affiliate_id, currency, from_account AS account, -amount_minor AS amount_minor, cause, posted_at
FROM ledger_entries
UNION ALL
SELECT id, project_id, livemode, conversion_id, affiliate_id, currency, to_account, amount_minor, cause, posted_at
FROM ledger_entries;
COMMENT ON VIEW ledger_postings IS 'The ledger as two postings an entry: GROUP BY account gives balances, the whole sums to zero.';
