-- What had left when callers said that a conversion is paid (SEMANTICS 13).

CREATE TABLE said_paid (
    project_id BIGINT NOT NULL,
    livemode BOOLEAN NOT NULL,
    event_id TEXT COLLATE "C" NOT NULL,
    conversion_id BIGINT NOT NULL REFERENCES conversions (id),
    affiliate_id BIGINT REFERENCES affiliates (id),
    currency TEXT NOT NULL,
    amount_minor BIGINT NOT NULL,
    last_payout BIGINT NOT NULL,
    PRIMARY KEY (project_id, livemode, event_id)
);
CREATE INDEX said_paid_conversion_idx ON said_paid (conversion_id);
COMMENT ON TABLE said_paid IS 'Words of callers that a conversion is paid: what stood at each, by the facts up to its own time.';
COMMENT ON COLUMN said_paid.project_id IS 'The project.';
COMMENT ON COLUMN said_paid.livemode IS 'The mode.';
COMMENT ON COLUMN said_paid.event_id IS 'The word: the name of its command in the inbox.';
COMMENT ON COLUMN said_paid.conversion_id IS 'The conversion that it is about.';
COMMENT ON COLUMN said_paid.affiliate_id IS 'Whose what stood was.';
COMMENT ON COLUMN said_paid.currency IS 'Its currency.';
COMMENT ON COLUMN said_paid.amount_minor IS 'Minor units that stood then; 0 once the word was taken back.';
COMMENT ON COLUMN said_paid.last_payout IS 'The last payout of the project and mode that was made before the word took effect: what those pay, it does not pay again.';

-- Words of before: what stands was followed, less what payouts paid.
INSERT INTO said_paid (project_id, livemode, event_id, conversion_id, affiliate_id, currency, amount_minor, last_payout)
SELECT c.project_id, c.livemode, f.event_id, c.id, c.affiliate_id, c.currency,
       greatest(c.commission_minor - c.clawed_back_minor - c.held_minor, 0),
       coalesce((SELECT max(p.id) FROM payouts p WHERE (p.project_id, p.livemode) = (c.project_id, c.livemode)), 0)
FROM conversions c
JOIN LATERAL (
    SELECT f.event_id FROM facts f
    WHERE f.cluster_id = c.cluster_id AND f.body->>'fact' = 'posted' AND (f.body->>'paid')::BOOLEAN
      AND f.links ? c.payment_key
    ORDER BY f.event_id LIMIT 1
) f ON TRUE
WHERE c.paid AND c.merged_into IS NULL AND c.affiliate_id IS NOT NULL
ON CONFLICT DO NOTHING;

CREATE VIEW said_paid_left AS
SELECT s.conversion_id, s.affiliate_id, s.currency, s.event_id,
       s.amount_minor - coalesce((
           SELECT sum(i.amount_minor)
           FROM conversions c
           JOIN payout_items i ON i.conversion_id = c.id
           JOIN payouts p ON p.id = i.payout_id
           WHERE (c.id = s.conversion_id OR c.merged_into = s.conversion_id) AND p.status <> 'canceled'
             AND p.id <= s.last_payout AND (i.affiliate_id, i.currency) = (s.affiliate_id, s.currency)
       ), 0) AS minor
FROM said_paid s
WHERE s.affiliate_id IS NOT NULL AND s.amount_minor > 0;
COMMENT ON VIEW said_paid_left IS 'What left by each word: what stood, less what the payouts that were made before it had paid of it, or were about to.';
