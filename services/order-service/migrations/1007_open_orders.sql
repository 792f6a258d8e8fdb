-- A user's open orders are counted whenever they place one.
ALTER TABLE orders
    ADD KEY orders_of_user_in_status (user_id, status);
