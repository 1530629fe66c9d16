-- Accounts of people and their sessions.
--
-- For all tables: the same tables, columns and names exist for PostgreSQL under the same number. Identifiers are UUIDs
-- of version 7 as 16 bytes: they sort by time, and half the size of their text matters in indexes over millions of
-- tasks; `lower(hex(id))` shows one. Moments are microseconds since 1970. JSON is text: only whole documents are read
-- and written, and text keeps every character and every digit of what was given.

CREATE TABLE users (
    id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name          TEXT    NOT NULL,
    role          TEXT    NOT NULL CHECK (role IN ('annotator', 'reviewer', 'administrator')),
    active        INTEGER NOT NULL CHECK (active IN (0, 1)),
    password_hash TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    CONSTRAINT users_name_unique UNIQUE (name)
) STRICT;

-- Known by the hash of the secret only.
CREATE TABLE sessions (
    secret_hash TEXT    NOT NULL PRIMARY KEY,
    user_id     BLOB    NOT NULL REFERENCES users (id),
    expires_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_end ON sessions (expires_at);
