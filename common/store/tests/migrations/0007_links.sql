INSERT INTO registrations (project_id, livemode, email_normalised, affiliate_id, converted) VALUES (1, FALSE, 'otis@example.org', 2, FALSE);
-- read
SELECT p.name, p.landing_url, r.email_normalised FROM projects p JOIN registrations r ON r.project_id = p.id
-- gives
-- {"name": "Acme", "landing_url": null, "email_normalised": "otis@example.org"}
