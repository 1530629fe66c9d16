-- Calibrators are never changed; the table beside them points at the one that counts, which is the one added last.
CREATE TABLE calibrators (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    project_id BLOB    NOT NULL REFERENCES projects (id),
    field      TEXT    NOT NULL,
    body       TEXT    NOT NULL CHECK (json_valid(body)),
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX calibrators_of_project ON calibrators (project_id, id);

CREATE TABLE current_calibrators (
    project_id    BLOB NOT NULL REFERENCES projects (id),
    field         TEXT NOT NULL,
    calibrator_id BLOB NOT NULL REFERENCES calibrators (id),
    PRIMARY KEY (project_id, field)
) STRICT, WITHOUT ROWID;

-- What is written stays, whoever connects.
CREATE TRIGGER calibrators_keep_update BEFORE UPDATE ON calibrators
    BEGIN SELECT RAISE(ABORT, 'calibrators are append-only'); END;
CREATE TRIGGER calibrators_keep_delete BEFORE DELETE ON calibrators
    BEGIN SELECT RAISE(ABORT, 'calibrators are append-only'); END;
