-- Settlement looks rows up by index whatever the statistics say (store::settlement::plans), and what no worker has judged
-- is never a dead letter.

-- Begun by the key rather than by the project: no other index can be taken for them.
CREATE UNIQUE INDEX conversions_payment_key_first ON conversions (payment_key, project_id, livemode)
    WHERE merged_into IS NULL;
DROP INDEX conversions_payment_key;
ALTER INDEX conversions_payment_key_first RENAME TO conversions_payment_key;
ALTER TABLE clicks ADD CONSTRAINT clicks_click_key_first UNIQUE (click_id, project_id, livemode);
ALTER TABLE clicks DROP CONSTRAINT clicks_click_key;
ALTER TABLE clicks RENAME CONSTRAINT clicks_click_key_first TO clicks_click_key;

-- What a payment calls a coupon, deleted ones and former ones as well.
CREATE INDEX coupons_code_idx ON coupons (code_folded);
CREATE INDEX coupons_stripe_coupon_lower_idx ON coupons (lower(stripe_coupon_id)) WHERE stripe_coupon_id IS NOT NULL;
CREATE INDEX coupons_stripe_promotion_lower_idx ON coupons (lower(stripe_promotion_code_id))
    WHERE stripe_promotion_code_id IS NOT NULL;

ALTER TABLE queue_messages ADD COLUMN trials INTEGER NOT NULL DEFAULT 0;
COMMENT ON COLUMN queue_messages.trials IS 'How often a worker set out to work on this message alone, because it had been in the hands of workers that died, and has not come back.';
COMMENT ON COLUMN queue_messages.attempt IS 'How many deliveries failed: put off for its own sake, or in the hands of a worker that died.';
