-- Whose rating of what was removed before the moderators were done with it: the next one waits for them. A published one
-- takes the row away.
CREATE TABLE withdrawn (
    user_id    BIGINT UNSIGNED NOT NULL,
    product_id CHAR(24)        NOT NULL COLLATE ascii_bin,
    PRIMARY KEY (user_id, product_id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- The demonstration's ratings are added once and never again.
CREATE TABLE demo (
    id     TINYINT UNSIGNED NOT NULL PRIMARY KEY,
    loaded BOOLEAN          NOT NULL DEFAULT FALSE
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- The fictitious buyers have numbers far from those of real users.
INSERT INTO demo (id, loaded)
SELECT 1, EXISTS (SELECT 1 FROM ratings WHERE user_id BETWEEN 9000001 AND 9999999);
