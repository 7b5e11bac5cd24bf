-- Where affiliates' links lead to.

ALTER TABLE projects ADD COLUMN landing_url TEXT CONSTRAINT projects_landing_url_check CHECK (landing_url ~ '^https?://');
COMMENT ON COLUMN projects.landing_url IS 'Where /r/{code} sends visitors; null while the project has no such links.';

-- A link names its code and often nothing else.
CREATE INDEX referral_codes_code_idx ON referral_codes (code_folded);
