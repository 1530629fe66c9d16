-- Consensus is never changed; the table beside it points at the row that counts, which is the one added last.
CREATE TABLE consensus (
    id         UUID   NOT NULL PRIMARY KEY,
    project_id UUID   NOT NULL REFERENCES projects (id),
    item_id    UUID   NOT NULL REFERENCES items (id),
    field      TEXT   COLLATE "C" NOT NULL,
    body       JSON   NOT NULL,
    created_at BIGINT NOT NULL,
    -- The order of adding, which the history of an item goes by.
    sequence   BIGINT NOT NULL GENERATED ALWAYS AS IDENTITY
);
CREATE INDEX consensus_of_item ON consensus (item_id, sequence);

CREATE TABLE current_consensus (
    item_id      UUID    NOT NULL REFERENCES items (id),
    field        TEXT    COLLATE "C" NOT NULL,
    consensus_id UUID    NOT NULL REFERENCES consensus (id),
    project_id   UUID    NOT NULL REFERENCES projects (id),
    accepted     BOOLEAN NOT NULL,
    -- The calibrated probability; none when the confidence is not calibrated.
    probability  DOUBLE PRECISION
        CONSTRAINT current_consensus_probability_range CHECK (probability BETWEEN 0 AND 1),
    PRIMARY KEY (item_id, field)
) WITH (fillfactor = 85);
CREATE INDEX current_consensus_of_project ON current_consensus (project_id, consensus_id);
CREATE INDEX current_consensus_of_field ON current_consensus (project_id, field, accepted, probability);

CREATE TRIGGER consensus_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON consensus
    FOR EACH STATEMENT EXECUTE FUNCTION keep_as_written();
