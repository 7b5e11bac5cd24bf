-- Projects of before release when their rules say, and are judged as of each payment's own time.
SELECT 1;
-- read
SELECT count(*) FILTER (WHERE payable_from IS NULL AND rules_as_of IS NULL) = count(*) AS as_before FROM projects
-- gives
-- {"as_before": true}
