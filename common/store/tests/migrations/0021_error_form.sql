INSERT INTO api_keys (project_id, livemode, name, prefix, sha256) VALUES (1, TRUE, 'live', 'rgk_live', decode(repeat('ef', 32), 'hex'));
-- read
SELECT prefix, error_form FROM api_keys ORDER BY id
-- gives
-- {"prefix": "rgk_anna", "error_form": "object"}
-- {"prefix": "rgk_live", "error_form": "object"}
