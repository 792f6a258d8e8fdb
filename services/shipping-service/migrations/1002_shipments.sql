-- An order's parcel.
CREATE TABLE shipments (
    id                 BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    order_id           BIGINT UNSIGNED NOT NULL,
    user_id            BIGINT UNSIGNED NOT NULL,
    method             VARCHAR(40)     NOT NULL COLLATE ascii_bin,
    carrier            VARCHAR(100)    NOT NULL,
    tracking_number    CHAR(15)        NOT NULL COLLATE ascii_bin,
    destination        VARCHAR(500)    NOT NULL,
    status             VARCHAR(20)     NOT NULL COLLATE ascii_bin,
    estimated_delivery DATETIME(6)     NOT NULL,
    version            BIGINT UNSIGNED NOT NULL DEFAULT 1,
    created_at         DATETIME(6)     NOT NULL,
    updated_at         DATETIME(6)     NOT NULL,
    shipped_at         DATETIME(6)     NULL,
    delivered_at       DATETIME(6)     NULL,
    -- One shipment an order, however often its events come.
    UNIQUE KEY shipments_order (order_id),
    UNIQUE KEY shipments_tracking_number (tracking_number),
    KEY shipments_user (user_id, id),
    KEY shipments_status (status, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE shipment_items (
    shipment_id  BIGINT UNSIGNED   NOT NULL,
    line         SMALLINT UNSIGNED NOT NULL,
    product_id   CHAR(24)          NOT NULL COLLATE ascii_bin,
    product_name VARCHAR(255)      NULL,
    quantity     INT UNSIGNED      NOT NULL,
    PRIMARY KEY (shipment_id, line)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Where the parcel has been; only ever added to.
CREATE TABLE tracking_events (
    id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    shipment_id BIGINT UNSIGNED NOT NULL,
    status      VARCHAR(20)     NOT NULL COLLATE ascii_bin,
    location    VARCHAR(200)    NULL,
    note        VARCHAR(500)    NULL,
    occurred_at DATETIME(6)     NOT NULL,
    KEY tracking_events_of_shipment (shipment_id, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
