-- What is taken off a price, and for whom. Amounts are in minor units of `currency`.
CREATE TABLE promotions (
    id                 BIGINT UNSIGNED   NOT NULL AUTO_INCREMENT PRIMARY KEY,
    -- Upper-case; NULL: it applies by itself.
    code               VARCHAR(50)       NULL COLLATE ascii_bin,
    -- The code while the promotion isn't archived: then it is free for another.
    live_code          VARCHAR(50)       NULL COLLATE ascii_bin,
    name               VARCHAR(100)      NULL,
    description        VARCHAR(1000)     NOT NULL,
    kind               VARCHAR(20)       NOT NULL COLLATE ascii_bin,
    -- Hundredths of a per cent.
    percent            SMALLINT UNSIGNED NULL,
    amount             BIGINT            NULL,
    buy_quantity       INT UNSIGNED      NULL,
    get_quantity       INT UNSIGNED      NULL,
    -- NULL: it speaks of no money, and is for baskets in any currency.
    currency           CHAR(3)           NULL COLLATE ascii_bin,
    min_subtotal       BIGINT            NULL,
    max_discount       BIGINT            NULL,
    -- JSON arrays of texts; nothing is ever looked for in them.
    product_ids        MEDIUMTEXT        NOT NULL,
    categories         MEDIUMTEXT        NOT NULL,
    first_order_only   BOOLEAN           NOT NULL,
    usage_limit        INT UNSIGNED      NULL,
    per_customer_limit INT UNSIGNED      NULL,
    stackable          BOOLEAN           NOT NULL,
    priority           INT               NOT NULL,
    is_active          BOOLEAN           NOT NULL,
    is_public          BOOLEAN           NOT NULL,
    starts_at          DATETIME(6)       NOT NULL,
    -- Belongs to the period.
    ends_at            DATETIME(6)       NOT NULL,
    -- Uses by paid orders, and by orders that aren't paid yet.
    used               INT UNSIGNED      NOT NULL DEFAULT 0,
    reserved           INT UNSIGNED      NOT NULL DEFAULT 0,
    archived           BOOLEAN           NOT NULL DEFAULT FALSE,
    -- Of the terms: uses don't count.
    version            BIGINT UNSIGNED   NOT NULL DEFAULT 1,
    created_at         DATETIME(6)       NOT NULL,
    updated_at         DATETIME(6)       NOT NULL,
    UNIQUE KEY promotions_live_code (live_code),
    KEY promotions_offered (archived, is_active, ends_at),
    KEY promotions_code (code)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- The demonstration's promotions that were loaded: one that was changed or deleted since doesn't come back.
CREATE TABLE demo_promotions (
    name VARCHAR(50) NOT NULL COLLATE ascii_bin PRIMARY KEY
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
