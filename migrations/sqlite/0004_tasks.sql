-- The queue. `ready_at` delays a first or repeated attempt; lease times are the database's clock.
CREATE TABLE tasks (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    project_id   BLOB    NOT NULL REFERENCES projects (id),
    item_id      BLOB    REFERENCES items (id),
    kind         TEXT    NOT NULL CHECK (kind IN ('annotate', 'vote', 'review', 'score', 'refit')),
    annotator_id BLOB    REFERENCES annotators (id),
    slot         INTEGER NOT NULL CHECK (slot >= 0),
    state        TEXT    NOT NULL CHECK (state IN ('ready', 'leased', 'done', 'skipped', 'dead', 'cancelled')),
    priority     INTEGER NOT NULL,
    attempts     INTEGER NOT NULL CHECK (attempts >= 0),
    ready_at     INTEGER NOT NULL,
    user_id      BLOB    REFERENCES users (id),
    worker       TEXT,
    lease_token  TEXT,
    lease_until  INTEGER,
    last_error   TEXT,
    created_at   INTEGER NOT NULL,
    finished_at  INTEGER,
    CHECK ((kind = 'refit') = (item_id IS NULL)),
    CHECK ((kind = 'annotate') = (annotator_id IS NOT NULL)),
    CHECK ((state = 'leased') = (lease_token IS NOT NULL)),
    CHECK ((state = 'leased') = (lease_until IS NOT NULL)),
    CHECK ((state IN ('ready', 'leased')) = (finished_at IS NULL))
) STRICT, WITHOUT ROWID;

-- Uniqueness of what is planned. A score or refit task that is running may have missed what is new, so it does not
-- keep another one from being planned.
CREATE UNIQUE INDEX tasks_annotate_unique ON tasks (item_id, annotator_id)
    WHERE kind = 'annotate' AND state <> 'cancelled';
CREATE UNIQUE INDEX tasks_vote_unique ON tasks (item_id, slot) WHERE kind = 'vote';
-- A person holds, did or skipped at most one vote task of an item.
CREATE UNIQUE INDEX tasks_vote_person_unique ON tasks (item_id, user_id)
    WHERE kind = 'vote' AND state IN ('leased', 'done', 'skipped');
CREATE UNIQUE INDEX tasks_review_unique ON tasks (item_id) WHERE kind = 'review' AND state IN ('ready', 'leased');
CREATE UNIQUE INDEX tasks_score_unique ON tasks (item_id) WHERE kind = 'score' AND state = 'ready';
CREATE UNIQUE INDEX tasks_refit_unique ON tasks (project_id) WHERE kind = 'refit' AND state = 'ready';

-- Claims walk these from the front: over all projects for workers, in one project for people and bound workers.
CREATE INDEX tasks_ready ON tasks (kind, priority DESC, id)
    WHERE state = 'ready' AND kind IN ('annotate', 'score', 'refit');
CREATE INDEX tasks_ready_of_project ON tasks (project_id, kind, priority DESC, id) WHERE state = 'ready';
CREATE INDEX tasks_leased ON tasks (lease_until) WHERE state = 'leased';
CREATE INDEX tasks_leased_by_person ON tasks (user_id, project_id, kind) WHERE state = 'leased' AND user_id IS NOT NULL;
CREATE INDEX tasks_of_item ON tasks (item_id, kind);
CREATE INDEX tasks_of_project ON tasks (project_id, id);
CREATE INDEX tasks_by_state ON tasks (project_id, kind, state, id);
