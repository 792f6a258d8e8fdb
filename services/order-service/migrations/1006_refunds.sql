ALTER TABLE order_returns
    -- What may be given back for it at most, from the decision on; NULL until then, and where the version before has
    -- decided.
    ADD COLUMN most    BIGINT NULL AFTER shipping,
    -- What of `refunded` was given back by other means than a payment.
    ADD COLUMN by_hand BIGINT NOT NULL DEFAULT 0 AFTER refunded;
