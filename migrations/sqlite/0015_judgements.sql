-- What a judge said in one call of the values of one item. Never changed.
CREATE TABLE judgements (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    project_id BLOB    NOT NULL REFERENCES projects (id),
    item_id    BLOB    NOT NULL REFERENCES items (id),
    call_key   TEXT    NOT NULL,
    body       TEXT    NOT NULL CHECK (json_valid(body)),
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX judgements_call_unique ON judgements (item_id, call_key);

CREATE TRIGGER judgements_keep_update BEFORE UPDATE ON judgements
    BEGIN SELECT RAISE(ABORT, 'judgements are append-only'); END;
CREATE TRIGGER judgements_keep_delete BEFORE DELETE ON judgements
    BEGIN SELECT RAISE(ABORT, 'judgements are append-only'); END;

-- The last comparison of confidence methods of each project; it can be computed anew.
CREATE TABLE method_comparisons (
    project_id  BLOB    NOT NULL PRIMARY KEY REFERENCES projects (id),
    body        TEXT    NOT NULL CHECK (json_valid(body)),
    computed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
