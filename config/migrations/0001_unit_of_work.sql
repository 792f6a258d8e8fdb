-- What every service's unit of work needs beside its own tables.

-- Events that are committed but not yet in Kafka; a row is deleted when it has been sent.
CREATE TABLE outbox (
    seq        BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    topic      VARCHAR(100)    NOT NULL,
    msg_key    VARCHAR(100)    NOT NULL,
    payload    MEDIUMTEXT      NOT NULL,
    created_at DATETIME(6)     NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Messages whose effect is committed here.
CREATE TABLE inbox (
    message_id BINARY(16)  NOT NULL PRIMARY KEY,
    claimed_at DATETIME(6) NOT NULL,
    KEY inbox_age (claimed_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Answers to requests that carried an Idempotency-Key; status NULL while the first one still runs.
CREATE TABLE idempotency_keys (
    scope        VARCHAR(100)      NOT NULL,
    idem_key     VARCHAR(255)      NOT NULL COLLATE utf8mb4_bin,
    request_hash BINARY(32)        NOT NULL,
    owner        BINARY(16)        NOT NULL,
    status       SMALLINT UNSIGNED NULL,
    body         MEDIUMTEXT        NULL,
    lease_until  DATETIME(6)       NOT NULL,
    created_at   DATETIME(6)       NOT NULL,
    PRIMARY KEY (scope, idem_key),
    KEY idempotency_keys_age (created_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
