-- What affiliates brought and earned is added up by day and by month, so that a figure reads as many rows as it has days, and not all of
-- history (ADR 80). Whoever writes what is counted appends what changed, which nobody waits for; now and then that is added to the sums.

CREATE TABLE rollup_deltas (
    project_id BIGINT NOT NULL,
    livemode BOOLEAN NOT NULL,
    affiliate_id BIGINT NOT NULL,
    day DATE NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    clicks BIGINT NOT NULL,
    signups BIGINT NOT NULL,
    conversions BIGINT NOT NULL,
    purchases BIGINT NOT NULL,
    base_minor NUMERIC NOT NULL,
    net_minor NUMERIC NOT NULL,
    clawed_back_minor NUMERIC NOT NULL,
    held_minor NUMERIC NOT NULL,
    entries BIGINT NOT NULL,
    posted_earned_minor NUMERIC NOT NULL,
    posted_clawed_back_minor NUMERIC NOT NULL,
    posted_held_minor NUMERIC NOT NULL,
    posted_paid_minor NUMERIC NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);
COMMENT ON TABLE rollup_deltas IS 'What has changed of the sums in rollups and is not added to them yet: a figure is both together. Appended by triggers, in the transaction of the change.';
COMMENT ON COLUMN rollup_deltas.project_id IS 'The project.';
COMMENT ON COLUMN rollup_deltas.livemode IS 'The mode.';
COMMENT ON COLUMN rollup_deltas.affiliate_id IS 'Whose.';
COMMENT ON COLUMN rollup_deltas.day IS 'The day in UTC of what is counted.';
COMMENT ON COLUMN rollup_deltas.currency IS 'ISO 4217, lower case; empty for clicks and signups.';
COMMENT ON COLUMN rollup_deltas.clicks IS 'More clicks; less, when it is negative, as in the columns that follow.';
COMMENT ON COLUMN rollup_deltas.signups IS 'Customers who were seen first and are bound.';
COMMENT ON COLUMN rollup_deltas.conversions IS 'Conversions that are attributed and settled.';
COMMENT ON COLUMN rollup_deltas.purchases IS 'Those of them that are purchases and not taken back.';
COMMENT ON COLUMN rollup_deltas.base_minor IS 'Their commissionable base, in minor units.';
COMMENT ON COLUMN rollup_deltas.net_minor IS 'Their commission less what was taken back.';
COMMENT ON COLUMN rollup_deltas.clawed_back_minor IS 'What of it was taken back.';
COMMENT ON COLUMN rollup_deltas.held_minor IS 'What of it is held.';
COMMENT ON COLUMN rollup_deltas.entries IS 'Entries of the ledger, by the day of posting as what follows.';
COMMENT ON COLUMN rollup_deltas.posted_earned_minor IS 'What they add to what was earned.';
COMMENT ON COLUMN rollup_deltas.posted_clawed_back_minor IS 'What they take back.';
COMMENT ON COLUMN rollup_deltas.posted_held_minor IS 'What they hold.';
COMMENT ON COLUMN rollup_deltas.posted_paid_minor IS 'What they pay. What is payable is what was earned less the three others.';

