UPDATE queue_messages SET attempt = 2;
-- read
SELECT q.attempt, q.trials, c.payment_key, k.click_id FROM queue_messages q, conversions c, clicks k WHERE c.id = 1
-- gives
-- {"trials": 0, "attempt": 2, "click_id": "clk_1", "payment_key": "in_1"}
