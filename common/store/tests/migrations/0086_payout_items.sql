-- A payout that is closed.
SELECT 1;
-- read
SELECT p.status, p.items, (SELECT count(*) FROM payout_items i WHERE i.payout_id = p.id) AS counted, payout_moved_since(p) AS moved FROM payouts p
-- gives
-- {"items": 1, "moved": 0, "status": "paid", "counted": 1}
