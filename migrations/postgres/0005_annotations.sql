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

CREATE TRIGGER annotations_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON annotations
    FOR EACH STATEMENT EXECUTE FUNCTION keep_as_written();
