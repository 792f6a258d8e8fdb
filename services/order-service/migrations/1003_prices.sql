-- Of what an order's price is made.
ALTER TABLE orders
    -- Where it goes, when the address says so: ISO 3166.
    ADD COLUMN shipping_country         CHAR(2)           NULL COLLATE ascii_bin AFTER shipping_address,
    ADD COLUMN shipping_state           VARCHAR(3)        NULL COLLATE ascii_bin AFTER shipping_country,
    -- What sending costs by the chosen method, even if a promotion pays for it.
    ADD COLUMN shipping_rate            BIGINT            NOT NULL DEFAULT 0,
    ADD COLUMN prices_include_tax       BOOLEAN           NOT NULL DEFAULT FALSE,
    -- How many rows there are in order_tax_lines: none are looked for when there are none.
    ADD COLUMN tax_lines                SMALLINT UNSIGNED NOT NULL DEFAULT 0,
    -- JSON, as promotion-service named them; nobody searches for it.
    ADD COLUMN promotions               TEXT              NULL,
    ADD COLUMN promotion_reservation_id BINARY(16)        NULL,
    ADD COLUMN promotions_unavailable   BOOLEAN           NOT NULL DEFAULT FALSE,
    -- The payment that paid it.
    ADD COLUMN payment_id               BIGINT UNSIGNED   NULL,
    ADD COLUMN delivered_at             DATETIME(6)       NULL;

UPDATE orders SET shipping_rate = shipping;
UPDATE orders SET delivered_at = updated_at WHERE status = 'delivered';

ALTER TABLE order_items
    ADD COLUMN category VARCHAR(200) NOT NULL DEFAULT '',
    -- Of the line.
    ADD COLUMN discount BIGINT       NOT NULL DEFAULT 0,
    ADD COLUMN tax      BIGINT       NOT NULL DEFAULT 0;

-- What each rule of each jurisdiction takes of an order; numbered from 1.
CREATE TABLE order_tax_lines (
    order_id     BIGINT UNSIGNED   NOT NULL,
    line         SMALLINT UNSIGNED NOT NULL,
    name         VARCHAR(200)      NOT NULL,
    jurisdiction VARCHAR(50)       NOT NULL,
    -- Millionths of a per cent.
    percent      INT UNSIGNED      NOT NULL,
    taxable      BIGINT            NOT NULL,
    tax          BIGINT            NOT NULL,
    PRIMARY KEY (order_id, line)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- That an order was placed stands in the order itself.
DELETE FROM order_history WHERE from_status IS NULL;
