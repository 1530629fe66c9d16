-- Items and what was read from their files.

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
