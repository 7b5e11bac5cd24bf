-- What is not released yet is told payment by payment, from an index of its own (ADR 80).
CREATE INDEX conversions_release_idx ON conversions (affiliate_id, release_at)
    INCLUDE (id, status, currency, commission_minor, clawed_back_minor, held_minor)
    WHERE merged_into IS NULL AND affiliate_id IS NOT NULL AND release_at IS NOT NULL;

-- The sums that this one was for are kept now.
DROP INDEX conversions_earned_idx;
