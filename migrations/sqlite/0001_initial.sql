-- The first schema. The same tables, columns and names exist for PostgreSQL under the same number.
--
-- Identifiers are UUIDs of version 7 as 16 bytes: they sort by time, and half the size of their text matters in
-- indexes over millions of tasks. Show one with `lower(hex(id))`. Moments are microseconds since 1970. JSON is text:
-- only whole documents are read and written, and text keeps every character and every digit of what was given.
-- Money stays inside JSON as text, never as a floating-point number.

CREATE TABLE projects (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name       TEXT    NOT NULL,
    definition TEXT    NOT NULL CHECK (json_valid(definition)),
    version    INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    CONSTRAINT projects_name_unique UNIQUE (name)
) STRICT;

CREATE TABLE users (
    id            BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name          TEXT    NOT NULL,
    role          TEXT    NOT NULL CHECK (role IN ('annotator', 'reviewer', 'administrator')),
    active        INTEGER NOT NULL CHECK (active IN (0, 1)),
    password_hash TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    CONSTRAINT users_name_unique UNIQUE (name)
) STRICT;

-- Sessions and tokens are known by the hash of their secret only.
CREATE TABLE sessions (
    secret_hash TEXT    NOT NULL PRIMARY KEY,
    user_id     BLOB    NOT NULL REFERENCES users (id),
    expires_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_end ON sessions (expires_at);

CREATE TABLE tokens (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name        TEXT    NOT NULL,
    scopes      TEXT    NOT NULL CHECK (json_valid(scopes)),
    project_id  BLOB    REFERENCES projects (id),
    secret_hash TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER,
    revoked_at  INTEGER,
    CONSTRAINT tokens_secret_unique UNIQUE (secret_hash)
) STRICT;

CREATE TABLE annotators (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    project_id BLOB    NOT NULL REFERENCES projects (id),
    name       TEXT    NOT NULL,
    family     TEXT    NOT NULL,
    kind       TEXT    NOT NULL CHECK (json_valid(kind)),
    active     INTEGER NOT NULL CHECK (active IN (0, 1)),
    created_at INTEGER NOT NULL,
    CONSTRAINT annotators_name_unique UNIQUE (project_id, name)
) STRICT;

CREATE TABLE items (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    project_id   BLOB    NOT NULL REFERENCES projects (id),
    external_id  TEXT    NOT NULL,
    content_hash TEXT    NOT NULL,
    content      TEXT    NOT NULL CHECK (json_valid(content)),
    metadata     TEXT    NOT NULL CHECK (json_valid(metadata)),
    state        TEXT    NOT NULL CHECK (state IN ('pending', 'accepted', 'needs_review', 'resolved')),
    created_at   INTEGER NOT NULL,
    CONSTRAINT items_external_id_unique UNIQUE (project_id, external_id)
) STRICT;
CREATE INDEX items_by_project ON items (project_id, id);
CREATE INDEX items_by_state ON items (project_id, state, id);

-- What was read from a file, by the version of the code that read it.
CREATE TABLE documents (
    content_hash TEXT    NOT NULL,
    code_version TEXT    NOT NULL,
    document     TEXT    NOT NULL CHECK (json_valid(document)),
    created_at   INTEGER NOT NULL,
    PRIMARY KEY (content_hash, code_version)
) STRICT;

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

-- Annotations are never changed. A task has one annotation that is not a failure of the whole; a task that was set
-- aside and put back may have failures beside it.
CREATE TABLE annotations (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    project_id   BLOB    NOT NULL REFERENCES projects (id),
    item_id      BLOB    NOT NULL REFERENCES items (id),
    annotator_id BLOB    NOT NULL REFERENCES annotators (id),
    task_id      BLOB    NOT NULL REFERENCES tasks (id),
    answers      TEXT    NOT NULL CHECK (json_valid(answers)),
    provenance   TEXT    NOT NULL CHECK (json_valid(provenance)),
    failed       INTEGER NOT NULL CHECK (failed IN (0, 1)),
    submitted_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX annotations_task_unique ON annotations (task_id) WHERE failed = 0;
CREATE INDEX annotations_of_task ON annotations (task_id);
CREATE INDEX annotations_of_item ON annotations (item_id, id);
CREATE INDEX annotations_of_project ON annotations (project_id, id);

-- Consensus, gold and calibrators are never changed; the tables beside them point at the row that counts, which is
-- the one that was added last.
CREATE TABLE consensus (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    project_id BLOB    NOT NULL REFERENCES projects (id),
    item_id    BLOB    NOT NULL REFERENCES items (id),
    field      TEXT    NOT NULL,
    body       TEXT    NOT NULL CHECK (json_valid(body)),
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX consensus_of_item ON consensus (item_id, id);

CREATE TABLE present_consensus (
    item_id      BLOB    NOT NULL REFERENCES items (id),
    field        TEXT    NOT NULL,
    consensus_id BLOB    NOT NULL REFERENCES consensus (id),
    project_id   BLOB    NOT NULL REFERENCES projects (id),
    accepted     INTEGER NOT NULL CHECK (accepted IN (0, 1)),
    -- The calibrated probability; none when the confidence is not calibrated.
    probability  REAL,
    PRIMARY KEY (item_id, field)
) STRICT, WITHOUT ROWID;
CREATE INDEX present_consensus_of_project ON present_consensus (project_id, consensus_id);
CREATE INDEX present_consensus_of_field ON present_consensus (project_id, field, accepted, probability);

CREATE TABLE gold (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    project_id BLOB    NOT NULL REFERENCES projects (id),
    item_id    BLOB    NOT NULL REFERENCES items (id),
    field      TEXT    NOT NULL,
    answer     TEXT    NOT NULL CHECK (json_valid(answer)),
    source     TEXT    NOT NULL CHECK (source IN ('imported', 'adjudicated', 'audited')),
    propensity REAL    CHECK (propensity > 0 AND propensity <= 1),
    user_id    BLOB    REFERENCES users (id),
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX gold_of_item ON gold (item_id, id);

CREATE TABLE present_gold (
    item_id    BLOB NOT NULL REFERENCES items (id),
    field      TEXT NOT NULL,
    gold_id    BLOB NOT NULL REFERENCES gold (id),
    project_id BLOB NOT NULL REFERENCES projects (id),
    PRIMARY KEY (item_id, field)
) STRICT, WITHOUT ROWID;
CREATE INDEX present_gold_of_project ON present_gold (project_id, gold_id);

CREATE TABLE calibrators (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    project_id BLOB    NOT NULL REFERENCES projects (id),
    field      TEXT    NOT NULL,
    body       TEXT    NOT NULL CHECK (json_valid(body)),
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX calibrators_of_project ON calibrators (project_id, id);

CREATE TABLE present_calibrators (
    project_id    BLOB NOT NULL REFERENCES projects (id),
    field         TEXT NOT NULL,
    calibrator_id BLOB NOT NULL REFERENCES calibrators (id),
    PRIMARY KEY (project_id, field)
) STRICT, WITHOUT ROWID;

-- Answers of models by everything that was asked. The reply is kept byte for byte.
CREATE TABLE calls (
    key                  TEXT    NOT NULL PRIMARY KEY,
    provider             TEXT    NOT NULL,
    response             BLOB    NOT NULL,
    latency_milliseconds INTEGER NOT NULL,
    received_at          INTEGER NOT NULL
) STRICT;

CREATE TABLE idempotency_keys (
    owner        TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    request_hash TEXT    NOT NULL,
    reference    TEXT    NOT NULL,
    claimed_at   INTEGER NOT NULL,
    PRIMARY KEY (owner, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (claimed_at);

-- What is append-only stays as it was written, whoever connects.
CREATE TRIGGER annotations_keep_update BEFORE UPDATE ON annotations
    BEGIN SELECT RAISE(ABORT, 'annotations are append-only'); END;
CREATE TRIGGER annotations_keep_delete BEFORE DELETE ON annotations
    BEGIN SELECT RAISE(ABORT, 'annotations are append-only'); END;
CREATE TRIGGER consensus_keep_update BEFORE UPDATE ON consensus
    BEGIN SELECT RAISE(ABORT, 'consensus is append-only'); END;
CREATE TRIGGER consensus_keep_delete BEFORE DELETE ON consensus
    BEGIN SELECT RAISE(ABORT, 'consensus is append-only'); END;
CREATE TRIGGER gold_keep_update BEFORE UPDATE ON gold
    BEGIN SELECT RAISE(ABORT, 'gold is append-only'); END;
CREATE TRIGGER gold_keep_delete BEFORE DELETE ON gold
    BEGIN SELECT RAISE(ABORT, 'gold is append-only'); END;
CREATE TRIGGER calibrators_keep_update BEFORE UPDATE ON calibrators
    BEGIN SELECT RAISE(ABORT, 'calibrators are append-only'); END;
CREATE TRIGGER calibrators_keep_delete BEFORE DELETE ON calibrators
    BEGIN SELECT RAISE(ABORT, 'calibrators are append-only'); END;
