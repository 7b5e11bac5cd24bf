-- What a list looks for and what is rare has an index of its own; what is frequent is found among the latest rows (ADR 70). Each
-- holds few of the rows that settling writes, but events_type_idx, which holds all of them.

CREATE INDEX events_type_idx ON events (project_id, livemode, event_type, id DESC);
CREATE INDEX events_source_idx ON events (project_id, livemode, source, id DESC) WHERE source <> 'stripe';
CREATE INDEX events_ignored_idx ON events (project_id, livemode, id DESC) WHERE ignored IS NOT NULL;

-- What affiliates earned in the course of time, summed from the index alone.
CREATE INDEX conversions_earned_idx ON conversions (project_id, livemode, occurred_at)
    INCLUDE (affiliate_id, type, status, currency, base_minor, commission_minor, clawed_back_minor)
    WHERE merged_into IS NULL AND affiliate_id IS NOT NULL;

-- What somebody or something took from what an affiliate may ask for, other than by paying it out: a payment of which nothing was ever
-- taken is still what a payout froze of it.
CREATE INDEX ledger_entries_taken_idx ON ledger_entries (affiliate_id, currency, conversion_id)
    WHERE from_account = 'payable' AND payout_id IS NULL;
