-- How many lists a user has.
CREATE TABLE owners (
    user_id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
    lists   INT UNSIGNED    NOT NULL DEFAULT 0
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE lists (
    id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id     BIGINT UNSIGNED NOT NULL,
    name        VARCHAR(60)     NOT NULL COLLATE utf8mb4_bin,
    -- How many rows of `items` there are.
    items       INT UNSIGNED    NOT NULL DEFAULT 0,
    -- Whoever knows it may read the list; NULL: nobody but its owner.
    share_token CHAR(32)        NULL COLLATE ascii_bin,
    created_at  DATETIME(6)     NOT NULL,
    UNIQUE KEY lists_name (user_id, name),
    UNIQUE KEY lists_share_token (share_token)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- What the catalogue and the stock keeper last said. NULL: they haven't said it yet.
CREATE TABLE products (
    product_id    CHAR(24)        NOT NULL COLLATE ascii_bin PRIMARY KEY,
    name          VARCHAR(300)    NULL,
    -- In minor units.
    price         BIGINT          NULL,
    currency      CHAR(3)         NULL COLLATE ascii_bin,
    active        BOOLEAN         NOT NULL DEFAULT FALSE,
    version       BIGINT UNSIGNED NOT NULL DEFAULT 0,
    available     BIGINT UNSIGNED NULL,
    stock_version BIGINT UNSIGNED NOT NULL DEFAULT 0,
    -- How often it has come back after it was sold out.
    returns       BIGINT UNSIGNED NOT NULL DEFAULT 0
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- A user wishes a product once, in one list.
CREATE TABLE items (
    id              BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id         BIGINT UNSIGNED NOT NULL,
    list_id         BIGINT UNSIGNED NOT NULL,
    product_id      CHAR(24)        NOT NULL COLLATE ascii_bin,
    note            VARCHAR(500)    NULL,
    -- What it cost when it was wished.
    wished_price    BIGINT          NOT NULL,
    wished_currency CHAR(3)         NOT NULL COLLATE ascii_bin,
    -- The lowest price that the user knows of.
    told_price      BIGINT          NOT NULL,
    told_currency   CHAR(3)         NOT NULL COLLATE ascii_bin,
    -- The last return that the user knows of.
    told_return     BIGINT UNSIGNED NOT NULL,
    created_at      DATETIME(6)     NOT NULL,
    UNIQUE KEY items_product (user_id, product_id),
    KEY items_of_user (user_id, id),
    KEY items_of_list (list_id, id),
    KEY items_of_product (product_id, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Products whose wishers are to be gone through, because the price fell or the product is back.
CREATE TABLE rounds (
    product_id CHAR(24)        NOT NULL COLLATE ascii_bin PRIMARY KEY,
    -- The items up to this one are done.
    after_item BIGINT UNSIGNED NOT NULL DEFAULT 0
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
