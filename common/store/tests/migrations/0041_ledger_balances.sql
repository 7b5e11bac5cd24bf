UPDATE conversions SET url = url WHERE FALSE;
-- read
SELECT currency, sum(payable) AS payable, sum(earned - clawed_back - held - said_paid - paid_out) AS same FROM ledger_balances GROUP BY currency
-- gives
-- {"same": 0, "payable": 0, "currency": "usd"}
