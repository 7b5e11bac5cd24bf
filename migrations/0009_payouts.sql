-- Payouts: what is paid to whom and for which conversions, frozen when it is made (SEMANTICS 13, 14).

CREATE TABLE payout_batches (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id),
    livemode BOOLEAN NOT NULL,
    idempotency_key TEXT NOT NULL CHECK (idempotency_key <> ''),
    request JSONB NOT NULL,
    as_of TIMESTAMPTZ NOT NULL,
    carried_over JSONB NOT NULL,
    actor TEXT NOT NULL CHECK (actor <> ''),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT payout_batches_key UNIQUE (project_id, livemode, idempotency_key)
);
COMMENT ON TABLE payout_batches IS 'Each asking for payouts, once for each idempotency key.';
COMMENT ON COLUMN payout_batches.id IS 'Order of creation.';
COMMENT ON COLUMN payout_batches.project_id IS 'The project.';
COMMENT ON COLUMN payout_batches.livemode IS 'The mode.';
COMMENT ON COLUMN payout_batches.idempotency_key IS 'The caller''s name for it: the same key never makes a second batch.';
COMMENT ON COLUMN payout_batches.request IS 'What was asked for, as store::payouts::Request as JSON: tells a repeat from a conflict.';
COMMENT ON COLUMN payout_batches.as_of IS 'What was released up to this time is in it.';
COMMENT ON COLUMN payout_batches.carried_over IS 'Balances that were not paid, because they are negative or below the minimum, as domain::payout::CarriedOver as JSON.';
COMMENT ON COLUMN payout_batches.actor IS 'Who asked.';
COMMENT ON COLUMN payout_batches.created_at IS 'When.';

CREATE TABLE payouts (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch_id BIGINT NOT NULL REFERENCES payout_batches (id),
    project_id BIGINT NOT NULL REFERENCES projects (id),
    livemode BOOLEAN NOT NULL,
    affiliate_id BIGINT NOT NULL REFERENCES affiliates (id),
    currency TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor > 0),
    items_sha256 BYTEA NOT NULL,
    status TEXT NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'paid', 'canceled')),
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    closed_at TIMESTAMPTZ,
    closed_by TEXT,
    paid_at TIMESTAMPTZ,
    reference TEXT,
    cancel_reason TEXT,
    CONSTRAINT payouts_batch_key UNIQUE (batch_id, affiliate_id, currency),
    CONSTRAINT payouts_account_key UNIQUE (id, affiliate_id, currency),
    CONSTRAINT payouts_closed_check CHECK ((status = 'open') = (closed_at IS NULL) AND (status = 'open') = (closed_by IS NULL)),
    CONSTRAINT payouts_paid_check CHECK ((status = 'paid') = (paid_at IS NOT NULL) AND (status = 'paid') = (reference IS NOT NULL)),
    CONSTRAINT payouts_canceled_check CHECK ((status = 'canceled') = (cancel_reason IS NOT NULL))
);
CREATE INDEX payouts_listing_idx ON payouts (project_id, livemode, id DESC);
CREATE INDEX payouts_affiliate_idx ON payouts (affiliate_id, currency);
COMMENT ON TABLE payouts IS 'One payment to one affiliate in one currency. Amount and rows are frozen when it is made; it is then paid or canceled, once.';
COMMENT ON COLUMN payouts.id IS 'The payout''s number.';
COMMENT ON COLUMN payouts.batch_id IS 'The batch that it was made with.';
COMMENT ON COLUMN payouts.project_id IS 'The project.';
COMMENT ON COLUMN payouts.livemode IS 'The mode.';
COMMENT ON COLUMN payouts.affiliate_id IS 'Who is paid.';
COMMENT ON COLUMN payouts.currency IS 'ISO 4217, lower case; nothing is converted.';
COMMENT ON COLUMN payouts.amount_minor IS 'What is paid, in minor units: the sum of its items.';
COMMENT ON COLUMN payouts.items_sha256 IS 'SHA-256 of account, amount and items as they were frozen (store::payouts::seal): a row changed afterwards is noticed.';
COMMENT ON COLUMN payouts.status IS 'open: frozen, the money has yet to leave; paid: it left; canceled: its rows are free again.';
COMMENT ON COLUMN payouts.created_at IS 'When it was made.';
COMMENT ON COLUMN payouts.closed_at IS 'When it was marked as paid or canceled.';
COMMENT ON COLUMN payouts.closed_by IS 'Who did that.';
COMMENT ON COLUMN payouts.paid_at IS 'When the money left, as whoever marked it said.';
COMMENT ON COLUMN payouts.reference IS 'The bank''s or provider''s name for the payment.';
COMMENT ON COLUMN payouts.cancel_reason IS 'Why it was canceled.';

