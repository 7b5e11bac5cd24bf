UPDATE projects SET landing_url = 'https://acme.example/welcome';
-- read
SELECT c.user_email, p.landing_url FROM customers c JOIN projects p ON p.id = c.project_id WHERE NOT c.retired
-- gives
-- {"user_email": "Nora@Example.org", "landing_url": "https://acme.example/welcome"}
