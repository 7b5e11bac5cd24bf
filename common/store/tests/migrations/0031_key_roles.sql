INSERT INTO api_keys (project_id, livemode, name, prefix, sha256) VALUES (1, FALSE, 'before roles', 'rgk_role', decode(repeat('ad', 32), 'hex'));
-- read
SELECT prefix, role FROM api_keys WHERE prefix = 'rgk_role'
-- gives
-- {"role": "full", "prefix": "rgk_role"}
