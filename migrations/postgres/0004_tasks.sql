-- The queue. `ready_at` delays a first or repeated attempt; lease times are the database's clock.
CREATE TABLE tasks (
    id           UUID    NOT NULL PRIMARY KEY,
    project_id   UUID    NOT NULL REFERENCES projects (id),
    item_id      UUID    REFERENCES items (id),
    kind         TEXT    COLLATE "C" NOT NULL
        CONSTRAINT tasks_kind_known CHECK (kind IN ('annotate', 'vote', 'review', 'score', 'refit')),
    annotator_id UUID    REFERENCES annotators (id),
    slot         INTEGER NOT NULL CONSTRAINT tasks_slot_counts CHECK (slot >= 0),
    state        TEXT    COLLATE "C" NOT NULL
        CONSTRAINT tasks_state_known CHECK (state IN ('ready', 'leased', 'done', 'skipped', 'dead', 'cancelled')),
    priority     INTEGER NOT NULL,
    attempts     INTEGER NOT NULL CONSTRAINT tasks_attempts_count CHECK (attempts >= 0),
    ready_at     BIGINT  NOT NULL,
    user_id      UUID    REFERENCES users (id),
    worker       TEXT,
    lease_token  TEXT    COLLATE "C",
    lease_until  BIGINT,
    last_error   TEXT,
    created_at   BIGINT  NOT NULL,
    finished_at  BIGINT,
    CONSTRAINT tasks_item_given CHECK ((kind = 'refit') = (item_id IS NULL)),
    CONSTRAINT tasks_annotator_given CHECK ((kind = 'annotate') = (annotator_id IS NOT NULL)),
    CONSTRAINT tasks_lease_token_given CHECK ((state = 'leased') = (lease_token IS NOT NULL)),
    CONSTRAINT tasks_lease_end_given CHECK ((state = 'leased') = (lease_until IS NOT NULL)),
    CONSTRAINT tasks_end_given CHECK ((state IN ('ready', 'leased')) = (finished_at IS NULL))
) WITH (
    -- Rows change several times within seconds: leave room on the page, and clean up long before a fifth of the table
    -- is dead, without pauses.
    fillfactor = 85,
    autovacuum_vacuum_scale_factor = 0.01,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.02,
    autovacuum_vacuum_cost_delay = 0
);

-- Uniqueness of what is planned. A score or refit task that is running may have missed what is new, so it does not
-- keep another one from being planned.
CREATE UNIQUE INDEX tasks_annotate_unique ON tasks (item_id, annotator_id)
    WHERE kind = 'annotate' AND state <> 'cancelled';
CREATE UNIQUE INDEX tasks_vote_unique ON tasks (item_id, slot) WHERE kind = 'vote';
CREATE UNIQUE INDEX tasks_review_unique ON tasks (item_id) WHERE kind = 'review' AND state IN ('ready', 'leased');
CREATE UNIQUE INDEX tasks_score_unique ON tasks (item_id) WHERE kind = 'score' AND state = 'ready';
CREATE UNIQUE INDEX tasks_refit_unique ON tasks (project_id) WHERE kind = 'refit' AND state = 'ready';

-- One person votes on an item once, whatever browsers do.
CREATE UNIQUE INDEX tasks_vote_person_unique ON tasks (item_id, user_id)
    WHERE kind = 'vote' AND state IN ('leased', 'done', 'skipped') AND user_id IS NOT NULL;

-- Claims walk these from the front. Their last column is the moment from which a task may be claimed, the end of the
-- delay or of the lease, so that tasks whose time has not come are passed over inside the index.
CREATE INDEX tasks_claimable ON tasks (kind, priority DESC, id, coalesce(lease_until, ready_at))
    WHERE state IN ('ready', 'leased') AND kind IN ('annotate', 'score', 'refit');
CREATE INDEX tasks_claimable_by_people ON tasks (project_id, kind, priority DESC, id, coalesce(lease_until, ready_at))
    WHERE state IN ('ready', 'leased') AND kind IN ('vote', 'review');
CREATE INDEX tasks_leased ON tasks (lease_until) WHERE state = 'leased';
CREATE INDEX tasks_leased_by_person ON tasks (user_id, project_id, kind) WHERE state = 'leased' AND user_id IS NOT NULL;
CREATE INDEX tasks_of_item ON tasks (item_id, kind);
CREATE INDEX tasks_of_project ON tasks (project_id, id);
CREATE INDEX tasks_by_state ON tasks (project_id, kind, state, id);