CREATE TABLE rollups (
    project_id BIGINT NOT NULL,
    livemode BOOLEAN NOT NULL,
    unit TEXT COLLATE "C" NOT NULL CHECK (unit IN ('day', 'month')),
    affiliate_id BIGINT NOT NULL,
    start DATE NOT NULL,
    currency TEXT COLLATE "C" NOT NULL,
    clicks BIGINT NOT NULL,
    signups BIGINT NOT NULL,
    conversions BIGINT NOT NULL,
    purchases BIGINT NOT NULL,
    base_minor NUMERIC NOT NULL,
    net_minor NUMERIC NOT NULL,
    clawed_back_minor NUMERIC NOT NULL,
    held_minor NUMERIC NOT NULL,
    entries BIGINT NOT NULL,
    posted_earned_minor NUMERIC NOT NULL,
    posted_clawed_back_minor NUMERIC NOT NULL,
    posted_held_minor NUMERIC NOT NULL,
    posted_paid_minor NUMERIC NOT NULL,
    CONSTRAINT rollups_key PRIMARY KEY (project_id, livemode, unit, affiliate_id, start, currency)
) WITH (fillfactor = 70);
-- Of affiliates alone: what is read of one of them, or of all together, has no other index than the key, whatever statistics say.
CREATE INDEX rollups_start_idx ON rollups (project_id, livemode, unit, start) WHERE affiliate_id <> 0;
COMMENT ON TABLE rollups IS 'Sums of what rollup_sources has, by day and by month, less what is in rollup_deltas. Nothing is decided by them: tributary verify adds all of it up again.';
COMMENT ON COLUMN rollups.project_id IS 'The project.';
COMMENT ON COLUMN rollups.livemode IS 'The mode.';
COMMENT ON COLUMN rollups.unit IS 'day or month.';
COMMENT ON COLUMN rollups.affiliate_id IS 'Whose; 0: of all affiliates.';
COMMENT ON COLUMN rollups.start IS 'The first day of it, in UTC.';
COMMENT ON COLUMN rollups.currency IS 'ISO 4217, lower case; empty for clicks and signups.';
COMMENT ON COLUMN rollups.clicks IS 'Clicks.';
COMMENT ON COLUMN rollups.signups IS 'Customers who were seen first and are bound.';
COMMENT ON COLUMN rollups.conversions IS 'Conversions that are attributed and settled.';
COMMENT ON COLUMN rollups.purchases IS 'Those of them that are purchases and not taken back.';
COMMENT ON COLUMN rollups.base_minor IS 'Their commissionable base, in minor units.';
COMMENT ON COLUMN rollups.net_minor IS 'Their commission less what was taken back.';
COMMENT ON COLUMN rollups.clawed_back_minor IS 'What of it was taken back.';
COMMENT ON COLUMN rollups.held_minor IS 'What of it is held.';
COMMENT ON COLUMN rollups.entries IS 'Entries of the ledger, by the day of posting as what follows.';
COMMENT ON COLUMN rollups.posted_earned_minor IS 'What they add to what was earned.';
COMMENT ON COLUMN rollups.posted_clawed_back_minor IS 'What they take back.';
COMMENT ON COLUMN rollups.posted_held_minor IS 'What they hold.';
COMMENT ON COLUMN rollups.posted_paid_minor IS 'What they pay. What is payable is what was earned less the three others.';

