-- Double entries. Rows are only ever added: nothing in the service changes or deletes one.
CREATE TABLE ledger_entries (
    id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
    payment_id BIGINT UNSIGNED NOT NULL,
    movement   VARCHAR(20)     NOT NULL,
    -- What it comes from: an operation, a dispute.
    reference  VARCHAR(40)     NOT NULL COLLATE ascii_bin,
    book       VARCHAR(20)     NOT NULL,
    -- In minor units of the currency.
    amount     BIGINT          NOT NULL,
    currency   CHAR(3)         NOT NULL,
    created_at DATETIME(6)     NOT NULL,
    UNIQUE KEY ledger_entries_once (payment_id, movement, reference, book)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;

-- What moved before there was a ledger.
INSERT INTO ledger_entries (payment_id, movement, reference, book, amount, currency, created_at)
SELECT id, 'authorization', 'before the ledger', book, factor * amount, currency, updated_at
FROM payments, (SELECT 'customer' AS book, 1 AS factor UNION ALL SELECT 'authorized', -1) AS ways
WHERE status = 'authorized' OR captured > 0;

INSERT INTO ledger_entries (payment_id, movement, reference, book, amount, currency, created_at)
SELECT id, 'capture', 'before the ledger', book, factor * captured, currency, updated_at
FROM payments,
     (SELECT 'customer' AS book, -1 AS factor UNION ALL SELECT 'provider', 1
      UNION ALL SELECT 'merchant', -1 UNION ALL SELECT 'authorized', 1) AS ways
WHERE captured > 0;

INSERT INTO ledger_entries (payment_id, movement, reference, book, amount, currency, created_at)
SELECT id, 'release', 'before the ledger', book, factor * (amount - captured), currency, updated_at
FROM payments, (SELECT 'customer' AS book, -1 AS factor UNION ALL SELECT 'authorized', 1) AS ways
WHERE captured > 0 AND captured < amount;

INSERT INTO ledger_entries (payment_id, movement, reference, book, amount, currency, created_at)
SELECT id, 'refund', 'before the ledger', book, factor * refunded, currency, updated_at
FROM payments, (SELECT 'provider' AS book, -1 AS factor UNION ALL SELECT 'merchant', 1) AS ways
WHERE refunded > 0;
