-- What the catalogue has; a rating of anything else is refused.
CREATE TABLE products (
    product_id CHAR(24)        NOT NULL COLLATE ascii_bin PRIMARY KEY,
    name       VARCHAR(300)    NOT NULL,
    -- product-service's; 0 for what was asked for and not heard.
    version    BIGINT UNSIGNED NOT NULL
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE ratings (
    id                BIGINT UNSIGNED  NOT NULL AUTO_INCREMENT PRIMARY KEY,
    product_id        CHAR(24)         NOT NULL COLLATE ascii_bin,
    user_id           BIGINT UNSIGNED  NOT NULL,
    stars             TINYINT UNSIGNED NOT NULL,
    title             VARCHAR(150)     NULL,
    comment           TEXT             NULL,
    status            VARCHAR(20)      NOT NULL COLLATE ascii_bin,
    moderation_reason VARCHAR(500)     NULL,
    -- Whether the user has bought the product; follows `purchases`.
    verified          BOOLEAN          NOT NULL DEFAULT FALSE,
    -- How many rows of `helpful_votes` there are.
    helpful           INT UNSIGNED     NOT NULL DEFAULT 0,
    -- How many users have reported it since a moderator last looked.
    reports           INT UNSIGNED     NOT NULL DEFAULT 0,
    version           BIGINT UNSIGNED  NOT NULL DEFAULT 1,
    created_at        DATETIME(6)      NOT NULL,
    updated_at        DATETIME(6)      NOT NULL,
    UNIQUE KEY ratings_one_each (user_id, product_id),
    KEY ratings_of_user (user_id, id),
    KEY ratings_by_age (product_id, status, id),
    KEY ratings_by_stars (product_id, status, stars, id),
    KEY ratings_by_help (product_id, status, helpful, id),
    KEY ratings_by_status (status, id),
    KEY ratings_reported (reports, id),
    CONSTRAINT ratings_stars CHECK (stars BETWEEN 1 AND 5)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE helpful_votes (
    rating_id BIGINT UNSIGNED NOT NULL,
    user_id   BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (rating_id, user_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE reports (
    rating_id  BIGINT UNSIGNED NOT NULL,
    user_id    BIGINT UNSIGNED NOT NULL,
    reason     VARCHAR(500)    NULL,
    created_at DATETIME(6)     NOT NULL,
    PRIMARY KEY (rating_id, user_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- How many published ratings of each number of stars a product has. Signed, so that a miscount is refused and
-- doesn't wrap round.
CREATE TABLE summaries (
    product_id CHAR(24)        NOT NULL COLLATE ascii_bin PRIMARY KEY,
    stars_1    INT             NOT NULL DEFAULT 0,
    stars_2    INT             NOT NULL DEFAULT 0,
    stars_3    INT             NOT NULL DEFAULT 0,
    stars_4    INT             NOT NULL DEFAULT 0,
    stars_5    INT             NOT NULL DEFAULT 0,
    version    BIGINT UNSIGNED NOT NULL DEFAULT 0,
    -- Changed since the last rating_changed; the announcer clears it.
    changed    BOOLEAN         NOT NULL DEFAULT FALSE,
    KEY summaries_changed (changed, product_id),
    CONSTRAINT summaries_not_negative
        CHECK (stars_1 >= 0 AND stars_2 >= 0 AND stars_3 >= 0 AND stars_4 >= 0 AND stars_5 >= 0)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Who has bought what, by order.
CREATE TABLE purchases (
    user_id       BIGINT UNSIGNED NOT NULL,
    product_id    CHAR(24)        NOT NULL COLLATE ascii_bin,
    order_id      BIGINT UNSIGNED NOT NULL,
    -- Paid, and neither cancelled nor refunded since.
    bought        BOOLEAN         NOT NULL,
    -- The order's, so that an old message changes nothing.
    order_version BIGINT UNSIGNED NOT NULL,
    PRIMARY KEY (user_id, product_id, order_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
