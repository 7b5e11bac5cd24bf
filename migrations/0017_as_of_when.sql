-- From when something became an affiliate's: what comes later touches no commission that was paid out.

ALTER TABLE affiliate_addresses ADD COLUMN role TEXT NOT NULL DEFAULT 'contact' CHECK (role IN ('contact', 'payout'));
COMMENT ON COLUMN affiliate_addresses.role IS
    'contact: the affiliate is or was reached there; payout: an address in its payout_preferences.';
COMMENT ON TABLE affiliate_addresses IS
    'Every address that an affiliate ever had or was paid to: a purchase of one''s own stays one when the address is changed (SEMANTICS 16).';
COMMENT ON COLUMN affiliate_addresses.created_at IS
    'When it was first known; those with which an affiliate began count as always known.';

CREATE TABLE affiliate_codes (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    affiliate_id BIGINT NOT NULL REFERENCES affiliates (id),
    code TEXT NOT NULL,
    since TIMESTAMPTZ NOT NULL
);
CREATE INDEX affiliate_codes_affiliate_idx ON affiliate_codes (affiliate_id, since);
COMMENT ON TABLE affiliate_codes IS
    'Which code was an affiliate''s current one from when: a bind that names no code is rated by the one of its own time (SEMANTICS 8).';
COMMENT ON COLUMN affiliate_codes.id IS 'Order of writing.';
COMMENT ON COLUMN affiliate_codes.affiliate_id IS 'The affiliate.';
COMMENT ON COLUMN affiliate_codes.code IS 'As it was written.';
COMMENT ON COLUMN affiliate_codes.since IS 'From then on; -infinity for the one with which it began.';

INSERT INTO affiliate_codes (affiliate_id, code, since)
SELECT affiliate_id, code,
       CASE WHEN row_number() OVER (PARTITION BY affiliate_id ORDER BY created_at, id) = 1
            THEN '-infinity' ELSE created_at END
FROM referral_codes;

-- One that went back to an older code of its own: since when is not known, so from now on.
INSERT INTO affiliate_codes (affiliate_id, code, since)
SELECT a.id, a.referral_code, now()
FROM affiliates a
WHERE a.referral_code IS DISTINCT FROM
      (SELECT c.code FROM affiliate_codes c WHERE c.affiliate_id = a.id ORDER BY c.since DESC, c.id DESC LIMIT 1);

CREATE FUNCTION payout_addresses(preferences JSONB) RETURNS SETOF TEXT LANGUAGE sql IMMUTABLE AS $$
    SELECT DISTINCT lower(found[1])
    FROM jsonb_path_query(preferences, 'strict $.** ? (@.type() == "string")') AS told (text),
         regexp_matches(told.text #>> '{}', '[^[:space:]@<>(),;:"]+@[^[:space:]@<>(),;:"]+[^[:space:]@<>(),;:".]', 'g') AS found
$$;
COMMENT ON FUNCTION payout_addresses(JSONB) IS
    'The e-mail addresses in the SaaS company''s own notes on how to pay, wherever in them they stand.';

CREATE OR REPLACE FUNCTION remember_affiliate_address() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO affiliate_addresses (affiliate_id, email_normalised) VALUES (NEW.id, NEW.email_normalised)
    ON CONFLICT DO NOTHING;
    INSERT INTO affiliate_addresses (affiliate_id, email_normalised, role)
    SELECT NEW.id, address, 'payout' FROM payout_addresses(NEW.payout_preferences) AS told (address)
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION remember_affiliate_address() IS
    'Keeps every address that an affiliate has or is paid to, whoever writes it.';
CREATE TRIGGER affiliates_remember_payout_address AFTER UPDATE OF payout_preferences ON affiliates
    FOR EACH ROW EXECUTE FUNCTION remember_affiliate_address();

INSERT INTO affiliate_addresses (affiliate_id, email_normalised, role)
SELECT a.id, told.address, 'payout' FROM affiliates a, payout_addresses(a.payout_preferences) AS told (address)
ON CONFLICT DO NOTHING;

CREATE FUNCTION remember_affiliate_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO affiliate_codes (affiliate_id, code, since) VALUES (NEW.id, NEW.referral_code, '-infinity');
    ELSIF NEW.referral_code IS DISTINCT FROM OLD.referral_code THEN
        -- The clock, not the transaction's beginning: it may have waited for the lock.
        INSERT INTO affiliate_codes (affiliate_id, code, since)
        VALUES (NEW.id, NEW.referral_code, clock_timestamp());
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION remember_affiliate_code() IS 'Keeps which code an affiliate called its own, whoever writes it.';
CREATE TRIGGER affiliates_remember_code AFTER INSERT OR UPDATE OF referral_code ON affiliates
    FOR EACH ROW EXECUTE FUNCTION remember_affiliate_code();
