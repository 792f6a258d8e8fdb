-- Notices that no provider repeats any more are forgotten.
ALTER TABLE webhook_events
    ADD KEY webhook_events_received (received_at);
