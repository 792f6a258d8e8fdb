CREATE TABLE disputes (
    id                    BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    payment_id            BIGINT UNSIGNED NOT NULL,
    order_id              BIGINT UNSIGNED NOT NULL,
    user_id               BIGINT UNSIGNED NOT NULL,
    provider              VARCHAR(20)     NOT NULL,
    -- What the provider knows it by.
    reference             VARCHAR(100)    NOT NULL COLLATE utf8mb4_bin,
    status                VARCHAR(20)     NOT NULL,
    reason                VARCHAR(50)     NOT NULL,
    -- In minor units of the payment's currency.
    amount                BIGINT          NOT NULL,
    currency              CHAR(3)         NOT NULL,
    evidence_due_at       DATETIME(6)     NULL,
    evidence_submitted_at DATETIME(6)     NULL,
    created_at            DATETIME(6)     NOT NULL,
    updated_at            DATETIME(6)     NOT NULL,
    UNIQUE KEY disputes_reference (provider, reference),
    KEY disputes_of_payment (payment_id, id),
    KEY disputes_status (status, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
