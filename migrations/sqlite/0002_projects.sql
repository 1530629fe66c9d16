-- Projects, whoever votes in them, and the tokens that open them.

CREATE TABLE projects (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name       TEXT    NOT NULL,
    definition TEXT    NOT NULL CHECK (json_valid(definition)),
    version    INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    CONSTRAINT projects_name_unique UNIQUE (name)
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

-- Known by the hash of the secret only.
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
