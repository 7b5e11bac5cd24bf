-- What people decided, and the addresses that affiliates ever had.

CREATE TABLE decisions (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id),
    livemode BOOLEAN NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('lock', 'verdict')),
    subject TEXT COLLATE "C" NOT NULL CHECK (subject <> ''),
    decided TEXT NOT NULL,
    actor TEXT NOT NULL CHECK (btrim(actor) <> ''),
    reason TEXT NOT NULL CHECK (btrim(reason) <> ''),
    decided_at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX decisions_subject_idx ON decisions (project_id, livemode, subject);
COMMENT ON TABLE decisions IS 'Decisions of people on customers and payments, each once and never changed. Written together with its message to the workers; what it brings about is told by the fold (domain::decision).';
COMMENT ON COLUMN decisions.id IS 'Names the decision; of two on one subject the greater one stands.';
COMMENT ON COLUMN decisions.project_id IS 'The project.';
COMMENT ON COLUMN decisions.livemode IS 'The mode.';
COMMENT ON COLUMN decisions.kind IS 'lock: whom a customer is locked to; verdict: what becomes of a payment''s commission.';
COMMENT ON COLUMN decisions.subject IS 'The key of the customer or of the payment.';
COMMENT ON COLUMN decisions.decided IS 'What was decided, in a word or two.';
COMMENT ON COLUMN decisions.actor IS 'Who decided.';
COMMENT ON COLUMN decisions.reason IS 'Why, in their own words.';
COMMENT ON COLUMN decisions.decided_at IS 'When, by the clock of whoever decided.';
COMMENT ON COLUMN decisions.created_at IS 'When it was written.';

CREATE TABLE affiliate_addresses (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    affiliate_id BIGINT NOT NULL REFERENCES affiliates (id),
    email_normalised TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT affiliate_addresses_key UNIQUE (affiliate_id, email_normalised)
);
COMMENT ON TABLE affiliate_addresses IS 'Every address that an affiliate ever had: a purchase of one''s own stays one when the address is changed (SEMANTICS 16).';
COMMENT ON COLUMN affiliate_addresses.id IS 'Order of writing.';
COMMENT ON COLUMN affiliate_addresses.affiliate_id IS 'The affiliate.';
COMMENT ON COLUMN affiliate_addresses.email_normalised IS 'Trimmed and in lower case.';
COMMENT ON COLUMN affiliate_addresses.created_at IS 'When it was first known.';

INSERT INTO affiliate_addresses (affiliate_id, email_normalised) SELECT id, email_normalised FROM affiliates;

CREATE FUNCTION remember_affiliate_address() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO affiliate_addresses (affiliate_id, email_normalised) VALUES (NEW.id, NEW.email_normalised)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION remember_affiliate_address() IS 'Keeps every address that an affiliate has, whoever writes it.';
CREATE TRIGGER affiliates_remember_address AFTER INSERT OR UPDATE OF email_normalised ON affiliates
    FOR EACH ROW EXECUTE FUNCTION remember_affiliate_address();
