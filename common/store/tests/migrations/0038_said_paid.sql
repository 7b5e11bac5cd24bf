UPDATE conversion_posts SET url = NULL;
-- read
SELECT event_id, affiliate_id, currency, amount_minor, last_payout, (SELECT minor FROM said_paid_left) AS minor FROM said_paid
-- gives
-- {"minor": 400, "currency": "usd", "event_id": "conversion:2:1", "last_payout": 1, "affiliate_id": 1, "amount_minor": 400}
