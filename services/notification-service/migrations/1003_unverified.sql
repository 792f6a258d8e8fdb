-- Whether somebody has proved to read the address. What was known before said nothing of it.
ALTER TABLE contacts ADD COLUMN email_verified BOOLEAN NOT NULL DEFAULT TRUE;

-- How many e-mails an address got that nobody has proved to read.
CREATE TABLE unverified_emails (
    -- SHA-256 of the address: a row needn't tell whose it is.
    address BINARY(32)   NOT NULL PRIMARY KEY,
    -- They are counted for a day, and then anew.
    since   DATETIME(6)  NOT NULL,
    sent    INT UNSIGNED NOT NULL,
    KEY unverified_emails_age (since)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;
