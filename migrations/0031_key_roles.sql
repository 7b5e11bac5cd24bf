-- What a key may do: everything, reading, or reading and what finance does. Keys made before may do everything.

ALTER TABLE api_keys
    ADD COLUMN role TEXT NOT NULL DEFAULT 'full' CHECK (role IN ('full', 'read', 'finance'));
COMMENT ON COLUMN api_keys.role IS 'What the key may do: full, read (GET only) or finance (reads, payouts, decisions).';
