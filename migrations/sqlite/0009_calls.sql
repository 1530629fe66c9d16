-- Answers of models by everything that was asked. The reply is kept byte for byte.
CREATE TABLE calls (
    key                  TEXT    NOT NULL PRIMARY KEY,
    provider             TEXT    NOT NULL,
    response             BLOB    NOT NULL,
    latency_milliseconds INTEGER NOT NULL,
    received_at          INTEGER NOT NULL
) STRICT;
