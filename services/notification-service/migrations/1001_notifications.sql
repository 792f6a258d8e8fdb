-- Whom notifications are for, as user-service's events tell.
CREATE TABLE contacts (
    user_id   BIGINT UNSIGNED NOT NULL PRIMARY KEY,
    email     VARCHAR(254)    NOT NULL,
    name      VARCHAR(200)    NOT NULL,
    is_admin  BOOLEAN         NOT NULL,
    is_active BOOLEAN         NOT NULL,
    -- When this was true: what is older never overwrites it.
    as_of     DATETIME(6)     NOT NULL,
    KEY contacts_admins (is_admin, is_active)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- What a user has been told.
CREATE TABLE notifications (
    id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id    BIGINT UNSIGNED NOT NULL,
    type       VARCHAR(30)     NOT NULL,
    title      VARCHAR(200)    NOT NULL,
    message    TEXT            NOT NULL,
    -- Whether it stands in the user's list; e-mail only, if not.
    listed     BOOLEAN         NOT NULL,
    read_at    DATETIME(6)     NULL,
    created_at DATETIME(6)     NOT NULL,
    KEY notifications_of_user (user_id, listed, id),
    KEY notifications_unread (user_id, listed, read_at, id),
    KEY notifications_age (created_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- The way of each notification over each channel.
CREATE TABLE deliveries (
    id              BIGINT UNSIGNED   NOT NULL AUTO_INCREMENT PRIMARY KEY,
    -- The same at each attempt, so that the receiver can tell a repetition.
    message_id      BINARY(16)        NOT NULL,
    notification_id BIGINT UNSIGNED   NOT NULL,
    user_id         BIGINT UNSIGNED   NOT NULL,
    channel         VARCHAR(10)       NOT NULL,
    webhook_id      BIGINT UNSIGNED   NULL,
    -- What the e-mail says beside the notification; emptied as soon as it isn't needed, for it may hold a token.
    details         TEXT              NULL,
    status          VARCHAR(10)       NOT NULL,
    attempts        SMALLINT UNSIGNED NOT NULL DEFAULT 0,
    -- NULL at the end. A worker that takes the delivery sets it to when another may take it over.
    next_attempt_at DATETIME(6)       NULL,
    -- The attempt under way.
    lease           BINARY(16)        NULL,
    last_error      VARCHAR(500)      NULL,
    created_at      DATETIME(6)       NOT NULL,
    updated_at      DATETIME(6)       NOT NULL,
    KEY deliveries_due (channel, next_attempt_at),
    KEY deliveries_of_notification (notification_id),
    KEY deliveries_of_user (user_id, next_attempt_at),
    KEY deliveries_by_status (status, id),
    KEY deliveries_age (created_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- What a user has chosen; where no row is, the default holds.
CREATE TABLE preferences (
    user_id BIGINT UNSIGNED NOT NULL,
    type    VARCHAR(30)     NOT NULL,
    channel VARCHAR(10)     NOT NULL,
    enabled BOOLEAN         NOT NULL,
    PRIMARY KEY (user_id, type, channel)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Addresses that notifications are posted to. Owner 0 is the shop, which hears of everybody's.
CREATE TABLE webhooks (
    id         BIGINT UNSIGNED  NOT NULL AUTO_INCREMENT PRIMARY KEY,
    owner      BIGINT UNSIGNED  NOT NULL,
    -- 0 to the limit: the key makes the limit hold however many are added at once.
    slot       TINYINT UNSIGNED NOT NULL,
    url        VARCHAR(500)     NOT NULL,
    secret     VARCHAR(64)      NOT NULL,
    created_at DATETIME(6)      NOT NULL,
    UNIQUE KEY webhooks_slot (owner, slot)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
