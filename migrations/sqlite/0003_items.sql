-- Items and what was read from their files.

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
