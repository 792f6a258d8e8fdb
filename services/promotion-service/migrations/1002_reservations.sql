-- Uses of promotions that an order has, or is about to have.
CREATE TABLE reservations (
    id          BINARY(16)      NOT NULL PRIMARY KEY,
    state       VARCHAR(20)     NOT NULL COLLATE ascii_bin,
    -- NULL where an id was released before anything was reserved under it.
    user_id     BIGINT UNSIGNED NULL,
    -- The order that has it; NULL while it is being placed.
    order_id    BIGINT UNSIGNED NULL,
    -- Whether one of the promotions is for first orders.
    first_order BOOLEAN         NOT NULL DEFAULT FALSE,
    -- What the caller was told, as JSON: the same again is told the same.
    answer      MEDIUMTEXT      NULL,
    expires_at  DATETIME(6)     NOT NULL,
    created_at  DATETIME(6)     NOT NULL,
    KEY reservations_due (state, expires_at),
    KEY reservations_of_order (order_id),
    KEY reservations_of_user (user_id, first_order, state)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE reservation_uses (
    reservation_id BINARY(16)      NOT NULL,
    promotion_id   BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (reservation_id, promotion_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- How many uses of a promotion a customer has, reserved ones with the others.
CREATE TABLE customer_uses (
    promotion_id BIGINT UNSIGNED NOT NULL,
    user_id      BIGINT UNSIGNED NOT NULL,
    uses         INT UNSIGNED    NOT NULL,
    PRIMARY KEY (promotion_id, user_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Locked while it is decided whether an order is the customer's first.
CREATE TABLE customers (
    user_id BIGINT UNSIGNED NOT NULL PRIMARY KEY
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Orders as they were heard of.
CREATE TABLE customer_orders (
    order_id  BIGINT UNSIGNED NOT NULL PRIMARY KEY,
    user_id   BIGINT UNSIGNED NOT NULL,
    cancelled BOOLEAN         NOT NULL,
    KEY customer_orders_of_user (user_id, cancelled)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
