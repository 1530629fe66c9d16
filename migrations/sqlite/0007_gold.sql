-- Gold is never changed; the table beside it points at the value that counts, which is the one added last.
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

CREATE TABLE current_gold (
    item_id    BLOB NOT NULL REFERENCES items (id),
    field      TEXT NOT NULL,
    gold_id    BLOB NOT NULL REFERENCES gold (id),
    project_id BLOB NOT NULL REFERENCES projects (id),
    PRIMARY KEY (item_id, field)
) STRICT, WITHOUT ROWID;
CREATE INDEX current_gold_of_project ON current_gold (project_id, gold_id);

-- What is written stays, whoever connects.
CREATE TRIGGER gold_keep_update BEFORE UPDATE ON gold
    BEGIN SELECT RAISE(ABORT, 'gold is append-only'); END;
CREATE TRIGGER gold_keep_delete BEFORE DELETE ON gold
    BEGIN SELECT RAISE(ABORT, 'gold is append-only'); END;
