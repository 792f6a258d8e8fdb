-- A payment of another amount than its order cost by then: it goes back, and another may take its place.
ALTER TABLE payments
    ADD COLUMN refused BOOLEAN NOT NULL DEFAULT FALSE;

-- The return that a refund is for, as order-service numbers it.
ALTER TABLE operations
    ADD COLUMN return_id BIGINT UNSIGNED NULL,
    ADD KEY operations_of_return (return_id);
