-- Calls of models that are under way. A call holds its key and reserves its cost until its lease ends.
CREATE TABLE begun_calls (
    key         TEXT    NOT NULL PRIMARY KEY,
    token       TEXT    NOT NULL,
    project_id  BLOB    NOT NULL REFERENCES projects (id),
    provider    TEXT    NOT NULL,
    day         INTEGER NOT NULL,
    tokens      INTEGER NOT NULL CHECK (tokens >= 0),
    cost        TEXT    NOT NULL,
    currency    TEXT,
    begun_at    INTEGER NOT NULL,
    lease_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX begun_calls_of_project ON begun_calls (project_id);
CREATE INDEX begun_calls_by_lease ON begun_calls (lease_until);

-- What calls have cost, by day of Coordinated Universal Time from the start of 1970. Money is decimal, to the last digit;
-- the currency is empty where there are no prices.
CREATE TABLE spending (
    project_id    BLOB    NOT NULL REFERENCES projects (id),
    day           INTEGER NOT NULL,
    provider      TEXT    NOT NULL,
    currency      TEXT    NOT NULL,
    kept_calls    INTEGER NOT NULL,
    failed_calls  INTEGER NOT NULL,
    lost_calls    INTEGER NOT NULL,
    input_tokens  INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cost          TEXT    NOT NULL,
    PRIMARY KEY (project_id, day, provider, currency)
) STRICT, WITHOUT ROWID;

-- What is left of providers' limits where all processes share them, in thousandths; by the database's clock.
CREATE TABLE rate_levels (
    provider  TEXT    NOT NULL PRIMARY KEY,
    requests  INTEGER NOT NULL,
    tokens    INTEGER NOT NULL,
    filled_at INTEGER NOT NULL
) STRICT;

-- Tasks that wait with a reason.
CREATE INDEX tasks_parked ON tasks (project_id, ready_at)
    WHERE state = 'ready' AND kind = 'annotate' AND last_error IS NOT NULL;