CREATE TABLE payout_items (
    payout_id BIGINT NOT NULL,
    conversion_id BIGINT NOT NULL REFERENCES conversions (id),
    affiliate_id BIGINT NOT NULL,
    currency TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor <> 0),
    open BOOLEAN NOT NULL DEFAULT TRUE,
    PRIMARY KEY (payout_id, conversion_id),
    CONSTRAINT payout_items_payout_fkey FOREIGN KEY (payout_id, affiliate_id, currency)
        REFERENCES payouts (id, affiliate_id, currency)
);
CREATE UNIQUE INDEX payout_items_open_key ON payout_items (conversion_id, affiliate_id, currency) WHERE open;
COMMENT ON TABLE payout_items IS 'What a payout consists of: each conversion''s balance as it was frozen.';
COMMENT ON COLUMN payout_items.payout_id IS 'The payout.';
COMMENT ON COLUMN payout_items.conversion_id IS 'The signup or payment.';
COMMENT ON COLUMN payout_items.affiliate_id IS 'The payout''s affiliate.';
COMMENT ON COLUMN payout_items.currency IS 'The payout''s currency.';
COMMENT ON COLUMN payout_items.amount_minor IS 'Minor units; negative for what was taken back after an earlier payout and is netted in this one.';
COMMENT ON COLUMN payout_items.open IS 'The payout is open: a conversion''s balance is in one open payout at most. Follows payouts.status by a trigger.';

-- Who, and why. What an event brought about has its event_id.
ALTER TABLE ledger_entries
    ADD COLUMN payout_id BIGINT,
    ADD COLUMN actor TEXT,
    ADD COLUMN reason TEXT,
    ADD CONSTRAINT ledger_entries_payout_check CHECK (payout_id IS NULL OR from_account = 'paid' OR to_account = 'paid'),
    ADD CONSTRAINT ledger_entries_payout_fkey FOREIGN KEY (payout_id, conversion_id) REFERENCES payout_items (payout_id, conversion_id);
CREATE UNIQUE INDEX ledger_entries_payout_key ON ledger_entries (payout_id, conversion_id) WHERE payout_id IS NOT NULL;
CREATE INDEX ledger_entries_paid_idx ON ledger_entries (affiliate_id) WHERE from_account = 'paid' OR to_account = 'paid';
COMMENT ON COLUMN ledger_entries.payout_id IS 'The payout that paid it. The fold leaves such entries alone: what was paid stays paid (SEMANTICS 13).';
COMMENT ON COLUMN ledger_entries.actor IS 'Who moved it, when a person did; otherwise the event of event_id did.';
COMMENT ON COLUMN ledger_entries.reason IS 'Why, in the words of whoever moved it.';

CREATE OR REPLACE VIEW ledger_postings AS
SELECT id, project_id, livemode, conversion_id, affiliate_id, currency, from_account AS account, -amount_minor AS amount_minor, cause, posted_at, payout_id
FROM ledger_entries
UNION ALL
SELECT id, project_id, livemode, conversion_id, affiliate_id, currency, to_account, amount_minor, cause, posted_at, payout_id
FROM ledger_entries;

