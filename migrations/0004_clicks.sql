-- Clicks on referral links: counted for the affiliate, and touches of the visitor who clicked.

CREATE TABLE clicks (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id BIGINT NOT NULL REFERENCES projects (id),
    livemode BOOLEAN NOT NULL,
    affiliate_id BIGINT NOT NULL REFERENCES affiliates (id),
    click_id TEXT COLLATE "C" NOT NULL,
    code TEXT NOT NULL,
    url TEXT,
    occurred_at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT clicks_click_key UNIQUE (project_id, livemode, click_id)
);
CREATE INDEX clicks_affiliate_idx ON clicks (affiliate_id, occurred_at);
COMMENT ON TABLE clicks IS 'Clicks on referral links; a client_reference_id may name one (SEMANTICS 4 d, 5).';
COMMENT ON COLUMN clicks.id IS 'Row id.';
COMMENT ON COLUMN clicks.project_id IS 'The project.';
COMMENT ON COLUMN clicks.livemode IS 'The mode.';
COMMENT ON COLUMN clicks.affiliate_id IS 'Whose link it was.';
COMMENT ON COLUMN clicks.click_id IS 'Names the click to Stripe, clk_….';
COMMENT ON COLUMN clicks.code IS 'The referral code of the link, as it was written.';
COMMENT ON COLUMN clicks.url IS 'The page that was visited.';
COMMENT ON COLUMN clicks.occurred_at IS 'When it happened: the window is counted from here.';
COMMENT ON COLUMN clicks.created_at IS 'When it was recorded.';
