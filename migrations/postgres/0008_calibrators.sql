-- Calibrators are never changed; the table beside them points at the one that counts, which is the one added last.
CREATE TABLE calibrators (
    id         UUID   NOT NULL PRIMARY KEY,
    project_id UUID   NOT NULL REFERENCES projects (id),
    field      TEXT   COLLATE "C" NOT NULL,
    body       JSON   NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX calibrators_of_project ON calibrators (project_id, id);

CREATE TABLE current_calibrators (
    project_id    UUID NOT NULL REFERENCES projects (id),
    field         TEXT COLLATE "C" NOT NULL,
    calibrator_id UUID NOT NULL REFERENCES calibrators (id),
    PRIMARY KEY (project_id, field)
);

CREATE TRIGGER calibrators_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON calibrators
    FOR EACH STATEMENT EXECUTE FUNCTION keep_as_written();
