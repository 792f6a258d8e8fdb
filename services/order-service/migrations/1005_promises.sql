-- What was taken for an order, and whether whoever brings the parcel takes it.
ALTER TABLE orders
    ADD COLUMN paid             BIGINT  NOT NULL DEFAULT 0 AFTER total,
    ADD COLUMN cash_on_delivery BOOLEAN NOT NULL DEFAULT FALSE AFTER payment_id;

UPDATE orders SET paid = total WHERE paid_at IS NOT NULL;
-- What somebody of the shop has confirmed doesn't expire any more.
UPDATE orders SET expires_at = NULL WHERE status = 'confirmed';
