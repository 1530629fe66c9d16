-- Gold is never changed; the table beside it points at the value that counts, which is the one added last.
CREATE TABLE gold (
    id         UUID   NOT NULL PRIMARY KEY,
    project_id UUID   NOT NULL REFERENCES projects (id),
    item_id    UUID   NOT NULL REFERENCES items (id),
    field      TEXT   COLLATE "C" NOT NULL,
    answer     JSON   NOT NULL,
    source     TEXT   NOT NULL CONSTRAINT gold_source_known CHECK (source IN ('imported', 'adjudicated', 'audited')),
    propensity DOUBLE PRECISION CONSTRAINT gold_propensity_range CHECK (propensity > 0 AND propensity <= 1),
    user_id    UUID   REFERENCES users (id),
    created_at BIGINT NOT NULL
);
CREATE INDEX gold_of_item ON gold (item_id, id);

CREATE TABLE current_gold (
    item_id    UUID NOT NULL REFERENCES items (id),
    field      TEXT COLLATE "C" NOT NULL,
    gold_id    UUID NOT NULL REFERENCES gold (id),
    project_id UUID NOT NULL REFERENCES projects (id),
    PRIMARY KEY (item_id, field)
) WITH (fillfactor = 85);
CREATE INDEX current_gold_of_project ON current_gold (project_id, gold_id);

CREATE TRIGGER gold_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON gold
    FOR EACH STATEMENT EXECUTE FUNCTION keep_as_written();
