-- The customer fetches it: no carrier has it on the way.
ALTER TABLE methods ADD COLUMN collected BOOLEAN NOT NULL DEFAULT FALSE;
UPDATE methods SET collected = TRUE, version = version + 1 WHERE code = 'pickup';

ALTER TABLE shipments
    -- As its method was.
    ADD COLUMN collected BOOLEAN NOT NULL DEFAULT FALSE,
    -- What is taken for it when it is handed over, in minor units; NULL: nothing.
    ADD COLUMN cash_due BIGINT NULL,
    ADD COLUMN currency CHAR(3) NULL COLLATE ascii_bin,
    -- The version of the order whose address the destination is; 0: that of an older row.
    ADD COLUMN order_version BIGINT UNSIGNED NOT NULL DEFAULT 0,
    -- The order is cancelled or refunded: nothing of it is sent any more. A row that begins so is of an order that never
    -- had a shipment.
    ADD COLUMN order_over BOOLEAN NOT NULL DEFAULT FALSE,
    -- The reservation whose goods were away when the order ended; NULL again when they are back.
    ADD COLUMN beyond_recall BINARY(16) NULL;