ALTER TABLE conversions ADD COLUMN paid_out_minor BIGINT NOT NULL DEFAULT 0;
COMMENT ON COLUMN conversions.paid_out_minor IS 'What payouts paid of it to the affiliate that it has now, in minor units: the sum of the ledger''s entries that name a payout.';
COMMENT ON COLUMN conversions.paid IS 'The caller of the REST API said that it is paid out; payouts are in paid_out_minor.';

-- What is frozen stays frozen.

CREATE FUNCTION payout_changes_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status <> 'open' OR NEW.status = 'open'
       OR (NEW.id, NEW.batch_id, NEW.project_id, NEW.livemode, NEW.affiliate_id, NEW.currency, NEW.amount_minor, NEW.items_sha256, NEW.created_at)
          IS DISTINCT FROM
          (OLD.id, OLD.batch_id, OLD.project_id, OLD.livemode, OLD.affiliate_id, OLD.currency, OLD.amount_minor, OLD.items_sha256, OLD.created_at)
    THEN
        RAISE EXCEPTION 'payout % is frozen: it is paid or canceled, once', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION payout_changes_once() IS 'A payout is closed once, and nothing else of it changes.';
CREATE TRIGGER payouts_frozen BEFORE UPDATE ON payouts FOR EACH ROW EXECUTE FUNCTION payout_changes_once();
CREATE TRIGGER payouts_kept BEFORE DELETE ON payouts FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payouts_not_truncated BEFORE TRUNCATE ON payouts FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION payout_item_only_closes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT OLD.open OR NEW.open
       OR (NEW.payout_id, NEW.conversion_id, NEW.affiliate_id, NEW.currency, NEW.amount_minor)
          IS DISTINCT FROM (OLD.payout_id, OLD.conversion_id, OLD.affiliate_id, OLD.currency, OLD.amount_minor)
    THEN
        RAISE EXCEPTION 'the rows of payout % are frozen', OLD.payout_id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
COMMENT ON FUNCTION payout_item_only_closes() IS 'A payout''s row is closed with the payout, and nothing else of it changes.';
CREATE TRIGGER payout_items_frozen BEFORE UPDATE ON payout_items FOR EACH ROW EXECUTE FUNCTION payout_item_only_closes();
CREATE TRIGGER payout_items_kept BEFORE DELETE ON payout_items FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER payout_items_not_truncated BEFORE TRUNCATE ON payout_items FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION close_payout_items() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE payout_items SET open = FALSE WHERE payout_id = NEW.id;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION close_payout_items() IS 'Keeps payout_items.open in step with payouts.status.';
CREATE TRIGGER payouts_close_items AFTER UPDATE OF status ON payouts FOR EACH ROW EXECUTE FUNCTION close_payout_items();

-- A payout is the sum of its items: looked at when items are written, and once more at the commit of a new payout, which
-- has some.
CREATE FUNCTION payout_is_its_items() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.amount_minor IS DISTINCT FROM (SELECT sum(amount_minor) FROM payout_items WHERE payout_id = NEW.id) THEN
        RAISE EXCEPTION 'payout % is not the sum of its items', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payouts_sum';
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION payout_is_its_items() IS 'A new payout has items, and they sum to its amount.';
CREATE CONSTRAINT TRIGGER payouts_sum AFTER INSERT ON payouts DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION payout_is_its_items();

CREATE FUNCTION payout_items_sum() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wrong BIGINT;
BEGIN
    SELECT p.id INTO wrong
    FROM payouts p
    WHERE p.id IN (SELECT payout_id FROM written)
      AND (p.status <> 'open' OR p.amount_minor IS DISTINCT FROM (SELECT sum(i.amount_minor) FROM payout_items i WHERE i.payout_id = p.id))
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'payout % is not the sum of its items', wrong
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payouts_sum';
    END IF;
    RETURN NULL;
END $$;
COMMENT ON FUNCTION payout_items_sum() IS 'All items of a payout are written at once, and none is added later.';
CREATE TRIGGER payout_items_sum AFTER INSERT ON payout_items REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION payout_items_sum();
