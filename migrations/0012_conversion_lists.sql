-- Lists of conversions at a million rows: what they filter by is in the index, so that a total reads no row. What few rows
-- are has an index of its own, so that a page of it is found without passing over all others.

DROP INDEX conversions_listing_idx;
CREATE INDEX conversions_listing_idx ON conversions (project_id, livemode, occurred_at DESC, id DESC)
    INCLUDE (type, status) WHERE merged_into IS NULL;
CREATE INDEX conversions_rare_idx ON conversions (project_id, livemode, status, occurred_at DESC, id DESC)
    INCLUDE (type) WHERE merged_into IS NULL AND status IN ('pending', 'held', 'rejected', 'reversed');
CREATE INDEX conversions_signups_idx ON conversions (project_id, livemode, occurred_at DESC, id DESC)
    INCLUDE (status) WHERE merged_into IS NULL AND type = 'signup';

-- The condition is what store::conversions calls paid, word for word.
CREATE INDEX conversions_paid_idx ON conversions (project_id, livemode, occurred_at DESC, id DESC)
    INCLUDE (type, status)
    WHERE merged_into IS NULL AND (paid OR (paid_out_minor > 0 AND paid_out_minor >= commission_minor - clawed_back_minor));

-- The same for one affiliate, with the sums of what it earned.
DROP INDEX conversions_affiliate_idx;
CREATE INDEX conversions_affiliate_idx ON conversions (affiliate_id, occurred_at DESC, id DESC)
    INCLUDE (project_id, livemode, type, status, paid, paid_out_minor, currency, base_minor, commission_minor,
             clawed_back_minor, held_minor, release_at)
    WHERE merged_into IS NULL;
