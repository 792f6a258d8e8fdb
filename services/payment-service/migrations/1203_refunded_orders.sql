ALTER TABLE order_accounts
    -- An administrator wants all of the order's money with the customer, whenever it is ours again.
    ADD COLUMN refunded_at  DATETIME(6) NULL,
    -- What administrators were told to give back by hand, in minor units of the order's currency.
    ADD COLUMN told_by_hand BIGINT      NOT NULL DEFAULT 0;
