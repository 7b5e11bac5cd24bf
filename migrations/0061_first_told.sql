-- Since when each fact is known, beside the latest state of it (ADR 56). No row is rewritten.

ALTER TABLE facts ADD COLUMN first_at TIMESTAMPTZ;
COMMENT ON COLUMN facts.first_at IS
    'The earliest time at which an event told it (Fact::told_at). Of rows that a release before 0061 wrote null: what is kept tells it.';
COMMENT ON COLUMN customers.first_seen_at IS 'Event time of the first event that told of the customer.';
