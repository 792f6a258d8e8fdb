-- A user's declined payments are counted by the hour.
ALTER TABLE payments
    ADD KEY payments_of_user_since (user_id, created_at);
