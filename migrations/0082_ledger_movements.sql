-- What an entry of the ledger means for each account is said once, entry by entry; balances, statements and proofs add that up. The
-- trigger that refuses what was not earned keeps its own sum: it is to hold whatever these views say.

CREATE VIEW ledger_movements AS
SELECT id, project_id, livemode, conversion_id, affiliate_id, currency, from_account, to_account, payout_id, cause, event_id, rule_id,
       actor, reason, posted_at,
       CASE 'payable' WHEN to_account THEN amount_minor WHEN from_account THEN -amount_minor ELSE 0 END AS payable,
       CASE 'expense' WHEN from_account THEN amount_minor WHEN to_account THEN -amount_minor ELSE 0 END AS earned,
       CASE 'clawback' WHEN to_account THEN amount_minor WHEN from_account THEN -amount_minor ELSE 0 END AS clawed_back,
       CASE 'held' WHEN to_account THEN amount_minor WHEN from_account THEN -amount_minor ELSE 0 END AS held,
       CASE 'paid' WHEN to_account THEN amount_minor WHEN from_account THEN -amount_minor ELSE 0 END AS paid
FROM ledger_entries;
COMMENT ON VIEW ledger_movements IS 'Each entry with what it does to each account, in minor units. payable = earned - clawed_back - held - paid.';
COMMENT ON COLUMN ledger_movements.payable IS 'What the affiliate may ask for after it, more than before; negative when it is less.';
COMMENT ON COLUMN ledger_movements.earned IS 'What it adds to what was earned before anything is taken back.';
COMMENT ON COLUMN ledger_movements.clawed_back IS 'What it takes back.';
COMMENT ON COLUMN ledger_movements.held IS 'What it holds; negative for what it releases.';
COMMENT ON COLUMN ledger_movements.paid IS 'What it pays: by the payout that it names, else by the word of callers of the REST API.';

CREATE OR REPLACE VIEW ledger_balances AS
SELECT project_id, livemode, conversion_id, affiliate_id, currency,
       coalesce(sum(payable), 0)::BIGINT AS payable,
       coalesce(sum(earned), 0)::BIGINT AS earned,
       coalesce(sum(clawed_back), 0)::BIGINT AS clawed_back,
       coalesce(sum(held), 0)::BIGINT AS held,
       coalesce(sum(paid) FILTER (WHERE payout_id IS NULL), 0)::BIGINT AS said_paid,
       coalesce(sum(paid) FILTER (WHERE payout_id IS NOT NULL), 0)::BIGINT AS paid_out
FROM ledger_movements
GROUP BY project_id, livemode, conversion_id, affiliate_id, currency;

CREATE OR REPLACE FUNCTION moved_since_frozen(item payout_items) RETURNS BIGINT LANGUAGE sql STABLE AS $$
    WITH payment AS (
        SELECT coalesce(merged_into, id) AS id FROM conversions WHERE id = item.conversion_id
    ), parts AS (
        SELECT c.id FROM conversions c, payment p WHERE c.id = p.id OR c.merged_into = p.id
    ), frozen AS (
        SELECT sum(i.amount_minor) AS minor,
               coalesce(sum(greatest(i.amount_minor, 0))
                   FILTER (WHERE (i.payout_id, i.conversion_id) > (item.payout_id, item.conversion_id)), 0) AS newer
        FROM payout_items i
        WHERE i.open AND i.conversion_id IN (SELECT id FROM parts)
          AND (i.affiliate_id, i.currency) = (item.affiliate_id, item.currency)
    ), balance AS (
        SELECT coalesce(sum(payable), 0) AS payable
        FROM ledger_movements
        WHERE conversion_id IN (SELECT id FROM parts) AND (affiliate_id, currency) = (item.affiliate_id, item.currency)
    )
    SELECT CASE WHEN item.open
        THEN least(greatest(item.amount_minor, 0), greatest(f.minor - b.payable - f.newer, 0))::BIGINT
        ELSE 0 END
    FROM frozen f, balance b
$$;

-- Whoever may read the entries may read what they do: roles are not granted anew for this.
DO $$
DECLARE
    reader REGROLE;
BEGIN
    FOR reader IN
        SELECT DISTINCT may.grantee FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) may
        WHERE c.oid = 'ledger_entries'::REGCLASS AND may.privilege_type = 'SELECT' AND may.grantee <> 0
    LOOP
        EXECUTE format('GRANT SELECT ON ledger_movements TO %s', reader);
    END LOOP;
END $$;
