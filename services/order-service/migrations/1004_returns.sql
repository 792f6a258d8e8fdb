-- Goods that come back.
ALTER TABLE orders
    -- Whether the shipping was given back, or is about to be.
    ADD COLUMN shipping_refunded BOOLEAN NOT NULL DEFAULT FALSE;

ALTER TABLE order_items
    -- Units that are coming back or are back, and what was promised for them.
    ADD COLUMN returned       INT UNSIGNED NOT NULL DEFAULT 0,
    ADD COLUMN returned_value BIGINT       NOT NULL DEFAULT 0,
    ADD CONSTRAINT order_items_not_returned_twice CHECK (returned <= quantity);

-- The row of its order is a return's lock.
CREATE TABLE order_returns (
    id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    order_id   BIGINT UNSIGNED NOT NULL,
    user_id    BIGINT UNSIGNED NOT NULL,
    status     VARCHAR(20)     NOT NULL COLLATE ascii_bin,
    currency   CHAR(3)         NOT NULL COLLATE ascii_bin,
    -- The shopper's words, and the shop's.
    comment    VARCHAR(1000)   NULL,
    note       VARCHAR(500)    NULL,
    -- What is given back of the order's shipping with it.
    shipping   BIGINT          NOT NULL,
    -- What was given back so far.
    refunded   BIGINT          NOT NULL,
    version    BIGINT UNSIGNED NOT NULL,
    created_at DATETIME(6)     NOT NULL,
    updated_at DATETIME(6)     NOT NULL,
    KEY order_returns_of_order (order_id, id),
    KEY order_returns_in_status (status, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE order_return_items (
    return_id  BIGINT UNSIGNED   NOT NULL,
    line       SMALLINT UNSIGNED NOT NULL,
    product_id CHAR(24)          NOT NULL COLLATE ascii_bin,
    quantity   INT UNSIGNED      NOT NULL,
    reason     VARCHAR(500)      NOT NULL,
    -- What was paid for these units.
    refund     BIGINT            NOT NULL,
    -- Whether they are as good as new; NULL until they are here.
    restock    BOOLEAN           NULL,
    PRIMARY KEY (return_id, line)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
