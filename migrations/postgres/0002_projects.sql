-- Projects, whoever votes in them, and the tokens that open them.

CREATE TABLE projects (
    id         UUID   NOT NULL PRIMARY KEY,
    name       TEXT   COLLATE "C" NOT NULL,
    definition JSON   NOT NULL,
    version    BIGINT NOT NULL CONSTRAINT projects_version_positive CHECK (version >= 1),
    created_at BIGINT NOT NULL,
    CONSTRAINT projects_name_unique UNIQUE (name)
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

-- Known by the hash of the secret only.
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