-- What is counted is said once for each table: for the view that has all of it, and for the triggers that see a statement's rows before
-- and after.
DO $$
DECLARE
    -- %1$s is where the rows are.
    of_clicks CONSTANT TEXT := $sql$
        SELECT 'click' AS source, project_id, livemode, affiliate_id, occurred_at AS at, '' COLLATE "C" AS currency,
               1 AS clicks, 0 AS signups, 0 AS conversions, 0 AS purchases, 0::BIGINT AS base_minor, 0::BIGINT AS net_minor,
               0::BIGINT AS clawed_back_minor, 0::BIGINT AS held_minor, 0 AS entries, 0::BIGINT AS posted_earned_minor,
               0::BIGINT AS posted_clawed_back_minor, 0::BIGINT AS posted_held_minor, 0::BIGINT AS posted_paid_minor
        FROM %1$s$sql$;
    of_customers CONSTANT TEXT := $sql$
        SELECT 'customer' AS source, project_id, livemode, affiliate_id, first_seen_at AS at, '' COLLATE "C" AS currency,
               0 AS clicks, 1 AS signups, 0 AS conversions, 0 AS purchases, 0::BIGINT AS base_minor, 0::BIGINT AS net_minor,
               0::BIGINT AS clawed_back_minor, 0::BIGINT AS held_minor, 0 AS entries, 0::BIGINT AS posted_earned_minor,
               0::BIGINT AS posted_clawed_back_minor, 0::BIGINT AS posted_held_minor, 0::BIGINT AS posted_paid_minor
        FROM %1$s WHERE affiliate_id IS NOT NULL AND NOT retired$sql$;
    of_conversions CONSTANT TEXT := $sql$
        SELECT 'conversion' AS source, project_id, livemode, affiliate_id, occurred_at AS at, currency,
               0 AS clicks, 0 AS signups, 1 AS conversions,
               CASE WHEN type = 'purchase' AND status <> 'reversed' THEN 1 ELSE 0 END AS purchases,
               base_minor, commission_minor - clawed_back_minor AS net_minor, clawed_back_minor, held_minor,
               0 AS entries, 0::BIGINT AS posted_earned_minor,
               0::BIGINT AS posted_clawed_back_minor, 0::BIGINT AS posted_held_minor, 0::BIGINT AS posted_paid_minor
        FROM %1$s WHERE affiliate_id IS NOT NULL AND merged_into IS NULL AND status <> 'pending'$sql$;
    of_ledger CONSTANT TEXT := $sql$
        SELECT 'entry' AS source, project_id, livemode, affiliate_id, posted_at AS at, currency,
               0 AS clicks, 0 AS signups, 0 AS conversions, 0 AS purchases, 0::BIGINT AS base_minor, 0::BIGINT AS net_minor,
               0::BIGINT AS clawed_back_minor, 0::BIGINT AS held_minor, 1 AS entries,
               CASE 'expense' WHEN from_account THEN amount_minor WHEN to_account THEN -amount_minor ELSE 0 END
                   AS posted_earned_minor,
               CASE 'clawback' WHEN to_account THEN amount_minor WHEN from_account THEN -amount_minor ELSE 0 END
                   AS posted_clawed_back_minor,
               CASE 'held' WHEN to_account THEN amount_minor WHEN from_account THEN -amount_minor ELSE 0 END
                   AS posted_held_minor,
               CASE 'paid' WHEN to_account THEN amount_minor WHEN from_account THEN -amount_minor ELSE 0 END
                   AS posted_paid_minor
        FROM %1$s$sql$;
    -- %1$s is the rows and a sign. A change that leaves the sums alone, as most do, appends nothing.
    append CONSTANT TEXT := $sql$
        INSERT INTO rollup_deltas (project_id, livemode, affiliate_id, day, currency, clicks, signups, conversions, purchases,
                                   base_minor, net_minor, clawed_back_minor, held_minor, entries, posted_earned_minor,
                                   posted_clawed_back_minor, posted_held_minor, posted_paid_minor)
        SELECT project_id, livemode, affiliate_id, (at AT TIME ZONE 'UTC')::DATE, currency, sum(sign * clicks),
               sum(sign * signups), sum(sign * conversions), sum(sign * purchases), sum(sign::NUMERIC * base_minor),
               sum(sign::NUMERIC * net_minor), sum(sign::NUMERIC * clawed_back_minor), sum(sign::NUMERIC * held_minor),
               sum(sign * entries), sum(sign::NUMERIC * posted_earned_minor), sum(sign::NUMERIC * posted_clawed_back_minor),
               sum(sign::NUMERIC * posted_held_minor), sum(sign::NUMERIC * posted_paid_minor)
        FROM (%1$s) AS changed
        GROUP BY 1, 2, 3, 4, 5
        HAVING sum(sign * clicks) <> 0 OR sum(sign * signups) <> 0 OR sum(sign * conversions) <> 0
            OR sum(sign * purchases) <> 0 OR sum(sign::NUMERIC * base_minor) <> 0 OR sum(sign::NUMERIC * net_minor) <> 0
            OR sum(sign::NUMERIC * clawed_back_minor) <> 0 OR sum(sign::NUMERIC * held_minor) <> 0
            OR sum(sign * entries) <> 0$sql$;
    definition CONSTANT TEXT := $sql$
        CREATE FUNCTION %1$s() RETURNS trigger LANGUAGE plpgsql AS $body$
        BEGIN
            %2$s;
            RETURN NULL;
        END $body$
        $sql$;
    signed CONSTANT TEXT := 'SELECT *, %2$s AS sign FROM (%1$s) AS s';
    source RECORD;
    now_there TEXT;
    gone TEXT;
