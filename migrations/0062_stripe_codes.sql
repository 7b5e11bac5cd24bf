-- Promotion codes and coupons at Stripe, the twins of affiliates' coupons; and coupons whose twin Tributary makes (ADR 57).

CREATE TABLE stripe_codes (
    project_id BIGINT NOT NULL REFERENCES projects (id),
    livemode BOOLEAN NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('promotion_code', 'coupon')),
    stripe_id TEXT COLLATE "C" NOT NULL,
    id_folded TEXT COLLATE "C" NOT NULL,
    code TEXT NOT NULL,
    code_folded TEXT COLLATE "C" NOT NULL,
    stripe_coupon_id TEXT,
    active BOOLEAN NOT NULL,
    told_at TIMESTAMPTZ NOT NULL,
    made_for BIGINT REFERENCES coupons (id),
    PRIMARY KEY (project_id, livemode, kind, stripe_id)
);
CREATE INDEX stripe_codes_id_idx ON stripe_codes (id_folded) WHERE kind = 'promotion_code';
CREATE INDEX stripe_codes_code_idx ON stripe_codes (project_id, livemode, code_folded);
CREATE INDEX stripe_codes_made_for_idx ON stripe_codes (made_for) WHERE made_for IS NOT NULL;
COMMENT ON TABLE stripe_codes IS 'Promotion codes and coupons as Stripe has told them. Whose they are, coupons of the same code say.';
COMMENT ON COLUMN stripe_codes.project_id IS 'The project.';
COMMENT ON COLUMN stripe_codes.livemode IS 'The mode.';
COMMENT ON COLUMN stripe_codes.kind IS 'promotion_code, or coupon.';
COMMENT ON COLUMN stripe_codes.stripe_id IS 'promo_…, or the id of the coupon, which may be any text.';
COMMENT ON COLUMN stripe_codes.id_folded IS 'The same, as codes are compared.';
COMMENT ON COLUMN stripe_codes.code IS 'What the customer types; of a coupon its id.';
COMMENT ON COLUMN stripe_codes.code_folded IS 'The same, as codes are compared.';
COMMENT ON COLUMN stripe_codes.stripe_coupon_id IS 'The coupon that a promotion code gives.';
COMMENT ON COLUMN stripe_codes.active IS 'Whether it could be used when it was last told of. It decides nothing about payments.';
COMMENT ON COLUMN stripe_codes.told_at IS 'When it was so: the time of the event, or of the call.';
COMMENT ON COLUMN stripe_codes.made_for IS 'The coupon for which Tributary made it.';

ALTER TABLE coupons ADD COLUMN at_stripe BOOLEAN NOT NULL DEFAULT FALSE;
COMMENT ON COLUMN coupons.at_stripe IS 'Tributary makes its promotion code at Stripe, and deactivates it.';
