-- Its one row is locked by whoever changes rates or exemptions, so that changes follow one another, and counts them,
-- so that copies in memory know whether they are old.
CREATE TABLE rate_book (
    id          TINYINT UNSIGNED NOT NULL PRIMARY KEY,
    version     BIGINT UNSIGNED  NOT NULL,
    -- The demonstration's rates are added once and never again.
    demo_loaded BOOLEAN          NOT NULL DEFAULT FALSE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

INSERT INTO rate_book (id, version) VALUES (1, 1);

-- A tax that a place wants. That no two of the same tax hold at once is seen to under the lock of rate_book.
CREATE TABLE rates (
    id                  BIGINT UNSIGNED  NOT NULL AUTO_INCREMENT PRIMARY KEY,
    -- ISO 3166
    country             CHAR(2)          NOT NULL COLLATE ascii_bin,
    -- NULL: the whole country's.
    state               VARCHAR(3)       NULL COLLATE ascii_bin,
    -- NULL: everything that has no rate of its own.
    product_type        VARCHAR(100)     NULL COLLATE utf8mb4_general_ci,
    name                VARCHAR(100)     NOT NULL,
    -- Parts per million: 72500 is 7.25 %.
    rate                INT UNSIGNED     NOT NULL,
    priority            TINYINT UNSIGNED NOT NULL,
    compound            BOOLEAN          NOT NULL,
    replaces_country    BOOLEAN          NOT NULL,
    applies_to_shipping BOOLEAN          NOT NULL,
    -- The first and the last day, in UTC.
    valid_from          DATE             NOT NULL,
    valid_to            DATE             NULL,
    version             BIGINT UNSIGNED  NOT NULL DEFAULT 1,
    created_at          DATETIME(6)      NOT NULL,
    updated_at          DATETIME(6)      NOT NULL,
    KEY rates_country (country, id),
    KEY rates_product_type (product_type, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- A customer who pays no tax.
CREATE TABLE exemptions (
    id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id     BIGINT UNSIGNED NOT NULL,
    -- ISO 3166; empty: everywhere.
    country     CHAR(2)         NOT NULL COLLATE ascii_bin,
    certificate VARCHAR(100)    NOT NULL COLLATE utf8mb4_general_ci,
    valid_to    DATE            NULL,
    created_at  DATETIME(6)     NOT NULL,
    UNIQUE KEY exemptions_certificate (user_id, country, certificate),
    KEY exemptions_user (user_id, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
