-- What a judge said in one call of the values of one item. Never changed.
CREATE TABLE judgements (
    id         UUID   NOT NULL PRIMARY KEY,
    project_id UUID   NOT NULL REFERENCES projects (id),
    item_id    UUID   NOT NULL REFERENCES items (id),
    call_key   TEXT   COLLATE "C" NOT NULL,
    body       JSON   NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX judgements_call_unique ON judgements (item_id, call_key);

CREATE TRIGGER judgements_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON judgements
    FOR EACH STATEMENT EXECUTE FUNCTION keep_as_written();

-- The last comparison of confidence methods of each project; it can be computed anew.
CREATE TABLE method_comparisons (
    project_id  UUID   NOT NULL PRIMARY KEY REFERENCES projects (id),
    body        JSON   NOT NULL,
    computed_at BIGINT NOT NULL
);
