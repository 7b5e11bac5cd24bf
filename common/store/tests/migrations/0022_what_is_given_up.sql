UPDATE dead_letters SET discarded_at = '2026-02-10Z';
-- read
SELECT reason, discarded_by, discard_reason FROM dead_letters
-- gives
-- {"reason": "not JSON", "discarded_by": null, "discard_reason": null}
