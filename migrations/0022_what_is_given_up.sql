-- Closed affiliates by their address, for they may come back; dead letters are given up by somebody, for a reason.

CREATE INDEX affiliates_closed_idx ON affiliates (project_id, livemode, email_normalised, closed_at DESC)
    WHERE closed_at IS NOT NULL;

ALTER TABLE dead_letters ADD COLUMN discarded_by TEXT, ADD COLUMN discard_reason TEXT;
COMMENT ON COLUMN dead_letters.discarded_by IS 'Who gave it up for good.';
COMMENT ON COLUMN dead_letters.discard_reason IS 'Why, in their own words.';
