-- Runs whose models are asked through batches.
ALTER TABLE runs ADD COLUMN batch INTEGER NOT NULL DEFAULT 0 CHECK (batch IN (0, 1));

-- Replies that came from a batch cost less.
ALTER TABLE calls ADD COLUMN in_batch INTEGER NOT NULL DEFAULT 0 CHECK (in_batch IN (0, 1));

-- Requests of one run to one model that a provider gets together. `stage` holds what is known at each state.
CREATE TABLE batches (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    project_id   BLOB    NOT NULL REFERENCES projects (id),
    run_id       BLOB    NOT NULL REFERENCES runs (id),
    provider     TEXT    NOT NULL,
    model        TEXT    NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('gathering', 'gathered', 'uploaded', 'sent', 'ended', 'collected')),
    stage        TEXT    NOT NULL CHECK (json_valid(stage)),
    sends        INTEGER NOT NULL CHECK (sends >= 0),
    requests     INTEGER NOT NULL CHECK (requests >= 0),
    bytes        INTEGER NOT NULL CHECK (bytes >= 0),
    answered     INTEGER NOT NULL CHECK (answered >= 0),
    failed       INTEGER NOT NULL CHECK (failed >= 0),
    cost         TEXT    NOT NULL,
    currency     TEXT,
    opened_at    INTEGER NOT NULL,
    sent_at      INTEGER,
    ends_by      INTEGER,
    ended_at     INTEGER,
    note         TEXT,
    failed_steps INTEGER NOT NULL CHECK (failed_steps >= 0),
    next_at      INTEGER NOT NULL,
    lease_token  TEXT,
    lease_until  INTEGER NOT NULL
) STRICT;
CREATE INDEX batches_of_run ON batches (run_id, opened_at, id);
CREATE INDEX batches_due ON batches (next_at) WHERE state <> 'collected';
CREATE UNIQUE INDEX batches_gathering_unique ON batches (run_id, provider, model) WHERE state = 'gathering';

-- The requests of batches. The call of an open one is in begun_calls under the same key and token; when it has ended its
-- text is no longer needed.
CREATE TABLE batch_requests (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    batch_id     BLOB    NOT NULL REFERENCES batches (id),
    key          TEXT    NOT NULL,
    token        TEXT    NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('open', 'answered', 'failed')),
    body         TEXT,
    bytes        INTEGER NOT NULL CHECK (bytes >= 0),
    reason       TEXT,
    is_permanent INTEGER NOT NULL DEFAULT 0 CHECK (is_permanent IN (0, 1)),
    CHECK ((state = 'open') = (body IS NOT NULL)),
    CHECK ((state = 'failed') = (reason IS NOT NULL))
) STRICT;
CREATE INDEX batch_requests_of_batch ON batch_requests (batch_id, state, id);
CREATE UNIQUE INDEX batch_requests_open_unique ON batch_requests (key) WHERE state = 'open';

-- The tasks that wait for a request. What a task was told before it began to wait comes back when it is answered.
CREATE TABLE batch_waits (
    task_id      BLOB NOT NULL PRIMARY KEY REFERENCES tasks (id),
    request_id   BLOB NOT NULL REFERENCES batch_requests (id),
    former_error TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX batch_waits_of_request ON batch_waits (request_id);

-- Tens of thousands of tasks may wait for batches: claims pass over them without looking at more than the index.
DROP INDEX tasks_ready;
CREATE INDEX tasks_ready ON tasks (kind, priority DESC, id, ready_at, state, paused)
    WHERE state = 'ready' AND paused = 0 AND kind IN ('annotate', 'score', 'refit');
