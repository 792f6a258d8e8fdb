-- What is known of an order's money; its row is the lock of all its payments.
CREATE TABLE order_accounts (
    order_id          BIGINT UNSIGNED NOT NULL PRIMARY KEY,
    user_id           BIGINT UNSIGNED NOT NULL,
    -- The payment that pays the order, or is about to.
    active_payment_id BIGINT UNSIGNED NULL,
    cancelled_at      DATETIME(6)     NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Amounts are in minor units of the currency.
CREATE TABLE payments (
    id              BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    order_id        BIGINT UNSIGNED NOT NULL,
    user_id         BIGINT UNSIGNED NOT NULL,
    -- What the provider knows the payment by.
    charge_key      BINARY(16)      NOT NULL,
    method          VARCHAR(20)     NOT NULL,
    status          VARCHAR(20)     NOT NULL,
    currency        CHAR(3)         NOT NULL,
    amount          BIGINT          NOT NULL,
    captured        BIGINT          NOT NULL DEFAULT 0,
    refunded        BIGINT          NOT NULL DEFAULT 0,
    refund_pending  BIGINT          NOT NULL DEFAULT 0,
    -- A capture or void that the provider has not answered yet.
    pending         VARCHAR(10)     NULL,
    transaction_id  VARCHAR(100)    NULL,
    decline_code    VARCHAR(50)     NULL,
    decline_message VARCHAR(200)    NULL,
    action_url      VARCHAR(500)    NULL,
    card_brand      VARCHAR(20)     NULL,
    card_last4      CHAR(4)         NULL,
    created_at      DATETIME(6)     NOT NULL,
    updated_at      DATETIME(6)     NOT NULL,
    UNIQUE KEY payments_charge_key (charge_key),
    KEY payments_of_order (order_id, id),
    KEY payments_of_user (user_id, id),
    CONSTRAINT payments_not_overdrawn CHECK (
        captured <= amount AND refunded >= 0 AND refund_pending >= 0 AND refunded + refund_pending <= captured
    )
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- What the provider is to do, kept from before it is asked until its answer is known.
CREATE TABLE operations (
    id            BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    payment_id    BIGINT UNSIGNED NOT NULL,
    order_id      BIGINT UNSIGNED NOT NULL,
    kind          VARCHAR(10)     NOT NULL,
    state         VARCHAR(10)     NOT NULL,
    amount        BIGINT          NOT NULL,
    currency      CHAR(3)         NOT NULL,
    reason        VARCHAR(200)    NULL,
    -- The idempotency key that the provider is shown.
    provider_key  BINARY(16)      NOT NULL,
    charge_key    BINARY(16)      NOT NULL,
    -- The client's request that began it, so that its repetition after a crash goes on with it.
    request       VARCHAR(400)    NULL COLLATE utf8mb4_bin,
    attempts      INT UNSIGNED    NOT NULL DEFAULT 0,
    -- When the recovery job takes a pending one over.
    due_at        DATETIME(6)     NOT NULL,
    created_at    DATETIME(6)     NOT NULL,
    UNIQUE KEY operations_provider_key (provider_key),
    UNIQUE KEY operations_request (request),
    KEY operations_of_payment (payment_id, id),
    KEY operations_due (state, due_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Providers' notices whose effect is committed here.
CREATE TABLE webhook_events (
    provider    VARCHAR(20)  NOT NULL,
    event_id    VARCHAR(100) NOT NULL COLLATE utf8mb4_bin,
    received_at DATETIME(6)  NOT NULL,
    PRIMARY KEY (provider, event_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
