-- Of what Stripe tells of a thing again and again the latest word counts, and no longer the highest state: a dispute
-- that was lost may be won, one that was closed may be opened again.

ALTER TABLE facts ADD COLUMN keep_latest BOOLEAN NOT NULL DEFAULT FALSE;
COMMENT ON COLUMN facts.keep_latest IS 'Whether time goes before rank where the last of two is kept. False of rows that a release before 0015 wrote last: the newcomer decides.';
