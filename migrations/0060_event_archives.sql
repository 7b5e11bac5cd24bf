-- Raw bodies may go to an archive outside of the database (ADR 55). The row stays: what was received twice is still known.

ALTER TABLE events ADD COLUMN archived_at TIMESTAMPTZ;
COMMENT ON COLUMN events.archived_at IS 'When the body went to an archive; it is empty here since then.';
