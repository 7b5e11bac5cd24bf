-- What affiliates earn instead of the programme's commission, with the time from which it holds.

CREATE TABLE affiliate_commissions (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    affiliate_id BIGINT NOT NULL REFERENCES affiliates (id),
    commission JSONB,
    valid_from TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX affiliate_commissions_affiliate_idx ON affiliate_commissions (affiliate_id, valid_from);
COMMENT ON TABLE affiliate_commissions IS 'Versions of an affiliate''s own commission; a version is never edited, so that a payment stays judged by what held at its time (SEMANTICS 8).';
COMMENT ON COLUMN affiliate_commissions.id IS 'Order of writing.';
COMMENT ON COLUMN affiliate_commissions.affiliate_id IS 'The affiliate.';
COMMENT ON COLUMN affiliate_commissions.commission IS 'domain::rules::Commission as JSON; null is back to the programme''s.';
COMMENT ON COLUMN affiliate_commissions.valid_from IS 'Payments from this event time on; -infinity for what the affiliate began with.';
COMMENT ON COLUMN affiliate_commissions.created_at IS 'When the version was written.';
