-- One balance for each payment and affiliate, across the open payouts.

-- What moved since a balance was frozen is netted in the next payout at once, while the first is still open: a payment may
-- then have items in several open ones, and what is due of it is its balance less all of them.
DROP INDEX payout_items_open_key;
CREATE INDEX payout_items_open_idx ON payout_items (conversion_id, affiliate_id, currency) WHERE open;
CREATE INDEX payout_items_conversion_idx ON payout_items (conversion_id);
COMMENT ON COLUMN payout_items.open IS 'The payout is open: the amount counts as gone already when the next one is made. Follows payouts.status by a trigger.';
COMMENT ON COLUMN payout_items.amount_minor IS 'Minor units; negative for what was taken back, of an earlier payout or of one that is still open, and is netted in this one.';

-- Rows that turned out to be one payment lead to the row that stands, in one step, however often that happened.
WITH RECURSIVE ends AS (
    SELECT id, merged_into AS stands FROM conversions WHERE merged_into IS NOT NULL
    UNION
    SELECT e.id, c.merged_into FROM ends e JOIN conversions c ON c.id = e.stands WHERE c.merged_into IS NOT NULL
)
UPDATE conversions c SET merged_into = e.stands
FROM ends e JOIN conversions last ON last.id = e.stands AND last.merged_into IS NULL
WHERE c.id = e.id AND c.merged_into <> e.stands;
CREATE INDEX conversions_merged_idx ON conversions (merged_into) WHERE merged_into IS NOT NULL;
COMMENT ON COLUMN conversions.merged_into IS 'Turned out to be the same payment as that one, which stands; its ledger is reversed, and its payouts count for that one.';
COMMENT ON COLUMN conversions.paid_out_minor IS 'What payouts paid of this payment to the affiliate that it has now, in minor units: the sum of the ledger''s entries that name a payout, those of the rows that were merged into it included.';

-- Payments that were merged before this release: what payouts paid of them counts for the row that stands.
UPDATE conversions SET paid_out_minor = 0 WHERE merged_into IS NOT NULL AND paid_out_minor <> 0;
UPDATE conversions c SET paid_out_minor = p.minor
FROM (
    SELECT coalesce(m.merged_into, m.id) AS id, l.affiliate_id, l.currency,
           sum(CASE 'paid' WHEN l.to_account THEN l.amount_minor ELSE -l.amount_minor END)::BIGINT AS minor
    FROM ledger_entries l JOIN conversions m ON m.id = l.conversion_id
    WHERE l.payout_id IS NOT NULL
    GROUP BY 1, 2, 3
) p
WHERE (c.id, c.affiliate_id, c.currency) = (p.id, p.affiliate_id, p.currency) AND c.paid_out_minor <> p.minor;

CREATE FUNCTION moved_since_frozen(item payout_items) RETURNS BIGINT LANGUAGE sql STABLE AS $$
    WITH payment AS (
        SELECT coalesce(merged_into, id) AS id FROM conversions WHERE id = item.conversion_id
    ), parts AS (
        SELECT c.id FROM conversions c, payment p WHERE c.id = p.id OR c.merged_into = p.id
    ), frozen AS (
        SELECT sum(i.amount_minor) AS minor,
               coalesce(sum(greatest(i.amount_minor, 0)) FILTER (WHERE (i.payout_id, i.conversion_id) > (item.payout_id, item.conversion_id)), 0) AS newer
        FROM payout_items i
        WHERE i.open AND i.conversion_id IN (SELECT id FROM parts)
          AND (i.affiliate_id, i.currency) = (item.affiliate_id, item.currency)
    ), balance AS (
        SELECT coalesce(sum(CASE 'payable' WHEN to_account THEN amount_minor WHEN from_account THEN -amount_minor ELSE 0 END), 0) AS payable
        FROM ledger_entries
        WHERE conversion_id IN (SELECT id FROM parts) AND (affiliate_id, currency) = (item.affiliate_id, item.currency)
    )
    SELECT CASE WHEN item.open
        THEN least(greatest(item.amount_minor, 0), greatest(f.minor - b.payable - f.newer, 0))::BIGINT
        ELSE 0 END
    FROM frozen f, balance b
$$;
COMMENT ON FUNCTION moved_since_frozen(payout_items) IS 'What of an open payout''s item was taken back or held since and no open payout nets, in minor units. Of several payouts of one payment the newest is short first: its money is the least likely to have left.';
