-- A product that is kept in stock.
CREATE TABLE products (
    product_id          CHAR(24)     NOT NULL COLLATE ascii_bin PRIMARY KEY,
    sku                 VARCHAR(64)  NULL,
    low_stock_threshold INT UNSIGNED NOT NULL,
    -- Whether inventory_low has been said since stock last was above the threshold.
    is_low              BOOLEAN      NOT NULL DEFAULT FALSE,
    created_at          DATETIME(6)  NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- How much of it lies where. What is reserved is still on hand.
CREATE TABLE stock (
    product_id CHAR(24)        NOT NULL COLLATE ascii_bin,
    warehouse  VARCHAR(50)     NOT NULL COLLATE utf8mb4_bin,
    on_hand    INT UNSIGNED    NOT NULL,
    reserved   INT UNSIGNED    NOT NULL DEFAULT 0,
    version    BIGINT UNSIGNED NOT NULL DEFAULT 1,
    -- Changed since the last inventory_updated; the announcer clears it.
    changed    BOOLEAN         NOT NULL DEFAULT TRUE,
    updated_at DATETIME(6)     NOT NULL,
    PRIMARY KEY (product_id, warehouse),
    KEY stock_changed (changed, product_id),
    CONSTRAINT stock_not_oversold CHECK (reserved <= on_hand)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Every change of what is on hand: the sum of a product's deltas is its stock.
CREATE TABLE movements (
    id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    product_id CHAR(24)        NOT NULL COLLATE ascii_bin,
    warehouse  VARCHAR(50)     NOT NULL COLLATE utf8mb4_bin,
    kind       VARCHAR(20)     NOT NULL,
    delta      INT             NOT NULL,
    reason     VARCHAR(200)    NOT NULL,
    created_at DATETIME(6)     NOT NULL,
    KEY movements_of_product (product_id, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Stock that is kept for an order.
CREATE TABLE reservations (
    id         BINARY(16)      NOT NULL PRIMARY KEY,
    state      VARCHAR(20)     NOT NULL,
    -- The order that holds it; NULL until order_created has come, and only then it can expire.
    order_id   BIGINT UNSIGNED NULL,
    expires_at DATETIME(6)     NOT NULL,
    created_at DATETIME(6)     NOT NULL,
    KEY reservations_due (state, expires_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE reservation_lines (
    reservation_id BINARY(16)   NOT NULL,
    product_id     CHAR(24)     NOT NULL COLLATE ascii_bin,
    warehouse      VARCHAR(50)  NOT NULL COLLATE utf8mb4_bin,
    quantity       INT UNSIGNED NOT NULL,
    PRIMARY KEY (reservation_id, product_id, warehouse)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