BEGIN
    EXECUTE 'CREATE VIEW rollup_sources AS '
        || format(of_clicks, 'clicks') || ' UNION ALL ' || format(of_customers, 'customers') || ' UNION ALL '
        || format(of_conversions, 'conversions') || ' UNION ALL ' || format(of_ledger, 'ledger_entries');
    FOR source IN
        SELECT * FROM (VALUES ('clicks', of_clicks, TRUE), ('customers', of_customers, TRUE),
                              ('conversions', of_conversions, TRUE), ('ledger_entries', of_ledger, FALSE))
            AS s (of_table, counted, changes)
    LOOP
        now_there := format(signed, format(source.counted, 'now_there'), 1);
        gone := format(signed, format(source.counted, 'gone'), -1);
        EXECUTE format(definition, source.of_table || '_roll_up_inserted', format(append, now_there));
        EXECUTE format('CREATE TRIGGER %1$s_roll_up_inserted AFTER INSERT ON %1$s REFERENCING NEW TABLE AS now_there
                        FOR EACH STATEMENT EXECUTE FUNCTION %1$s_roll_up_inserted()', source.of_table);
        -- An entry of the ledger stays as it is.
        CONTINUE WHEN NOT source.changes;
        EXECUTE format(definition, source.of_table || '_roll_up_updated',
                       format(append, now_there || ' UNION ALL ' || gone));
        EXECUTE format('CREATE TRIGGER %1$s_roll_up_updated AFTER UPDATE ON %1$s
                        REFERENCING NEW TABLE AS now_there OLD TABLE AS gone
                        FOR EACH STATEMENT EXECUTE FUNCTION %1$s_roll_up_updated()', source.of_table);
        EXECUTE format(definition, source.of_table || '_roll_up_deleted', format(append, gone));
        EXECUTE format('CREATE TRIGGER %1$s_roll_up_deleted AFTER DELETE ON %1$s REFERENCING OLD TABLE AS gone
                        FOR EACH STATEMENT EXECUTE FUNCTION %1$s_roll_up_deleted()', source.of_table);
    END LOOP;
END $$;
COMMENT ON VIEW rollup_sources IS 'Everything that rollups add up, thing by thing.';
COMMENT ON COLUMN rollup_sources.source IS 'click, customer, conversion or entry.';
COMMENT ON COLUMN rollup_sources.at IS 'When it happened; of an entry, when it was posted.';

-- Adds some of what was appended to the sums. Only one at a time does: another one finds nothing to do.
CREATE FUNCTION roll_up(most BIGINT) RETURNS BIGINT LANGUAGE plpgsql AS $$
DECLARE
    rolled_up BIGINT;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('rollups', 0)) THEN
        RETURN 0;
    END IF;
    WITH taken AS (
        DELETE FROM rollup_deltas WHERE ctid = ANY (ARRAY(SELECT d.ctid FROM rollup_deltas d LIMIT most)) RETURNING *
    ), added AS (
        INSERT INTO rollups AS r
        SELECT t.project_id, t.livemode, u.unit, a.affiliate_id, date_trunc(u.unit, t.day::TIMESTAMP)::DATE, t.currency,
               sum(t.clicks), sum(t.signups), sum(t.conversions), sum(t.purchases), sum(t.base_minor), sum(t.net_minor),
               sum(t.clawed_back_minor), sum(t.held_minor), sum(t.entries), sum(t.posted_earned_minor),
               sum(t.posted_clawed_back_minor), sum(t.posted_held_minor), sum(t.posted_paid_minor)
        FROM taken t
        CROSS JOIN (VALUES ('day'), ('month')) AS u (unit)
        CROSS JOIN LATERAL (VALUES (t.affiliate_id), (0)) AS a (affiliate_id)
        GROUP BY 1, 2, 3, 4, 5, 6
        ON CONFLICT ON CONSTRAINT rollups_key DO UPDATE
        SET clicks = r.clicks + excluded.clicks, signups = r.signups + excluded.signups,
            conversions = r.conversions + excluded.conversions, purchases = r.purchases + excluded.purchases,
            base_minor = r.base_minor + excluded.base_minor, net_minor = r.net_minor + excluded.net_minor,
            clawed_back_minor = r.clawed_back_minor + excluded.clawed_back_minor,
            held_minor = r.held_minor + excluded.held_minor, entries = r.entries + excluded.entries,
            posted_earned_minor = r.posted_earned_minor + excluded.posted_earned_minor,
            posted_clawed_back_minor = r.posted_clawed_back_minor + excluded.posted_clawed_back_minor,
            posted_held_minor = r.posted_held_minor + excluded.posted_held_minor,
            posted_paid_minor = r.posted_paid_minor + excluded.posted_paid_minor
    )
    SELECT count(*) INTO rolled_up FROM taken;
    RETURN rolled_up;
END $$;

-- Adds up everything anew. Nobody waits: what is counted and what is appended are of one moment, that of the last statement, and what is
-- appended later stays.
CREATE FUNCTION rebuild_rollups() RETURNS VOID LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('rollups', 0));
    DELETE FROM rollups;
    WITH counted AS (
        DELETE FROM rollup_deltas
    )
    INSERT INTO rollups
    SELECT s.project_id, s.livemode, u.unit, a.affiliate_id, date_trunc(u.unit, s.day::TIMESTAMP)::DATE, s.currency,
           sum(s.clicks), sum(s.signups), sum(s.conversions), sum(s.purchases), sum(s.base_minor), sum(s.net_minor),
           sum(s.clawed_back_minor), sum(s.held_minor), sum(s.entries), sum(s.posted_earned_minor),
           sum(s.posted_clawed_back_minor), sum(s.posted_held_minor), sum(s.posted_paid_minor)
    FROM (
        SELECT project_id, livemode, affiliate_id, (at AT TIME ZONE 'UTC')::DATE AS day, currency, sum(clicks) AS clicks,
               sum(signups) AS signups, sum(conversions) AS conversions, sum(purchases) AS purchases,
               sum(base_minor) AS base_minor, sum(net_minor) AS net_minor, sum(clawed_back_minor) AS clawed_back_minor,
               sum(held_minor) AS held_minor, sum(entries) AS entries, sum(posted_earned_minor) AS posted_earned_minor,
               sum(posted_clawed_back_minor) AS posted_clawed_back_minor, sum(posted_held_minor) AS posted_held_minor,
               sum(posted_paid_minor) AS posted_paid_minor
        FROM rollup_sources
        GROUP BY 1, 2, 3, 4, 5
    ) s
    CROSS JOIN (VALUES ('day'), ('month')) AS u (unit)
    CROSS JOIN LATERAL (VALUES (s.affiliate_id), (0)) AS a (affiliate_id)
    GROUP BY 1, 2, 3, 4, 5, 6;
END $$;

-- Whoever may write what is counted may say so, and whoever may read it may read the sums: roles are not granted anew for this. The sums
-- are a worker's, who alone writes facts.
DO $$
DECLARE
    role RECORD;
BEGIN
    FOR role IN
        SELECT CASE may.grantee WHEN 0 THEN 'PUBLIC' ELSE may.grantee::REGROLE::TEXT END AS name, may.privilege_type AS privilege, c.oid::REGCLASS::TEXT AS of_table
        FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) may
        WHERE c.oid IN ('conversions'::REGCLASS, 'clicks'::REGCLASS, 'facts'::REGCLASS)
    LOOP
        IF role.privilege = 'SELECT' AND role.of_table = 'conversions' THEN
            EXECUTE format('GRANT SELECT ON rollups, rollup_deltas, rollup_sources TO %s', role.name);
        ELSIF role.privilege = 'INSERT' AND role.of_table IN ('conversions', 'clicks') THEN
            EXECUTE format('GRANT INSERT ON rollup_deltas TO %s', role.name);
        ELSIF role.privilege = 'INSERT' AND role.of_table = 'facts' THEN
            EXECUTE format('GRANT DELETE ON rollup_deltas TO %s', role.name);
            EXECUTE format('GRANT INSERT, UPDATE ON rollups TO %s', role.name);
        END IF;
    END LOOP;
END $$;
