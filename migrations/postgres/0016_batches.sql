-- Runs whose models are asked through batches.
ALTER TABLE runs ADD COLUMN batch BOOLEAN NOT NULL DEFAULT false;

-- Replies that came from a batch cost less.
ALTER TABLE calls ADD COLUMN in_batch BOOLEAN NOT NULL DEFAULT false;

-- Requests of one run to one model that a provider gets together. `stage` holds what is known at each state.
CREATE TABLE batches (
    id           UUID    NOT NULL PRIMARY KEY,
    project_id   UUID    NOT NULL REFERENCES projects (id),
    run_id       UUID    NOT NULL REFERENCES runs (id),
    provider     TEXT    COLLATE "C" NOT NULL,
    model        TEXT    COLLATE "C" NOT NULL,
    state        TEXT    COLLATE "C" NOT NULL CONSTRAINT batches_state_known
        CHECK (state IN ('gathering', 'gathered', 'uploaded', 'sent', 'ended', 'collected')),
    stage        JSON    NOT NULL,
    sends        BIGINT  NOT NULL CONSTRAINT batches_sends_count CHECK (sends >= 0),
    requests     BIGINT  NOT NULL CONSTRAINT batches_requests_count CHECK (requests >= 0),
    bytes        BIGINT  NOT NULL CONSTRAINT batches_bytes_count CHECK (bytes >= 0),
    answered     BIGINT  NOT NULL CONSTRAINT batches_answered_count CHECK (answered >= 0),
    failed       BIGINT  NOT NULL CONSTRAINT batches_failed_count CHECK (failed >= 0),
    cost         NUMERIC NOT NULL,
    currency     TEXT,
    opened_at    BIGINT  NOT NULL,
    sent_at      BIGINT,
    ends_by      BIGINT,
    ended_at     BIGINT,
    note         TEXT,
    failed_steps BIGINT  NOT NULL CONSTRAINT batches_failed_steps_count CHECK (failed_steps >= 0),
    next_at      BIGINT  NOT NULL,
    lease_token  TEXT,
    lease_until  BIGINT  NOT NULL
) WITH (fillfactor = 50);
CREATE INDEX batches_of_run ON batches (run_id, opened_at, id);
CREATE INDEX batches_due ON batches (next_at) WHERE state <> 'collected';
CREATE UNIQUE INDEX batches_gathering_unique ON batches (run_id, provider, model) WHERE state = 'gathering';

-- The requests of batches. The call of an open one is in begun_calls under the same key and token; when it has ended its
-- text is no longer needed.
CREATE TABLE batch_requests (
    id           UUID    NOT NULL PRIMARY KEY,
    batch_id     UUID    NOT NULL REFERENCES batches (id),
    key          TEXT    COLLATE "C" NOT NULL,
    token        TEXT    COLLATE "C" NOT NULL,
    state        TEXT    COLLATE "C" NOT NULL
        CONSTRAINT batch_requests_state_known CHECK (state IN ('open', 'answered', 'failed')),
    body         TEXT,
    bytes        BIGINT  NOT NULL CONSTRAINT batch_requests_bytes_count CHECK (bytes >= 0),
    reason       TEXT,
    is_permanent BOOLEAN NOT NULL DEFAULT false,
    CONSTRAINT batch_requests_open_has_body CHECK ((state = 'open') = (body IS NOT NULL)),
    CONSTRAINT batch_requests_failed_has_reason CHECK ((state = 'failed') = (reason IS NOT NULL))
);
CREATE INDEX batch_requests_of_batch ON batch_requests (batch_id, state, id);
CREATE UNIQUE INDEX batch_requests_open_unique ON batch_requests (key) WHERE state = 'open';

-- The tasks that wait for a request. What a task was told before it began to wait comes back when it is answered.
CREATE TABLE batch_waits (
    task_id      UUID NOT NULL PRIMARY KEY REFERENCES tasks (id),
    request_id   UUID NOT NULL REFERENCES batch_requests (id),
    former_error TEXT
);
CREATE INDEX batch_waits_of_request ON batch_waits (request_id);
