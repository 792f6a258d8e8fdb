ALTER TABLE orders
    -- What was taken for it; NULL until then, and where the version before has taken it, which took all or nothing.
    ADD COLUMN paid             BIGINT          NULL AFTER total,
    -- Whether whoever brings the parcel takes the money.
    ADD COLUMN cash_on_delivery BOOLEAN         NOT NULL DEFAULT FALSE AFTER payment_id,
    -- Whether somebody of the shop has confirmed it.
    ADD COLUMN vouched          BOOLEAN         NOT NULL DEFAULT FALSE,
    -- The payment whose promise was given up last.
    ADD COLUMN given_up         BIGINT UNSIGNED NULL;

UPDATE orders SET expires_at = NULL, vouched = TRUE WHERE status = 'confirmed';
