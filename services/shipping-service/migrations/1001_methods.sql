-- A way to send a parcel. Without tariffs it is free.
CREATE TABLE methods (
    code       VARCHAR(40)       NOT NULL COLLATE ascii_bin PRIMARY KEY,
    name       VARCHAR(100)      NOT NULL,
    carrier    VARCHAR(100)      NOT NULL,
    -- Business days.
    days_min   TINYINT UNSIGNED  NOT NULL,
    days_max   TINYINT UNSIGNED  NOT NULL,
    -- ISO 3166 codes, separated by commas; empty: everywhere.
    countries  VARCHAR(1000)     NOT NULL DEFAULT '',
    position   SMALLINT UNSIGNED NOT NULL,
    -- A method is never deleted: orders that chose it may still come.
    active     BOOLEAN           NOT NULL DEFAULT TRUE,
    version    BIGINT UNSIGNED   NOT NULL DEFAULT 1
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- What a method costs in one currency; amounts are in minor units.
CREATE TABLE tariffs (
    method       VARCHAR(40) NOT NULL COLLATE ascii_bin,
    currency     CHAR(3)     NOT NULL COLLATE ascii_bin,
    -- For each further kilogram beyond the last band; NULL: it isn't carried.
    per_extra_kg BIGINT      NULL,
    -- The subtotal from which it is free; NULL: never.
    free_from    BIGINT      NULL,
    PRIMARY KEY (method, currency)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE weight_bands (
    method      VARCHAR(40)  NOT NULL COLLATE ascii_bin,
    currency    CHAR(3)      NOT NULL COLLATE ascii_bin,
    up_to_grams INT UNSIGNED NOT NULL,
    price       BIGINT       NOT NULL,
    PRIMARY KEY (method, currency, up_to_grams)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- The shop's defaults.
INSERT INTO methods (code, name, carrier, days_min, days_max, position) VALUES
    ('standard',  'Standard delivery',  'Shop Post',    3, 5, 10),
    ('express',   'Express delivery',   'Shop Express', 1, 2, 20),
    ('overnight', 'Overnight delivery', 'Shop Express', 1, 1, 30),
    ('pickup',    'Pick up in store',   'Shop',         0, 1, 40);
INSERT INTO tariffs (method, currency, per_extra_kg) VALUES
    ('express',   'USD', 250),
    ('overnight', 'USD', 500);
INSERT INTO weight_bands (method, currency, up_to_grams, price) VALUES
    ('express',   'USD', 1000, 1499),
    ('overnight', 'USD', 1000, 2999);
