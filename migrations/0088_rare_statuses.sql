-- Customers of the statuses that few have: a list of them passes all others otherwise.
CREATE INDEX customers_rare_idx ON customers (project_id, livemode, status, first_seen_at DESC, id DESC)
    WHERE NOT retired AND status IN ('pending', 'direct_signup');
COMMENT ON COLUMN clusters.past IS 'domain::settle::Past as JSON: what a long history of one customer, or of many people who share an address, comes to; null: all of its facts are read.';
COMMENT ON COLUMN facts.part IS 'Of a long history: what the fact belongs to, a payment, or one of many people; 0: to none. Null while the history is short.';
COMMENT ON COLUMN identity_keys.part IS 'Of a key in a long history: the part of its facts. An address has one as long as it is one person''s.';
