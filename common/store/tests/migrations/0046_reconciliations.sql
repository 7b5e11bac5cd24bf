-- No rows of before: the table is new.
SELECT 1;
-- read
SELECT count(*) AS runs FROM reconciliations
-- gives
-- {"runs": 0}
