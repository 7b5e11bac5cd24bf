-- Whose figures a conversion's amounts are is written down by the fold, which knows, and no longer guessed from the letters of its
-- payment's key. Rows of before keep what was guessed of them, until they are next folded.

-- The table is locked while it is read once for the check, and while posted rows are written.
ALTER TABLE conversions ADD COLUMN amount_source TEXT NOT NULL DEFAULT 'stripe' CHECK (amount_source IN ('api', 'stripe'));

UPDATE conversions SET amount_source = 'api'
WHERE source = 'api' AND (status = 'pending' OR payment_key ~ '^(external|conversion):');

COMMENT ON COLUMN conversions.amount_source IS
    'Whose figures the amounts are, in whose currency: api, the callers'', or a provider''s. domain::origin::Origin.';
COMMENT ON COLUMN conversions.source IS
    'api when a caller of the REST API told of it, whatever a provider tells beside; else that provider. domain::origin::Origin.';
