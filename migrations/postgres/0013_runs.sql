-- Runs: items asked of a panel of automatic annotators as one piece of work.
CREATE TABLE runs (
    id               UUID    NOT NULL PRIMARY KEY,
    project_id       UUID    NOT NULL REFERENCES projects (id),
    number           BIGINT  NOT NULL CONSTRAINT runs_number_counts CHECK (number >= 1),
    items            JSON    NOT NULL,
    annotators       JSON    NOT NULL,
    budget           JSON    NOT NULL,
    started_by       TEXT    NOT NULL,
    created_at       BIGINT  NOT NULL,
    state            TEXT    COLLATE "C" NOT NULL
        CONSTRAINT runs_state_known CHECK (state IN ('running', 'paused', 'cancelled', 'finished')),
    reason           TEXT,
    planning         JSON    NOT NULL,
    planned_after    UUID,
    planned_until    UUID,
    running_since    BIGINT,
    ran_milliseconds BIGINT  NOT NULL,
    ended_at         BIGINT,
    CONSTRAINT runs_number_unique UNIQUE (project_id, number)
);
CREATE INDEX runs_of_project ON runs (project_id, id);
-- Runs that still need to be carried on.
CREATE INDEX runs_open ON runs (id) WHERE ended_at IS NULL;

-- The items of runs that were named one by one.
CREATE TABLE run_items (
    run_id  UUID NOT NULL REFERENCES runs (id),
    item_id UUID NOT NULL REFERENCES items (id),
    PRIMARY KEY (run_id, item_id)
);

-- Tasks of a run that is paused are marked, and left out of what claims walk, so that they cost claims nothing.
ALTER TABLE tasks ADD COLUMN run_id UUID REFERENCES runs (id);
ALTER TABLE tasks ADD COLUMN paused BOOLEAN NOT NULL DEFAULT false;
DROP INDEX tasks_claimable;
DROP INDEX tasks_claimable_of_annotator;
CREATE INDEX tasks_claimable ON tasks (kind, priority DESC, id, coalesce(lease_until, ready_at))
    WHERE state IN ('ready', 'leased') AND NOT paused AND kind IN ('annotate', 'score', 'refit');
CREATE INDEX tasks_claimable_of_annotator
    ON tasks (annotator_id, priority DESC, id, coalesce(lease_until, ready_at), attempts, uncounted)
    WHERE state IN ('ready', 'leased') AND NOT paused AND kind = 'annotate';

-- What is told about a run is read from these.
CREATE INDEX tasks_of_run ON tasks (run_id, state, paused, annotator_id, attempts, uncounted) WHERE run_id IS NOT NULL;
CREATE INDEX tasks_ended_of_run ON tasks (run_id, finished_at) WHERE run_id IS NOT NULL AND finished_at IS NOT NULL;
CREATE INDEX tasks_troubled_of_run ON tasks (run_id, state) WHERE run_id IS NOT NULL AND last_error IS NOT NULL;
CREATE INDEX tasks_paused ON tasks (project_id) WHERE paused AND state = 'ready';
CREATE INDEX annotations_failed ON annotations (project_id, id) WHERE failed;

-- For whom a call is made.
ALTER TABLE begun_calls ADD COLUMN run_id UUID REFERENCES runs (id);
ALTER TABLE begun_calls ADD COLUMN annotator_id UUID REFERENCES annotators (id);

-- What the calls of a run have cost. Money is decimal, to the last digit; the currency is empty where there are no prices.
CREATE TABLE run_spending (
    run_id        UUID    NOT NULL REFERENCES runs (id),
    annotator_id  UUID    NOT NULL REFERENCES annotators (id),
    provider      TEXT    COLLATE "C" NOT NULL,
    currency      TEXT    COLLATE "C" NOT NULL,
    kept_calls    BIGINT  NOT NULL,
    failed_calls  BIGINT  NOT NULL,
    lost_calls    BIGINT  NOT NULL,
    input_tokens  BIGINT  NOT NULL,
    output_tokens BIGINT  NOT NULL,
    cost          NUMERIC NOT NULL,
    PRIMARY KEY (run_id, annotator_id, provider, currency)
) WITH (fillfactor = 50);

-- The calls of a run that got a reply, in the order in which they did.
CREATE TABLE run_calls (
    run_id               UUID   NOT NULL REFERENCES runs (id),
    received_at          BIGINT NOT NULL,
    key                  TEXT   COLLATE "C" NOT NULL,
    annotator_id         UUID   NOT NULL REFERENCES annotators (id),
    provider             TEXT   COLLATE "C" NOT NULL,
    latency_milliseconds BIGINT NOT NULL,
    PRIMARY KEY (run_id, received_at, key)
);
