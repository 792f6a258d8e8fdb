-- A person with an account. The keys are what must be unique: the normal form of the e-mail and the username.
-- Of a deleted account nothing is left but its id, which orders keep.
CREATE TABLE users (
    id                BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    email             VARCHAR(254)    NULL,
    email_key         VARCHAR(254)    NULL COLLATE utf8mb4_bin,
    username          VARCHAR(50)     NULL,
    username_key      VARCHAR(100)    NULL COLLATE utf8mb4_bin,
    password_hash     CHAR(60)        NULL COLLATE ascii_bin,
    full_name         VARCHAR(100)    NULL,
    phone             VARCHAR(32)     NULL,
    address           VARCHAR(500)    NULL,
    role              VARCHAR(10)     NOT NULL,
    is_active         BOOLEAN         NOT NULL,
    email_verified    BOOLEAN         NOT NULL,
    -- Access tokens issued up to here don't count.
    tokens_void_until DATETIME(6)     NULL,
    created_at        DATETIME(6)     NOT NULL,
    updated_at        DATETIME(6)     NOT NULL,
    deleted_at        DATETIME(6)     NULL,
    UNIQUE KEY users_email (email_key),
    UNIQUE KEY users_username (username_key),
    KEY users_role (role, is_active),
    KEY users_tokens_void (tokens_void_until)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- A login, and the family of refresh tokens that came from it.
CREATE TABLE sessions (
    id         BINARY(16)      NOT NULL PRIMARY KEY,
    user_id    BIGINT UNSIGNED NOT NULL,
    created_at DATETIME(6)     NOT NULL,
    -- When the last token of the family ends.
    expires_at DATETIME(6)     NOT NULL,
    revoked_at DATETIME(6)     NULL,
    KEY sessions_of_user (user_id),
    KEY sessions_expired (expires_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- A used token is kept until it would have ended, to know it again: then it was stolen.
CREATE TABLE refresh_tokens (
    digest     BINARY(32)  NOT NULL PRIMARY KEY,
    session_id BINARY(16)  NOT NULL,
    expires_at DATETIME(6) NOT NULL,
    used_at    DATETIME(6) NULL,
    KEY refresh_tokens_expired (expires_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- Proves that somebody reads an e-mail address, once.
CREATE TABLE one_time_tokens (
    digest     BINARY(32)      NOT NULL PRIMARY KEY,
    user_id    BIGINT UNSIGNED NOT NULL,
    purpose    VARCHAR(20)     NOT NULL,
    created_at DATETIME(6)     NOT NULL,
    expires_at DATETIME(6)     NOT NULL,
    used_at    DATETIME(6)     NULL,
    KEY one_time_tokens_of_user (user_id, purpose, created_at),
    KEY one_time_tokens_expired (expires_at)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

CREATE TABLE addresses (
    id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    user_id     BIGINT UNSIGNED NOT NULL,
    label       VARCHAR(50)     NULL,
    recipient   VARCHAR(100)    NOT NULL,
    line1       VARCHAR(200)    NOT NULL,
    line2       VARCHAR(200)    NULL,
    city        VARCHAR(100)    NOT NULL,
    state       VARCHAR(100)    NULL,
    postal_code VARCHAR(20)     NULL,
    country     CHAR(2)         NOT NULL,
    phone       VARCHAR(32)     NULL,
    is_default  BOOLEAN         NOT NULL,
    created_at  DATETIME(6)     NOT NULL,
    KEY addresses_of_user (user_id, id)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
