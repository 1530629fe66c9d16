-- The first schema. The same tables, columns and names exist for SQLite under the same number.
--
-- Moments are microseconds since 1970, as in the program. JSON, not JSONB: it keeps the order of keys and the very
-- text, and nothing queries inside. Names sort byte by byte (COLLATE "C") on every server. Money stays inside JSON as
-- text, never as a floating-point number.

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

CREATE TABLE projects (
    id         UUID   NOT NULL PRIMARY KEY,
    name       TEXT   COLLATE "C" NOT NULL,
    definition JSON   NOT NULL,
    version    BIGINT NOT NULL CONSTRAINT projects_version_positive CHECK (version >= 1),
    created_at BIGINT NOT NULL,
    CONSTRAINT projects_name_unique UNIQUE (name)
);

CREATE TABLE users (
    id            UUID    NOT NULL PRIMARY KEY,
    name          TEXT    COLLATE "C" NOT NULL,
    role          TEXT    NOT NULL CONSTRAINT users_role_known CHECK (role IN ('annotator', 'reviewer', 'administrator')),
    active        BOOLEAN NOT NULL,
    password_hash TEXT    NOT NULL,
    created_at    BIGINT  NOT NULL,
    CONSTRAINT users_name_unique UNIQUE (name)
);

-- Sessions and tokens are known by the hash of their secret only.
CREATE TABLE sessions (
    secret_hash TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    user_id     UUID   NOT NULL REFERENCES users (id),
    expires_at  BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_end ON sessions (expires_at);

CREATE TABLE tokens (
    id          UUID   NOT NULL PRIMARY KEY,
    name        TEXT   COLLATE "C" NOT NULL,
    scopes      TEXT[] NOT NULL,
    project_id  UUID   REFERENCES projects (id),
    secret_hash TEXT   COLLATE "C" NOT NULL,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT,
    revoked_at  BIGINT,
    CONSTRAINT tokens_secret_unique UNIQUE (secret_hash),
    CONSTRAINT tokens_scopes_known CHECK (scopes <@ ARRAY['admin', 'annotate', 'read-data', 'extract'])
);

CREATE TABLE annotators (
    id         UUID    NOT NULL PRIMARY KEY,
    project_id UUID    NOT NULL REFERENCES projects (id),
    name       TEXT    COLLATE "C" NOT NULL,
    family     TEXT    NOT NULL,
    kind       JSON    NOT NULL,
    active     BOOLEAN NOT NULL,
    created_at BIGINT  NOT NULL,
    CONSTRAINT annotators_name_unique UNIQUE (project_id, name)
);

CREATE TABLE items (
    id           UUID   NOT NULL PRIMARY KEY,
    project_id   UUID   NOT NULL REFERENCES projects (id),
    external_id  TEXT   COLLATE "C" NOT NULL,
    content_hash TEXT   COLLATE "C" NOT NULL,
    content      JSON   NOT NULL,
    metadata     JSON   NOT NULL,
    state        TEXT   COLLATE "C" NOT NULL
        CONSTRAINT items_state_known CHECK (state IN ('pending', 'accepted', 'needs_review', 'resolved')),
    created_at   BIGINT NOT NULL,
    CONSTRAINT items_external_id_unique UNIQUE (project_id, external_id)
);
CREATE INDEX items_by_project ON items (project_id, id);
CREATE INDEX items_by_state ON items (project_id, state, id);

-- What was read from a file, by the version of the code that read it.
CREATE TABLE documents (
    content_hash TEXT   COLLATE "C" NOT NULL,
    code_version TEXT   COLLATE "C" NOT NULL,
    document     JSON   NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (content_hash, code_version)
);

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
CREATE UNIQUE INDEX tasks_vote_by_person_unique ON tasks (item_id, user_id)
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

-- Annotations are never changed. A task has one annotation that is not a failure of the whole; a task that was set
-- aside and put back may have failures beside it.
CREATE TABLE annotations (
    id           UUID    NOT NULL PRIMARY KEY,
    project_id   UUID    NOT NULL REFERENCES projects (id),
    item_id      UUID    NOT NULL REFERENCES items (id),
    annotator_id UUID    NOT NULL REFERENCES annotators (id),
    task_id      UUID    NOT NULL REFERENCES tasks (id),
    answers      JSON    NOT NULL,
    provenance   JSON    NOT NULL,
    failed       BOOLEAN NOT NULL,
    submitted_at BIGINT  NOT NULL
);
CREATE UNIQUE INDEX annotations_task_unique ON annotations (task_id) WHERE NOT failed;
CREATE INDEX annotations_of_task ON annotations (task_id);
CREATE INDEX annotations_of_item ON annotations (item_id, id);
CREATE INDEX annotations_of_project ON annotations (project_id, id);

-- Consensus, gold and calibrators are never changed; the tables beside them point at the row that counts, which is
-- the one that was added last.
CREATE TABLE consensus (
    id         UUID   NOT NULL PRIMARY KEY,
    project_id UUID   NOT NULL REFERENCES projects (id),
    item_id    UUID   NOT NULL REFERENCES items (id),
    field      TEXT   COLLATE "C" NOT NULL,
    body       JSON   NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX consensus_of_item ON consensus (item_id, id);

CREATE TABLE present_consensus (
    item_id      UUID    NOT NULL REFERENCES items (id),
    field        TEXT    COLLATE "C" NOT NULL,
    consensus_id UUID    NOT NULL REFERENCES consensus (id),
    project_id   UUID    NOT NULL REFERENCES projects (id),
    accepted     BOOLEAN NOT NULL,
    -- The calibrated probability; none when the confidence is not calibrated.
    probability  DOUBLE PRECISION
        CONSTRAINT present_consensus_probability_range CHECK (probability BETWEEN 0 AND 1),
    PRIMARY KEY (item_id, field)
) WITH (fillfactor = 85);
CREATE INDEX present_consensus_of_project ON present_consensus (project_id, consensus_id);
CREATE INDEX present_consensus_of_field ON present_consensus (project_id, field, accepted, probability);

CREATE TABLE gold (
    id         UUID   NOT NULL PRIMARY KEY,
    project_id UUID   NOT NULL REFERENCES projects (id),
    item_id    UUID   NOT NULL REFERENCES items (id),
    field      TEXT   COLLATE "C" NOT NULL,
    answer     JSON   NOT NULL,
    source     TEXT   NOT NULL CONSTRAINT gold_source_known CHECK (source IN ('imported', 'adjudicated', 'audited')),
    propensity DOUBLE PRECISION CONSTRAINT gold_propensity_range CHECK (propensity > 0 AND propensity <= 1),
    user_id    UUID   REFERENCES users (id),
    created_at BIGINT NOT NULL
);
CREATE INDEX gold_of_item ON gold (item_id, id);

CREATE TABLE present_gold (
    item_id    UUID NOT NULL REFERENCES items (id),
    field      TEXT COLLATE "C" NOT NULL,
    gold_id    UUID NOT NULL REFERENCES gold (id),
    project_id UUID NOT NULL REFERENCES projects (id),
    PRIMARY KEY (item_id, field)
) WITH (fillfactor = 85);
CREATE INDEX present_gold_of_project ON present_gold (project_id, gold_id);

CREATE TABLE calibrators (
    id         UUID   NOT NULL PRIMARY KEY,
    project_id UUID   NOT NULL REFERENCES projects (id),
    field      TEXT   COLLATE "C" NOT NULL,
    body       JSON   NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX calibrators_of_project ON calibrators (project_id, id);

CREATE TABLE present_calibrators (
    project_id    UUID NOT NULL REFERENCES projects (id),
    field         TEXT COLLATE "C" NOT NULL,
    calibrator_id UUID NOT NULL REFERENCES calibrators (id),
    PRIMARY KEY (project_id, field)
);

-- Answers of models by everything that was asked. The reply is kept byte for byte.
CREATE TABLE calls (
    key                  TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    provider             TEXT   NOT NULL,
    response             BYTEA  NOT NULL,
    latency_milliseconds BIGINT NOT NULL,
    received_at          BIGINT NOT NULL
);

CREATE TABLE idempotency_keys (
    owner        TEXT   COLLATE "C" NOT NULL,
    key          TEXT   COLLATE "C" NOT NULL,
    request_hash TEXT   COLLATE "C" NOT NULL,
    reference    TEXT   NOT NULL,
    claimed_at   BIGINT NOT NULL,
    PRIMARY KEY (owner, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (claimed_at);

-- What is append-only stays as it was written, whoever connects.
CREATE FUNCTION keep_as_written() RETURNS TRIGGER
    LANGUAGE plpgsql
    AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END
    $$;
CREATE TRIGGER annotations_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON annotations
    FOR EACH STATEMENT EXECUTE FUNCTION keep_as_written();
CREATE TRIGGER consensus_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON consensus
    FOR EACH STATEMENT EXECUTE FUNCTION keep_as_written();
CREATE TRIGGER gold_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON gold
    FOR EACH STATEMENT EXECUTE FUNCTION keep_as_written();
CREATE TRIGGER calibrators_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON calibrators
    FOR EACH STATEMENT EXECUTE FUNCTION keep_as_written();
