-- What a key names is told by the field it was found in (domain::key): a Stripe customer's own id that looks
-- like another object's, or has a colon or a slash in it, is marked as a customer's. Nothing else is renamed.

CREATE TEMPORARY TABLE renamed_customers ON COMMIT DROP AS
SELECT DISTINCT project_id, livemode, old, scope || 'customer:' || name AS new
FROM (
    SELECT f.project_id, f.livemode, named.id AS old,
           coalesce(substring(named.id FROM '^acct_[^/:]*/'), '') AS scope,
           regexp_replace(named.id, '^acct_[^/:]*/', '') AS name
    FROM facts f
    CROSS JOIN LATERAL (
        SELECT CASE WHEN f.body ->> 'fact' IN ('customer', 'subscription', 'session', 'invoice', 'intent', 'charge')
                        THEN f.body ->> 'customer'
                    WHEN f.body ->> 'fact' = 'touch' AND f.body ->> 'on' = 'customer' THEN f.body ->> 'object'
               END AS id
    ) AS named
    WHERE named.id IS NOT NULL
) AS found
WHERE name ~ '^(sub|in|pi|ch|py|cs)_|[:/]' AND name !~ '^customer:';

-- The object of a touch is in its natural key as well.
UPDATE facts f
SET natural_key = r.prefix || r.new || substr(f.natural_key, length(r.prefix || r.old) + 1)
FROM (SELECT project_id, livemode, old, new, prefix
      FROM renamed_customers CROSS JOIN (VALUES ('customer:'), ('touch:')) AS p (prefix)) AS r
WHERE f.project_id = r.project_id AND f.livemode = r.livemode
  AND (r.prefix = 'customer:' AND f.natural_key = r.prefix || r.old
    OR r.prefix = 'touch:' AND f.body ->> 'on' = 'customer' AND f.body ->> 'object' = r.old
       AND starts_with(f.natural_key, r.prefix || r.old || ':'));

UPDATE facts f
SET body = jsonb_set(f.body, ARRAY[r.field], to_jsonb(r.new))
FROM (SELECT project_id, livemode, old, new, field
      FROM renamed_customers CROSS JOIN (VALUES ('customer'), ('object')) AS p (field)) AS r
WHERE f.project_id = r.project_id AND f.livemode = r.livemode AND f.body ->> r.field = r.old
  AND (r.field = 'customer'
         AND f.body ->> 'fact' IN ('customer', 'subscription', 'session', 'invoice', 'intent', 'charge')
    OR r.field = 'object' AND f.body ->> 'fact' = 'touch' AND f.body ->> 'on' = 'customer');

UPDATE facts f
SET links = (
    SELECT jsonb_agg(coalesce(to_jsonb(r.new), named.link) ORDER BY named.place)
    FROM jsonb_array_elements(f.links) WITH ORDINALITY AS named (link, place)
    LEFT JOIN renamed_customers r ON r.project_id = f.project_id AND r.livemode = f.livemode
                                 AND to_jsonb(r.old) = named.link)
WHERE EXISTS (SELECT FROM renamed_customers r
              WHERE r.project_id = f.project_id AND r.livemode = f.livemode AND f.links ? r.old);

UPDATE identity_keys k SET key = r.new
FROM renamed_customers r
WHERE k.project_id = r.project_id AND k.livemode = r.livemode AND k.key = r.old;

UPDATE customers c SET anchor = r.new
FROM renamed_customers r
WHERE c.project_id = r.project_id AND c.livemode = r.livemode AND c.anchor = r.old;

COMMENT ON COLUMN identity_keys.key IS 'What is named, in the form of domain::key: in_…, pi_…, email:…, user:…, external:…; without a mark a Stripe customer: cus_…, user-42.';
COMMENT ON COLUMN customers.stripe_customer_id IS 'Stripe''s id of the customer or of its account: cus_…, acct_…, or the company''s own; the first, when there are several.';
