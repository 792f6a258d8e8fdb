-- An order, as it was priced when it was placed. Money is in the currency's minor units.
CREATE TABLE orders (
    id               BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id          BIGINT UNSIGNED NOT NULL,
    status           VARCHAR(20)     NOT NULL COLLATE ascii_bin,
    currency         CHAR(3)         NOT NULL COLLATE ascii_bin,
    subtotal         BIGINT          NOT NULL,
    discount         BIGINT          NOT NULL,
    tax              BIGINT          NOT NULL,
    shipping         BIGINT          NOT NULL,
    total            BIGINT          NOT NULL,
    -- What was given back of it.
    refunded         BIGINT          NOT NULL DEFAULT 0,
    shipping_address VARCHAR(500)    NOT NULL,
    shipping_method  VARCHAR(50)     NOT NULL COLLATE ascii_bin,
    promotion_code   VARCHAR(50)     NULL,
    customer_notes   VARCHAR(1000)   NULL,
    reservation_id   BINARY(16)      NOT NULL,
    version          BIGINT UNSIGNED NOT NULL,
    -- NULL once it is paid or at its end: then it can't expire.
    expires_at       DATETIME(6)     NULL,
    paid_at          DATETIME(6)     NULL,
    created_at       DATETIME(6)     NOT NULL,
    updated_at       DATETIME(6)     NOT NULL,
    KEY orders_of_user (user_id, id),
    KEY orders_in_status (status, id),
    KEY orders_created (created_at),
    KEY orders_due (expires_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- The lines of an order are numbered from 1.
CREATE TABLE order_items (
    order_id     BIGINT UNSIGNED   NOT NULL,
    line         SMALLINT UNSIGNED NOT NULL,
    product_id   CHAR(24)          NOT NULL COLLATE ascii_bin,
    product_name VARCHAR(300)      NOT NULL,
    quantity     INT UNSIGNED      NOT NULL,
    price        BIGINT            NOT NULL,
    weight_grams INT UNSIGNED      NOT NULL,
    PRIMARY KEY (order_id, line)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Everything that happened to an order; from_status = to_status is a remark.
CREATE TABLE order_history (
    id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    order_id    BIGINT UNSIGNED NOT NULL,
    from_status VARCHAR(20)     NULL COLLATE ascii_bin,
    to_status   VARCHAR(20)     NOT NULL COLLATE ascii_bin,
    actor       VARCHAR(20)     NOT NULL COLLATE ascii_bin,
    actor_id    BIGINT UNSIGNED NULL,
    reason      VARCHAR(500)    NULL,
    created_at  DATETIME(6)     NOT NULL,
    KEY order_history_of_order (order_id, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
