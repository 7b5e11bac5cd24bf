-- Entries of every kind are there.
SELECT 1;
-- read
SELECT m.payable, m.earned, m.clawed_back, m.held, m.paid, b.same
FROM (
    SELECT sum(payable) AS payable, sum(earned) AS earned, sum(clawed_back) AS clawed_back, sum(held) AS held, sum(paid) AS paid
    FROM ledger_movements
) m, (
    SELECT bool_and(payable = earned - clawed_back - held - said_paid - paid_out) AS same FROM ledger_balances
) b
-- gives
-- {"held": 0, "paid": 1200, "same": true, "earned": 1400, "payable": 0, "clawed_back": 200}
