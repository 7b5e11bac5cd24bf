-- No rows of before: the table is new, and coupons of before were entered for what is at Stripe already.
SELECT 1;
-- read
SELECT count(*) FILTER (WHERE at_stripe) AS made FROM coupons
-- gives
-- {"made": 0}
