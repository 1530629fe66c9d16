-- Runs: items asked of a panel of automatic annotators as one piece of work.
CREATE TABLE runs (
    id               BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    project_id       BLOB    NOT NULL REFERENCES projects (id),
    number           INTEGER NOT NULL CHECK (number >= 1),
    items            TEXT    NOT NULL CHECK (json_valid(items)),
    annotators       TEXT    NOT NULL CHECK (json_valid(annotators)),
    budget           TEXT    NOT NULL CHECK (json_valid(budget)),
    started_by       TEXT    NOT NULL,
    created_at       INTEGER NOT NULL,
    state            TEXT    NOT NULL CHECK (state IN ('running', 'paused', 'cancelled', 'finished')),
    reason           TEXT,
    planning         TEXT    NOT NULL CHECK (json_valid(planning)),
    planned_after    BLOB,
    planned_until    BLOB,
    running_since    INTEGER,
    ran_milliseconds INTEGER NOT NULL,
    ended_at         INTEGER,
    CONSTRAINT runs_number_unique UNIQUE (project_id, number)
) STRICT;
CREATE INDEX runs_of_project ON runs (project_id, id);
-- Runs that still need to be carried on.
CREATE INDEX runs_open ON runs (id) WHERE ended_at IS NULL;

-- The items of runs that were named one by one.
CREATE TABLE run_items (
    run_id  BLOB NOT NULL REFERENCES runs (id),
    item_id BLOB NOT NULL REFERENCES items (id),
    PRIMARY KEY (run_id, item_id)
) STRICT, WITHOUT ROWID;

-- Tasks of a run that is paused are marked, and left out of what claims walk, so that they cost claims nothing.
ALTER TABLE tasks ADD COLUMN run_id BLOB REFERENCES runs (id);
ALTER TABLE tasks ADD COLUMN paused INTEGER NOT NULL DEFAULT 0 CHECK (paused IN (0, 1));
DROP INDEX tasks_ready;
DROP INDEX tasks_ready_of_project;
DROP INDEX tasks_ready_of_annotator;
CREATE INDEX tasks_ready ON tasks (kind, priority DESC, id)
    WHERE state = 'ready' AND paused = 0 AND kind IN ('annotate', 'score', 'refit');
CREATE INDEX tasks_ready_of_project ON tasks (project_id, kind, priority DESC, id) WHERE state = 'ready' AND paused = 0;
CREATE INDEX tasks_ready_of_annotator ON tasks (paused, annotator_id, priority DESC, id, ready_at, attempts, uncounted)
    WHERE state = 'ready' AND kind = 'annotate';

-- What is told about a run is read from these.
CREATE INDEX tasks_of_run ON tasks (run_id, state, paused, annotator_id, attempts, uncounted) WHERE run_id IS NOT NULL;
CREATE INDEX tasks_ended_of_run ON tasks (run_id, finished_at) WHERE run_id IS NOT NULL AND finished_at IS NOT NULL;
CREATE INDEX tasks_troubled_of_run ON tasks (run_id, state) WHERE run_id IS NOT NULL AND last_error IS NOT NULL;
CREATE INDEX tasks_paused ON tasks (project_id) WHERE paused = 1 AND state = 'ready';
CREATE INDEX annotations_failed ON annotations (project_id, id) WHERE failed = 1;

-- For whom a call is made.
ALTER TABLE begun_calls ADD COLUMN run_id BLOB REFERENCES runs (id);
ALTER TABLE begun_calls ADD COLUMN annotator_id BLOB REFERENCES annotators (id);

-- What the calls of a run have cost. Money is decimal, to the last digit; the currency is empty where there are no prices.
CREATE TABLE run_spending (
    run_id        BLOB    NOT NULL REFERENCES runs (id),
    annotator_id  BLOB    NOT NULL REFERENCES annotators (id),
    provider      TEXT    NOT NULL,
    currency      TEXT    NOT NULL,
    kept_calls    INTEGER NOT NULL,
    failed_calls  INTEGER NOT NULL,
    lost_calls    INTEGER NOT NULL,
    input_tokens  INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cost          TEXT    NOT NULL,
    PRIMARY KEY (run_id, annotator_id, provider, currency)
) STRICT, WITHOUT ROWID;

-- The calls of a run that got a reply, in the order in which they did.
CREATE TABLE run_calls (
    run_id               BLOB    NOT NULL REFERENCES runs (id),
    received_at          INTEGER NOT NULL,
    key                  TEXT    NOT NULL,
    annotator_id         BLOB    NOT NULL REFERENCES annotators (id),
    provider             TEXT    NOT NULL,
    latency_milliseconds INTEGER NOT NULL,
    PRIMARY KEY (run_id, received_at, key)
) STRICT, WITHOUT ROWID;
