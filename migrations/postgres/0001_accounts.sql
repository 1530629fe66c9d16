-- Accounts of people and their sessions.
--
-- For all tables: the same tables, columns and names exist for SQLite under the same number. Moments are microseconds
-- since 1970, as in the program. JSON, not JSONB: it keeps the order of keys and the very text, and nothing queries
-- inside. Names sort byte by byte (COLLATE "C") on every server.

-- The clock that leases go by: the moment of the call, not the start of the transaction.
CREATE FUNCTION clock_microseconds() RETURNS BIGINT
    LANGUAGE sql VOLATILE
    AS $$ SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::BIGINT $$;

-- An identifier of UUID version 7, which sorts by time, for rows that the database itself plans in bulk.
CREATE FUNCTION time_ordered_uuid() RETURNS UUID
    LANGUAGE sql VOLATILE
    AS $$
        SELECT encode(
            set_bit(
                set_bit(
                    overlay(
                        uuid_send(gen_random_uuid())
                        PLACING substring(
                            int8send(floor(extract(epoch FROM clock_timestamp()) * 1000)::BIGINT) FROM 3
                        )
                        FROM 1 FOR 6
                    ),
                    52, 1
                ),
                53, 1
            ),
            'hex'
        )::UUID
    $$;

-- What is append-only stays as it was written, whoever connects.
CREATE FUNCTION keep_as_written() RETURNS TRIGGER
    LANGUAGE plpgsql
    AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END
    $$;

CREATE TABLE users (
    id            UUID    NOT NULL PRIMARY KEY,
    name          TEXT    COLLATE "C" NOT NULL,
    role          TEXT    NOT NULL CONSTRAINT users_role_known CHECK (role IN ('annotator', 'reviewer', 'administrator')),
    active        BOOLEAN NOT NULL,
    password_hash TEXT    NOT NULL,
    created_at    BIGINT  NOT NULL,
    CONSTRAINT users_name_unique UNIQUE (name)
);

-- Known by the hash of the secret only.
CREATE TABLE sessions (
    secret_hash TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    user_id     UUID   NOT NULL REFERENCES users (id),
    expires_at  BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_end ON sessions (expires_at);
