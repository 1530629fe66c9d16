-- Idempotency keys: what a repeated request gets back.
CREATE TABLE idempotency_keys (
    owner        TEXT   COLLATE "C" NOT NULL,
    key          TEXT   COLLATE "C" NOT NULL,
    request_hash TEXT   COLLATE "C" NOT NULL,
    reference    TEXT   NOT NULL,
    claimed_at   BIGINT NOT NULL,
    PRIMARY KEY (owner, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (claimed_at);
