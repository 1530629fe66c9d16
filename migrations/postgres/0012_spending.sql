-- Calls of models that are under way. A call holds its key and reserves its cost until its lease ends.
CREATE TABLE begun_calls (
    key         TEXT    COLLATE "C" NOT NULL PRIMARY KEY,
    token       TEXT    NOT NULL,
    project_id  UUID    NOT NULL REFERENCES projects (id),
    provider    TEXT    COLLATE "C" NOT NULL,
    day         BIGINT  NOT NULL,
    tokens      BIGINT  NOT NULL CONSTRAINT begun_calls_tokens_count CHECK (tokens >= 0),
    cost        NUMERIC NOT NULL,
    currency    TEXT,
    begun_at    BIGINT  NOT NULL,
    lease_until BIGINT  NOT NULL
) WITH (
    -- Rows live for seconds.
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX begun_calls_of_project ON begun_calls (project_id);
CREATE INDEX begun_calls_by_lease ON begun_calls (lease_until);

-- What calls have cost, by day of Coordinated Universal Time from the start of 1970. Money is decimal, to the last digit;
-- the currency is empty where there are no prices.
CREATE TABLE spending (
    project_id    UUID    NOT NULL REFERENCES projects (id),
    day           BIGINT  NOT NULL,
    provider      TEXT    COLLATE "C" NOT NULL,
    currency      TEXT    COLLATE "C" NOT NULL,
    kept_calls    BIGINT  NOT NULL,
    failed_calls  BIGINT  NOT NULL,
    lost_calls    BIGINT  NOT NULL,
    input_tokens  BIGINT  NOT NULL,
    output_tokens BIGINT  NOT NULL,
    cost          NUMERIC NOT NULL,
    PRIMARY KEY (project_id, day, provider, currency)
) WITH (fillfactor = 50);

-- What is left of providers' limits where all processes share them, in thousandths; by the database's clock.
CREATE TABLE rate_levels (
    provider  TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    requests  BIGINT NOT NULL,
    tokens    BIGINT NOT NULL,
    filled_at BIGINT NOT NULL
) WITH (fillfactor = 50);

-- Tasks that wait with a reason.
CREATE INDEX tasks_parked ON tasks (project_id, ready_at)
    WHERE state = 'ready' AND kind = 'annotate' AND last_error IS NOT NULL;
