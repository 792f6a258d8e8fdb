-- What was sold, by the day on which the order was placed (UTC). Written with the orders, in their transactions;
-- spread over shards, or every order of a day would wait for the same row.
CREATE TABLE daily_sales (
    day         DATE             NOT NULL,
    currency    CHAR(3)          NOT NULL COLLATE ascii_bin,
    shard       TINYINT UNSIGNED NOT NULL,
    orders      BIGINT UNSIGNED  NOT NULL,
    paid_orders BIGINT UNSIGNED  NOT NULL,
    paid        BIGINT           NOT NULL,
    refunded    BIGINT           NOT NULL,
    PRIMARY KEY (day, currency, shard)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Which products were paid for; the name is the one of the last order.
CREATE TABLE daily_product_sales (
    day          DATE            NOT NULL,
    currency     CHAR(3)         NOT NULL COLLATE ascii_bin,
    product_id   CHAR(24)        NOT NULL COLLATE ascii_bin,
    product_name VARCHAR(300)    NOT NULL,
    units        BIGINT UNSIGNED NOT NULL,
    revenue      BIGINT          NOT NULL,
    PRIMARY KEY (day, currency, product_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
