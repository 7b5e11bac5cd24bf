-- What the ledger promises, kept by the database as well.

-- Rows cannot be emptied away either: TRUNCATE fires no row trigger.
CREATE TRIGGER ledger_entries_not_truncated BEFORE TRUNCATE ON ledger_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Far above any commission, and so far below 64 bits that thousands of the largest still sum.
ALTER TABLE ledger_entries
    ADD CONSTRAINT ledger_entries_amount_bound CHECK (amount_minor <= 1000000000000000),
    ADD CONSTRAINT ledger_entries_currency_check CHECK (currency ~ '^[a-z]{3}$');

-- No more is taken back and held than was earned (SEMANTICS 12).
ALTER TABLE conversions
    ADD CONSTRAINT conversions_held_check CHECK (held_minor >= 0 AND clawed_back_minor + held_minor <= greatest(commission_minor, 0));

-- The same of the ledger itself, for each conversion, affiliate and currency that a statement posted to: a batch posts in
-- one statement, so this is one look at the entries of its conversions, through their index. The plan is kept for the
-- session; without the setting, one made while the table was small would read all of it for ever.
CREATE FUNCTION ledger_takes_back_what_was_earned() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    wrong BIGINT;
BEGIN
    SELECT b.conversion_id INTO wrong
    FROM (SELECT DISTINCT conversion_id FROM posted) p
    CROSS JOIN LATERAL (
        SELECT l.conversion_id,
               sum(CASE 'expense' WHEN l.from_account THEN l.amount_minor WHEN l.to_account THEN -l.amount_minor ELSE 0 END) AS earned,
               sum(CASE 'clawback' WHEN l.to_account THEN l.amount_minor WHEN l.from_account THEN -l.amount_minor ELSE 0 END) AS clawed_back,
               sum(CASE 'held' WHEN l.to_account THEN l.amount_minor WHEN l.from_account THEN -l.amount_minor ELSE 0 END) AS held
        FROM ledger_entries l
        WHERE l.conversion_id = p.conversion_id
        GROUP BY l.conversion_id, l.affiliate_id, l.currency
    ) b
    WHERE b.earned < 0 OR b.clawed_back < 0 OR b.held < 0 OR b.clawed_back + b.held > b.earned
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'more is taken back or held of conversion % than was earned', wrong
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entries_taken_back';
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION ledger_takes_back_what_was_earned() IS 'Refuses entries that take back or hold more of a conversion than was earned.';
CREATE TRIGGER ledger_entries_taken_back AFTER INSERT ON ledger_entries REFERENCING NEW TABLE AS posted
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_takes_back_what_was_earned();
