-- What settling an event costs: fewer rows and index entries for each, and nothing compressed slowly (ADR 34).

-- Raw bodies are JSON: lz4 packs them in a fraction of the time. Servers that are built without it keep what they have.
DO $$
BEGIN
    ALTER TABLE events ALTER COLUMN body SET COMPRESSION lz4;
    ALTER TABLE queue_messages ALTER COLUMN body SET COMPRESSION lz4;
    ALTER TABLE conversions ALTER COLUMN explanation SET COMPRESSION lz4;
    ALTER TABLE facts ALTER COLUMN body SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported OR invalid_parameter_value THEN
    RAISE NOTICE 'this server has no lz4';
END $$;

-- A key leads to its cluster, and by that to its customer, where all keys of the cluster are one customer's.
ALTER TABLE customers ADD COLUMN has_cluster BOOLEAN NOT NULL DEFAULT FALSE;
COMMENT ON COLUMN customers.has_cluster IS 'Whether every key of its cluster is this customer''s: then identity_keys.customer_id is not read.';
COMMENT ON COLUMN identity_keys.customer_id IS 'Its customer, where the cluster has several; else the one with has_cluster.';

ALTER TABLE conversions ADD COLUMN fingerprint BIGINT;
COMMENT ON COLUMN conversions.fingerprint IS 'Of attribution and explanation: whether they have changed is told without reading them. Null: unknown.';

-- A long history is settled from what all of it came to, and the facts of those payments that an event touches (ADR 35).
ALTER TABLE clusters ADD COLUMN past TEXT;
COMMENT ON COLUMN clusters.past IS 'domain::settle::Past as JSON: what a long history of one customer comes to; null: all of its facts are read.';
ALTER TABLE facts ADD COLUMN part BIGINT;
COMMENT ON COLUMN facts.part IS 'Which payment of a long history it concerns; 0: none. Null while the history is short.';
DROP INDEX facts_cluster_idx;
CREATE INDEX facts_cluster_idx ON facts (cluster_id, part);
ALTER TABLE identity_keys ADD COLUMN part BIGINT;
COMMENT ON COLUMN identity_keys.part IS 'Of a payment''s key in a long history: the part of its facts.';
ALTER TABLE conversions ADD COLUMN ordinal INTEGER;
COMMENT ON COLUMN conversions.ordinal IS 'The payment''s rank among those of its customer that count (SEMANTICS 10).';

-- Projects, rules, customers and affiliates are never deleted, and a row is written with ids that were read in its own
-- transaction. `tributary verify` looks at all of them. Each check is a look-up for each row, and one that locks the row
-- of an affiliate whom many workers pay.
ALTER TABLE events DROP CONSTRAINT events_project_id_fkey;
ALTER TABLE customers DROP CONSTRAINT customers_project_id_fkey;
ALTER TABLE conversions DROP CONSTRAINT conversions_project_id_fkey, DROP CONSTRAINT conversions_customer_id_fkey,
    DROP CONSTRAINT conversions_rule_id_fkey, DROP CONSTRAINT conversions_affiliate_id_fkey;
ALTER TABLE customers DROP CONSTRAINT customers_affiliate_id_fkey;
ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_project_id_fkey, DROP CONSTRAINT ledger_entries_rule_id_fkey,
    DROP CONSTRAINT ledger_entries_affiliate_id_fkey;

-- Most payments and customers are nobody's: they need no place in the lists of an affiliate.
DROP INDEX conversions_affiliate_idx;
CREATE INDEX conversions_affiliate_idx ON conversions (affiliate_id, occurred_at DESC, id DESC)
    INCLUDE (project_id, livemode, type, status, paid, paid_out_minor, currency, base_minor, commission_minor,
             clawed_back_minor, held_minor, release_at)
    WHERE merged_into IS NULL AND affiliate_id IS NOT NULL;
DROP INDEX customers_affiliate_idx;
CREATE INDEX customers_affiliate_idx ON customers (affiliate_id, first_seen_at DESC, id DESC)
    INCLUDE (project_id, livemode, status) WHERE NOT retired AND affiliate_id IS NOT NULL;

-- Rows that the API made and that no event has told of yet, by their keys.
CREATE INDEX conversions_unsettled_idx ON conversions (payment_key) WHERE cluster_id IS NULL AND merged_into IS NULL;

-- Earning more breaks no rule of those that the trigger keeps.
CREATE OR REPLACE FUNCTION ledger_takes_back_what_was_earned() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    wrong BIGINT;
BEGIN
    SELECT b.conversion_id INTO wrong
    FROM (SELECT DISTINCT conversion_id FROM posted
          WHERE from_account <> 'expense' OR to_account IN ('clawback', 'held')) p
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
