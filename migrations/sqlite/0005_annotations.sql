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

-- What is written stays, whoever connects.
CREATE TRIGGER annotations_keep_update BEFORE UPDATE ON annotations
    BEGIN SELECT RAISE(ABORT, 'annotations are append-only'); END;
CREATE TRIGGER annotations_keep_delete BEFORE DELETE ON annotations
    BEGIN SELECT RAISE(ABORT, 'annotations are append-only'); END;
