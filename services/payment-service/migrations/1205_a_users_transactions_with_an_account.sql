-- Who asks for an account's transactions sees their own, which may be few among many.
ALTER TABLE transactions
    ADD KEY transactions_of_user_and_sender (user_id, sender, transaction_id),
    ADD KEY transactions_of_user_and_receiver (user_id, receiver, transaction_id);
