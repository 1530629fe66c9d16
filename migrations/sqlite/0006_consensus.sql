-- Consensus is never changed; the table beside it points at the row that counts, which is the one added last.
CREATE TABLE consensus (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    project_id BLOB    NOT NULL REFERENCES projects (id),
    item_id    BLOB    NOT NULL REFERENCES items (id),
    field      TEXT    NOT NULL,
    body       TEXT    NOT NULL CHECK (json_valid(body)),
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX consensus_of_item ON consensus (item_id, id);

CREATE TABLE current_consensus (
    item_id      BLOB    NOT NULL REFERENCES items (id),
    field        TEXT    NOT NULL,
    consensus_id BLOB    NOT NULL REFERENCES consensus (id),
    project_id   BLOB    NOT NULL REFERENCES projects (id),
    accepted     INTEGER NOT NULL CHECK (accepted IN (0, 1)),
    -- The calibrated probability; none when the confidence is not calibrated.
    probability  REAL,
    PRIMARY KEY (item_id, field)
) STRICT, WITHOUT ROWID;
CREATE INDEX current_consensus_of_project ON current_consensus (project_id, consensus_id);
CREATE INDEX current_consensus_of_field ON current_consensus (project_id, field, accepted, probability);

-- What is written stays, whoever connects.
CREATE TRIGGER consensus_keep_update BEFORE UPDATE ON consensus
    BEGIN SELECT RAISE(ABORT, 'consensus is append-only'); END;
CREATE TRIGGER consensus_keep_delete BEFORE DELETE ON consensus
    BEGIN SELECT RAISE(ABORT, 'consensus is append-only'); END;
