-- Answers of models by everything that was asked. The reply is kept byte for byte.
CREATE TABLE calls (
    key                  TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    provider             TEXT   NOT NULL,
    response             BYTEA  NOT NULL,
    latency_milliseconds BIGINT NOT NULL,
    received_at          BIGINT NOT NULL
);
