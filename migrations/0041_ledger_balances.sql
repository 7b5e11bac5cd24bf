-- What the ledger says of each account, summed in one place.

CREATE VIEW ledger_balances AS
SELECT project_id, livemode, conversion_id, affiliate_id, currency,
       coalesce(sum(CASE 'payable' WHEN to_account THEN amount_minor WHEN from_account THEN -amount_minor END), 0)::BIGINT AS payable,
       coalesce(sum(CASE 'expense' WHEN from_account THEN amount_minor WHEN to_account THEN -amount_minor END), 0)::BIGINT AS earned,
       coalesce(sum(CASE 'clawback' WHEN to_account THEN amount_minor WHEN from_account THEN -amount_minor END), 0)::BIGINT AS clawed_back,
       coalesce(sum(CASE 'held' WHEN to_account THEN amount_minor WHEN from_account THEN -amount_minor END), 0)::BIGINT AS held,
       coalesce(sum(CASE 'paid' WHEN to_account THEN amount_minor WHEN from_account THEN -amount_minor END)
                    FILTER (WHERE payout_id IS NULL), 0)::BIGINT AS said_paid,
       coalesce(sum(CASE 'paid' WHEN to_account THEN amount_minor WHEN from_account THEN -amount_minor END)
                    FILTER (WHERE payout_id IS NOT NULL), 0)::BIGINT AS paid_out
FROM ledger_entries
GROUP BY project_id, livemode, conversion_id, affiliate_id, currency;
COMMENT ON VIEW ledger_balances IS 'The balances of each conversion, affiliate and currency, in minor units. payable = earned - clawed_back - held - said_paid - paid_out.';
COMMENT ON COLUMN ledger_balances.payable IS 'What the affiliate may ask for; negative for a debt.';
COMMENT ON COLUMN ledger_balances.earned IS 'What was earned before anything was taken back.';
COMMENT ON COLUMN ledger_balances.clawed_back IS 'What was taken back.';
COMMENT ON COLUMN ledger_balances.held IS 'What is held.';
COMMENT ON COLUMN ledger_balances.said_paid IS 'What was paid by the word of callers of the REST API.';
COMMENT ON COLUMN ledger_balances.paid_out IS 'What payouts paid.';
