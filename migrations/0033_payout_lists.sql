-- Payouts are listed by when they were made, as everything else is.

CREATE INDEX payouts_made_idx ON payouts (project_id, livemode, created_at DESC, id DESC);
