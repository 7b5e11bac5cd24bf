-- A payout's rows are frozen, and so is their number: nobody counts them again to show it.

ALTER TABLE payouts ADD COLUMN items BIGINT CHECK (items > 0);
COMMENT ON COLUMN payouts.items IS 'How many rows it has in payout_items; null of one that an older version made.';

-- What is frozen is written to this once.
ALTER TABLE payouts DISABLE TRIGGER payouts_frozen;
UPDATE payouts p SET items = (SELECT count(*) FROM payout_items i WHERE i.payout_id = p.id);
ALTER TABLE payouts ENABLE TRIGGER payouts_frozen;

CREATE OR REPLACE FUNCTION payout_changes_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status <> 'open' OR NEW.status = 'open'
       OR (NEW.id, NEW.batch_id, NEW.project_id, NEW.livemode, NEW.affiliate_id, NEW.currency, NEW.amount_minor, NEW.items_sha256, NEW.created_at,
           NEW.items)
          IS DISTINCT FROM
          (OLD.id, OLD.batch_id, OLD.project_id, OLD.livemode, OLD.affiliate_id, OLD.currency, OLD.amount_minor, OLD.items_sha256, OLD.created_at,
           OLD.items)
    THEN
        RAISE EXCEPTION 'payout % is frozen: it is paid or canceled, once', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

-- What of a payout's rows moved since they were frozen, of those alone of which something was ever taken: no more may be asked for of the others
-- than stands, so they stand as they were frozen (moved_since_frozen).
CREATE FUNCTION payout_moved_since(payout payouts) RETURNS BIGINT LANGUAGE sql STABLE AS $$
    WITH taken AS (
        SELECT DISTINCT coalesce(c.merged_into, c.id) AS payment
        FROM ledger_entries l JOIN conversions c ON c.id = l.conversion_id
        WHERE l.affiliate_id = payout.affiliate_id AND l.currency = payout.currency
          AND l.from_account = 'payable' AND l.payout_id IS NULL
    ), parts AS (
        SELECT payment AS id FROM taken
        UNION ALL
        SELECT c.id FROM taken t JOIN conversions c ON c.merged_into = t.payment
    )
    SELECT coalesce(sum(moved_since_frozen(i)), 0)::BIGINT
    FROM parts p JOIN payout_items i ON i.payout_id = payout.id AND i.conversion_id = p.id
    WHERE i.open
$$;
COMMENT ON FUNCTION payout_moved_since(payouts) IS 'What of an open payout''s rows was taken back, held or otherwise moved since they were frozen, in minor units.';
