-- People who work in the console: who they are, that they are signed in, how often somebody guessed, and what they did.

CREATE TABLE users (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT NOT NULL CHECK (btrim(name) = name AND name <> ''),
    role TEXT NOT NULL CHECK (role IN ('viewer', 'developer', 'finance', 'operator')),
    password_hash TEXT,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    disabled_at TIMESTAMPTZ
);
CREATE UNIQUE INDEX users_name_key ON users (lower(name));
COMMENT ON TABLE users IS 'People who may sign in to the console. Never deleted: what they did names them.';
COMMENT ON COLUMN users.id IS 'Its number.';
COMMENT ON COLUMN users.name IS 'By which they sign in and by which what they do is recorded; one person whatever the case.';
COMMENT ON COLUMN users.role IS 'What they may do: viewer, developer, finance or operator.';
COMMENT ON COLUMN users.password_hash IS 'Argon2id in PHC form; none for somebody whom only a proxy signs in.';
COMMENT ON COLUMN users.created_at IS 'When they were entered.';
COMMENT ON COLUMN users.disabled_at IS 'Since when they may not sign in.';

CREATE TABLE console_sessions (
    sha256 BYTEA PRIMARY KEY CHECK (length(sha256) = 32),
    user_id BIGINT NOT NULL REFERENCES users (id),
    by_proxy BOOLEAN NOT NULL DEFAULT FALSE,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX console_sessions_user_idx ON console_sessions (user_id);
CREATE INDEX console_sessions_expiry_idx ON console_sessions (expires_at);
COMMENT ON TABLE console_sessions IS 'Who is signed in to the console. A row that is gone, or whose time is over, opens nothing.';
COMMENT ON COLUMN console_sessions.sha256 IS 'SHA-256 of the random value in the cookie, which is stored nowhere.';
COMMENT ON COLUMN console_sessions.user_id IS 'Who.';
COMMENT ON COLUMN console_sessions.by_proxy IS 'Whether a proxy''s header signed them in: it then has to come with every request.';
COMMENT ON COLUMN console_sessions.created_at IS 'When they signed in.';
COMMENT ON COLUMN console_sessions.expires_at IS 'When they have to do so again.';

CREATE TABLE sign_in_failures (
    subject TEXT COLLATE "C" PRIMARY KEY,
    failures INTEGER NOT NULL CHECK (failures > 0),
    last_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX sign_in_failures_last_idx ON sign_in_failures (last_at);
COMMENT ON TABLE sign_in_failures IS 'Passwords that were wrong, by address and by name, until one was right or a quarter of an hour has passed.';
COMMENT ON COLUMN sign_in_failures.subject IS 'address: and the client''s address, or name: and the SHA-256 of the name that was tried.';
COMMENT ON COLUMN sign_in_failures.failures IS 'How many of late.';
COMMENT ON COLUMN sign_in_failures.last_at IS 'When the last was.';

CREATE TABLE acts (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL,
    actor TEXT NOT NULL CHECK (btrim(actor) <> ''),
    user_id BIGINT REFERENCES users (id),
    project_id BIGINT REFERENCES projects (id),
    livemode BOOLEAN,
    what TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT
);
CREATE INDEX acts_realm_idx ON acts (project_id, livemode, id DESC);
COMMENT ON TABLE acts IS 'What people did in the console, each once and never changed; written in the transaction of what they did.';
COMMENT ON COLUMN acts.id IS 'Order of writing.';
COMMENT ON COLUMN acts.at IS 'When.';
COMMENT ON COLUMN acts.actor IS 'Who, by name.';
COMMENT ON COLUMN acts.user_id IS 'Who, when it was somebody signed in to the console.';
COMMENT ON COLUMN acts.project_id IS 'The project, when it was about one.';
COMMENT ON COLUMN acts.livemode IS 'The mode, when it was about one.';
COMMENT ON COLUMN acts.what IS 'What was done, in a word or two, as in payout canceled.';
COMMENT ON COLUMN acts.subject IS 'What it was done to.';
COMMENT ON COLUMN acts.detail IS 'The reason that was given, or how much it was.';

-- The console lists events by project and mode, the latest first.
CREATE INDEX events_latest_idx ON events (project_id, livemode, id DESC);

CREATE TABLE portal_passes (
    sha256 BYTEA PRIMARY KEY CHECK (length(sha256) = 32),
    affiliate_id BIGINT NOT NULL REFERENCES affiliates (id),
    is_link BOOLEAN NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX portal_passes_expiry_idx ON portal_passes (expires_at);
COMMENT ON TABLE portal_passes IS 'Who may see an affiliate''s own page: a link that is given out, and the cookie that it becomes.';
COMMENT ON COLUMN portal_passes.sha256 IS 'SHA-256 of the random value in the link or the cookie, which is stored nowhere.';
COMMENT ON COLUMN portal_passes.affiliate_id IS 'Whose page it shows, and no other.';
COMMENT ON COLUMN portal_passes.is_link IS 'A link, which becomes a cookie once; otherwise a cookie.';
COMMENT ON COLUMN portal_passes.created_at IS 'When it was made.';
COMMENT ON COLUMN portal_passes.expires_at IS 'When it opens nothing any more.';
