-- Money on its way from one account to another. The id is a UUIDv7: rows are appended, an id's order is that of
-- acceptance, and a window of time is a range of ids. So each list is a range of one of these indexes, whose last part
-- is the id.
CREATE TABLE transactions (
    transaction_id BINARY(16)      NOT NULL PRIMARY KEY,
    user_id        BIGINT UNSIGNED NOT NULL,
    -- As clients name accounts; an IBAN's middle is masked.
    sender         VARCHAR(64)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    receiver       VARCHAR(64)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    -- In minor units.
    amount         BIGINT          NOT NULL,
    currency       CHAR(3)         CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    payment_type   VARCHAR(12)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    status         VARCHAR(10)     CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    reference      VARCHAR(140)    NULL,
    -- What the scheme is told beside that, as JSON; of account and card numbers only the ends.
    details        VARCHAR(500)    NULL,
    attempt        INT UNSIGNED    NOT NULL DEFAULT 1,
    error_code     VARCHAR(40)     CHARACTER SET ascii COLLATE ascii_bin NULL,
    error_message  VARCHAR(200)    NULL,
    settles_on     DATE            NOT NULL,
    -- When something is wrong with one that hasn't ended.
    due_at         DATETIME(6)     NOT NULL,
    updated_at     DATETIME(6)     NOT NULL,
    completed_at   DATETIME(6)     NULL,
    KEY transactions_of_user (user_id, transaction_id),
    KEY transactions_of_sender (sender, transaction_id),
    KEY transactions_of_receiver (receiver, transaction_id),
    KEY transactions_of_status (status, transaction_id),
    KEY transactions_of_type (payment_type, transaction_id),
    KEY transactions_of_type_and_status (payment_type, status, transaction_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Those that ended in a minute, added up as they end: a row for each type, currency and time that they took, which is
-- rounded so that there are few. The shard keeps instances out of each other's way.
CREATE TABLE transaction_minutes (
    minute       DATETIME          NOT NULL,
    payment_type VARCHAR(12)       CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    currency     CHAR(3)           CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    millis       INT UNSIGNED      NOT NULL,
    shard        TINYINT UNSIGNED  NOT NULL,
    completed    BIGINT UNSIGNED   NOT NULL,
    failed       BIGINT UNSIGNED   NOT NULL,
    -- Of the completed ones, in minor units.
    volume       BIGINT            NOT NULL,
    PRIMARY KEY (minute, payment_type, currency, millis, shard)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
