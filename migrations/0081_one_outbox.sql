-- A conversion's command is put on the queue in the transaction that stores the conversion (ADR 39), so nothing is published afterwards
-- and nothing has to be published again. Processes of the release before still sweep what has no time here: rows of now have one.

ALTER TABLE conversions ALTER COLUMN published_at SET DEFAULT now();

COMMENT ON COLUMN conversions.published_at IS
    'Not used any more: processes of before 2026-12 wrote here when the message of its first command was put on the queue.';
COMMENT ON COLUMN conversions.request IS
    'The REST request as it was accepted, or changed last: tells a repeat from a conflict, and is what a change starts from.';
